/**
 * HTTP requests drawn from the route table: the paths, methods, parameters and headers that a row names, with values that fit and
 * values that do not, and bytes of such requests cut, doubled, flipped and spliced. A route that is added is fuzzed from then on.
 * Names come from small pools, or 100,000 requests would fill a node's memory with keys and look like a leak.
 */
import { METHODS, type Parameter, type RequestHeader, type Route } from "../../engine/http/route";
import type { Random } from "../../engine/vocabulary/random";

export interface DrawnRequest {
  /** A byte a character. */
  readonly bytes: string;
  readonly method: string;
  readonly path: string;
  /** Undefined: the path is of no route. */
  readonly route: Route | undefined;
  /** What is wrong with it, in words; empty: nothing that we know of. */
  readonly faults: readonly string[];
}

export function below(random: Random, limit: number): number {
  return random.nextUint32() % limit;
}

export function chance(random: Random, share: number): boolean {
  return random.nextUint32() < share * 2 ** 32;
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)];
}

/** Octets of any value, or of few. */
export function octets(random: Random, length: number): string {
  let text = "";
  const narrow = chance(random, 0.5);
  for (let i = 0; i < length; i++) text += String.fromCharCode(narrow ? 97 + below(random, 26) : below(random, 256));
  return text;
}

const BUCKETS = ["b", "fuzz", "\u00ff\u0000", "a b", "%", "..", "ü", "x".repeat(200)];
const KEYS = Array.from(
  { length: 24 },
  (_, i) => ["k", "\u0001\u00fe", "a/b", "?", "#&=", "ключ", "."][i % 7] + String(i),
);
const TYPES = ["default", "t1", "t2", "nobody-made-this"];

/** Percent-encodes what must be, and now and then what need not, in either case of digits. */
function encoded(random: Random, text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const plain = /[\w.~-]/.test(text[i]);
    const code = text.charCodeAt(i);
    // Those of a pool that are no octets are written in UTF-8, as a client would.
    if (code > 255) out += encodeURIComponent(text[i]);
    else if (plain && !chance(random, 0.05)) out += text[i];
    else {
      const digits = code.toString(16).padStart(2, "0");
      out += `%${chance(random, 0.5) ? digits : digits.toUpperCase()}`;
    }
  }
  return out;
}

function fitting(random: Random, { kind }: Parameter): string {
  switch (kind.kind) {
    case "octets":
      return octets(random, 1 + below(random, 8));
    case "quorum":
      return pick(random, ["one", "quorum", "all", "default", "1", "0"]);
    case "boolean":
      return pick(random, ["true", "false", "default"]);
    case "integer":
      return String(kind.min + below(random, Math.min(kind.max - kind.min + 1, 100_000)));
    case "word":
      return pick(random, kind.values);
    case "text":
      return octets(random, below(random, 12));
  }
}

/** Undefined: there is none that does not fit. */
function unfitting(random: Random, { kind }: Parameter): string | undefined {
  switch (kind.kind) {
    case "quorum":
      return pick(random, ["two", "-1", "1.5", "9999999999999999999999", "0x1", " 1", "quorum ", "NaN"]);
    case "boolean":
      return pick(random, ["yes", "1", "TRUE ", "tru\u0000e"]);
    case "integer":
      return pick(random, ["-1", "ten", "1e99", "99999999999999999999", "1.5", ""]);
    case "octets":
    case "word":
    case "text":
      return undefined;
  }
}

const VALUES_OF_HEADERS = [
  "",
  "\t",
  "0",
  "*",
  '"',
  '"a", "b"',
  "\u00ff\u00fe",
  "a".repeat(3_000),
  ",,,",
  "<>; ",
  "Thu, 99 Foo 1970",
];
const BASE64 = "ABCDabcd0123+/==";

function headerLine(random: Random, { name, example }: RequestHeader, odd: boolean): string {
  const full = name.endsWith("*") ? `${name.slice(0, -1)}${pick(random, ["a", "Owner", "x_bin", "n_int", "-"])}` : name;
  if (!odd) return `${full}: ${example}`;
  let base64 = "";
  for (let i = below(random, 60); i > 0; i--) base64 += pick(random, [...BASE64]);
  return `${full}: ${pick(random, [...VALUES_OF_HEADERS, base64])}`;
}

