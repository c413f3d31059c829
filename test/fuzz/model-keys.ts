/**
 * A few keys whose every write goes through here, in a bucket type of their own that nobody else touches: what a read of them must
 * return is known, whatever strangers do to the node meanwhile. Some are written once and only read: pipelines of strangers ask
 * for them, to see that each answer stands where its question stood.
 */
import { strict as assert } from "node:assert";
import type { Random } from "../../engine/vocabulary/random";
import type { Answer } from "./answers";
import { below, chance, type DrawnRequest } from "./requests";

type Ask = (bytes: string, method: string) => Promise<Answer>;

const KEYS = 8;
const PINNED = 16;
const MOST_SIBLINGS = 4;
const TYPE = "model-of-the-fuzzer";
const CLOCK = "x-riak-vclock";

export class ModelKeys {
  private readonly values = Array.from({ length: KEYS }, () => new Set<string>());
  private written = 0;

  constructor(
    private readonly random: Random,
    private readonly ask: Ask,
    private readonly host: string,
  ) {}

  async begin(): Promise<void> {
    const props = await this.send(
      "PUT",
      `/types/${TYPE}/props`,
      ["Content-Type: application/json"],
      '{"props":{"allow_mult":true}}',
    );
    assert.equal(props.status, 204, props.body);
    for (let i = 0; i < PINNED; i++) {
      const { status, body } = await this.send("PUT", pinnedPath(i), ["Content-Type: text/plain"], pinnedValue(i));
      assert.equal(status, 204, body);
    }
  }

  /** A read whose answer is known. */
  pinnedRequest(random: Random): DrawnRequest & { readonly pinned: string } {
    const i = below(random, PINNED);
    const path = pinnedPath(i);
    const bytes = `GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`;
    return { bytes, method: "GET", path, route: undefined, faults: [], pinned: pinnedValue(i) };
  }

  /** Does one thing to one key; what was wrong, in words. */
  async step(): Promise<string | undefined> {
    const { random } = this;
    const at = below(random, KEYS);
    const path = `/types/${TYPE}/buckets/m/keys/k${at}`;
    const values = this.values[at];
    const read = await this.send("GET", path, ["Accept: multipart/mixed, */*;q=0.9"]);
    const wrong = readWrong(read, values);
    if (wrong !== undefined) return `key k${at}: ${wrong}`;
    const clock = read.headers.get(CLOCK);
    const seen = clock === undefined ? [] : [`X-Riak-Vclock: ${clock}`];
    const value = `model-${++this.written}`;
    if (chance(random, 0.3) && values.size > 0) {
      const { status } = await this.send("DELETE", path, chance(random, 0.7) ? seen : []);
      if (status !== 204) return `DELETE of k${at} got ${status}`;
      values.clear();
      return undefined;
    }
    const blind = values.size > 0 && values.size < MOST_SIBLINGS && chance(random, 0.3);
    const headers = ["Content-Type: text/plain", ...(blind ? [] : seen)];
    const { status, body } = await this.send("PUT", path, headers, value);
    if (status !== 204) return `PUT of k${at} got ${status}: ${body}`;
    if (!blind) values.clear();
    values.add(value);
    return undefined;
  }

  private send(method: string, path: string, headers: readonly string[], body = ""): Promise<Answer> {
    const lines = [`${method} ${path} HTTP/1.1`, `Host: ${this.host}`, ...headers];
    if (body !== "") lines.push(`Content-Length: ${body.length}`);
    return this.ask(`${lines.join("\r\n")}\r\n\r\n${body}`, method);
  }
}

function readWrong({ status, body, headers }: Answer, values: ReadonlySet<string>): string | undefined {
  const wanted = [...values].sort();
  const expected = wanted.length === 0 ? 404 : wanted.length === 1 ? 200 : 300;
  if (status !== expected)
    return `a read got ${status}, not ${expected} for ${wanted.join(", ") || "nothing"}: ${body.slice(0, 100)}`;
  if (wanted.length === 0) return undefined;
  if (!headers.has(CLOCK)) return "a read without a clock";
  const got =
    wanted.length === 1 ? [body] : [...body.matchAll(/\r\n\r\n(model-\d+)\r\n--/g)].map(([, value]) => value).sort();
  return got.join() === wanted.join() ? undefined : `a read got ${got.join(", ")}, not ${wanted.join(", ")}`;
}

function pinnedPath(i: number): string {
  return `/types/${TYPE}/buckets/pinned/keys/p${i}`;
}

function pinnedValue(i: number): string {
  return `pinned-${i}-`.repeat(1 + i * 3);
}