export interface Drawing {
  readonly routes: readonly Route[];
  readonly host: string;
}

/** One request. `wrong`: something about it does not fit. */
export function drawRequest(random: Random, { routes, host }: Drawing, wrong: boolean): DrawnRequest {
  const faults: string[] = [];
  const row = pick(random, routes);
  let route: Route | undefined = row;
  const template = pick(random, row.paths);
  let path = template
    .split("/")
    .map((segment) => {
      if (segment === "{type}") return encoded(random, pick(random, TYPES));
      if (segment === "{bucket}") return encoded(random, pick(random, BUCKETS));
      if (segment === "{key}") return encoded(random, pick(random, KEYS));
      return segment;
    })
    .join("/");
  let method: string = pick(random, row.methods);
  const query: string[] = [];
  for (const parameter of row.parameters) {
    if (!chance(random, 1.5 / (1 + row.parameters.length))) continue;
    query.push(`${parameter.name}=${encoded(random, fitting(random, parameter))}`);
  }
  const lines: string[] = [];
  const withBody = row.body !== undefined && (method === "PUT" || method === "POST");
  for (const header of row.headers) {
    if (header.name.toLowerCase() === "content-type" || header.name.toLowerCase() === "content-length") continue;
    if (chance(random, 1 / (2 + row.headers.length))) lines.push(headerLine(random, header, false));
  }
  let body = !withBody
    ? ""
    : row.body === "json"
      ? jsonBody(random)
      : octets(random, below(random, chance(random, 0.05) ? 20_000 : 200));
  if (withBody)
    lines.push(
      `Content-Type: ${row.body === "json" ? "application/json" : pick(random, ["text/plain", "application/json; charset=utf-8", "application/octet-stream"])}`,
    );
  let length: string | undefined = withBody || chance(random, 0.1) ? String(body.length) : undefined;
  let hostLine = `Host: ${host}`;
  let version = "HTTP/1.1";

  if (wrong) {
    const spoil: readonly (() => void)[] = [
      () => {
        const spoilt = row.parameters.filter((one) => unfitting(random, one) !== undefined);
        if (spoilt.length === 0) return;
        const one = pick(random, spoilt);
        query.unshift(`${one.name}=${encoded(random, unfitting(random, one) ?? "")}`);
        faults.push(`parameter ${one.name}`);
      },
      () => {
        query.push(
          pick(random, ["%", "%g0=1", "r=%f", "=", "&&", "vtag", "a".repeat(9_000), "__proto__=1", "constructor=1"]),
        );
        faults.push("query");
      },
      () => {
        if (row.headers.length === 0) return;
        lines.push(headerLine(random, pick(random, row.headers), true));
        faults.push("header");
      },
      () => {
        lines.push(
          pick(random, [
            `X-${octets(random, 4)}: 1`,
            `X-Big: ${"y".repeat(70_000)}`,
            "No colon",
            ": empty",
            "Transfer-Encoding: gzip",
            "Expect: miracles",
            "Expect: 100-continue",
            "Connection: close",
            "Connection: upgrade",
            "Upgrade: websocket",
            "Content-Length: 1",
            "Origin: null",
            "Origin: http://evil.example",
            "Referer: http://evil.example/",
          ]),
        );
        faults.push("other header");
      },
      () => {
        method = pick(random, [...METHODS, "OPTIONS", "TRACE", "PATCH", "CONNECT", "get", "G\u0000T", "PROPFIND"]);
        // Another row may have it, of the same path.
        route = routes.find(
          (one) => one.paths.includes(template) && (one.methods as readonly string[]).includes(method),
        );
        faults.push("method");
      },
      () => {
        path = pick(random, [
          path + "/extra",
          path.replace("/", "//"),
          "/",
          "",
          "*",
          "/%",
          path + "%zz",
          `/${octets(random, 6)}`,
          "/mapred",
          "http://x/ping",
          "/../../etc/passwd",
          "/buckets//keys/k",
          `/${"p/".repeat(500)}`,
          `/buckets/${"b".repeat(9_000)}/keys/k`,
        ]);
        route = undefined;
        faults.push("path");
      },
      () => {
        hostLine = pick(random, [
          "Host: evil.example",
          "Host:",
          "X-No-Host: 1",
          `Host: ${host}\r\nHost: ${host}`,
          "Host: [::1",
        ]);
        faults.push("host");
      },
      () => {
        version = pick(random, ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "http/1.1", "ICAP/1.0"]);
        faults.push("version");
      },
      () => {
        length = pick(random, ["-1", "1e3", "99999999999", "0x10", String(body.length + 5), undefined, " "]);
        faults.push("length");
      },
      () => {
        body =
          row.body === "json"
            ? pick(random, [
                "{",
                "[]",
                "null",
                '{"props":1}',
                '{"props":{"n_val":1e999}}',
                '{"props":{"__proto__":{"a":1}}}',
                "[".repeat(5_000),
                octets(random, 50),
              ])
            : octets(random, 300_000);
        if (length !== undefined) length = String(body.length);
        faults.push("body");
      },
    ];
    for (let i = 1 + below(random, 3); i > 0; i--) pick(random, spoil)();
  }
  const chunked = withBody && !wrong && chance(random, 0.2);
  if (chunked) lines.push("Transfer-Encoding: chunked");
  else if (length !== undefined) lines.push(`Content-Length: ${length}`);
  const target = query.length === 0 ? path : `${path}?${query.join("&")}`;
  const head = [`${method} ${target} ${version}`, hostLine, ...lines, "", ""].join("\r\n");
  return { bytes: head + (chunked ? inChunks(random, body) : body), method, path, route, faults };
}

function inChunks(random: Random, body: string): string {
  let out = "";
  for (let at = 0; at < body.length;) {
    const size = 1 + below(random, 64);
    const piece = body.slice(at, at + size);
    out += `${piece.length.toString(16)}${chance(random, 0.1) ? ";ext=1" : ""}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${out}0\r\n\r\n`;
}

function jsonBody(random: Random): string {
  const props: Record<string, unknown> = {};
  for (let i = below(random, 4); i > 0; i--) {
    const name = pick(random, [
      "n_val",
      "r",
      "w",
      "dw",
      "rw",
      "pr",
      "pw",
      "allow_mult",
      "last_write_wins",
      "notfound_ok",
      "basic_quorum",
      "node_confirms",
      "small_vclock",
      "precommit",
      "name",
      "chash_keyfun",
      "dvv_enabled",
      "search",
    ]);
    props[name] = pick<unknown>(random, [
      1,
      0,
      2,
      "quorum",
      "one",
      "all",
      true,
      false,
      "x",
      -1,
      1.5,
      null,
      [],
      {},
      "default",
      "1",
    ]);
  }
  return JSON.stringify({ props });
}

/** Bytes of `request` with something done to them. `other` is what may be spliced in. */
export function mutated(random: Random, request: string, other: string): string {
  let bytes = request;
  for (let i = 1 + below(random, 4); i > 0; i--) {
    const at = below(random, bytes.length + 1);
    const to = Math.min(bytes.length, at + 1 + below(random, 30));
    switch (below(random, 8)) {
      case 0:
        bytes = bytes.slice(0, at) + String.fromCharCode(below(random, 256)) + bytes.slice(at + 1);
        break;
      case 1:
        bytes = bytes.slice(0, at) + bytes.slice(to);
        break;
      case 2:
        bytes = bytes.slice(0, to) + bytes.slice(at, to).repeat(1 + below(random, 20)) + bytes.slice(to);
        break;
      case 3:
        bytes = bytes.slice(0, at) + octets(random, below(random, 40)) + bytes.slice(at);
        break;
      case 4:
        bytes = bytes.slice(0, at) + other.slice(below(random, other.length + 1));
        break;
      case 5:
        bytes = bytes.replace(/\r\n/g, () =>
          chance(random, 0.3) ? pick(random, ["\n", "\r", "\r\n\r\n", "\0"]) : "\r\n",
        );
        break;
      case 6:
        bytes = bytes.slice(0, at);
        break;
      default:
        bytes = bytes.replace(/\d+/, () => String(below(random, 2 ** 31)));
    }
  }
  return bytes.length > 400_000 ? bytes.slice(0, 400_000) : bytes;
}
