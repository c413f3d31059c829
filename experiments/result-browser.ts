/**
 * A read-only web server over a folder of runs, for one person on one machine: the list of runs, their reports, every file behind them,
 * and comparisons made when they are asked for. Run folders may come from strangers and any page in the browser may try to reach this
 * port, so: it listens on 127.0.0.1 alone and answers only to that name (DNS rebinding), takes GET and HEAD alone, decodes a path once and
 * walks it name by name below the root, follows no link but `latest`, and sends a policy with which a page can load and send nothing.
 */
import * as fs from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import * as path from "node:path";
import { indexPage } from "../results/catalogue/index-files";
import { readCatalogue, type KnownRuns } from "../results/catalogue/run-catalogue";
import { escapeText } from "../results/charts/markup";
import { comparisonPage, NotAnswered } from "./requested-comparison";

export const BROWSER_HOST = "127.0.0.1";

/** Not listening yet. `root` must exist. */
export function resultBrowser(root: string): Server {
  const place = fs.realpathSync(root);
  const known: KnownRuns = new Map();
  return createServer((request, response) => {
    try {
      answer(place, known, request, response);
    } catch (error) {
      const status = error instanceof NotAnswered ? error.status : 500;
      plain(request, response, status, error instanceof Error ? error.message : String(error));
    }
  });
}

function answer(root: string, known: KnownRuns, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    throw new NotAnswered(405, "only GET and HEAD: this browser changes nothing");
  }
  const port = request.socket.localPort;
  const names = [`${BROWSER_HOST}:${port}`, `localhost:${port}`];
  if (!names.includes((request.headers.host ?? "").toLowerCase()))
    throw new NotAnswered(421, `this is ${names[0]}, and it answers to no other name`);
  const target = request.url ?? "/";
  if (target.length > LONGEST_TARGET) throw new NotAnswered(414, "the address is too long");
  const [rawPath, ...rest] = target.split("?");
  const segments = segmentsOf(rawPath);
  if (segments.length === 0 || (segments.length === 1 && segments[0] === "index.html"))
    return page(request, response, indexPage(readCatalogue(root, known), { compareAt: "/compare" }));
  if (segments.length === 1 && segments[0] === "compare")
    return page(request, response, comparisonPage(root, new URLSearchParams(rest.join("?"))));
  const found = locate(root, segments);
  const status = fs.statSync(found);
  if (!status.isDirectory()) return file(request, response, found, status);
  if (!rawPath.endsWith("/")) {
    // Relative links of a page in a folder start from the folder.
    response.writeHead(301, { ...HEADERS, Location: `${rawPath}/` });
    response.end();
    return;
  }
  const index = path.join(found, "index.html");
  if (fs.existsSync(index) && fs.lstatSync(index).isFile()) return file(request, response, index, fs.statSync(index));
  page(request, response, listing(found, segments));
}

/** Decoded once; what could mean another place is refused, whatever it would lead to. */
function segmentsOf(rawPath: string): string[] {
  if (!rawPath.startsWith("/")) throw new NotAnswered(400, "an address here begins with /");
  let decoded: string[];
  try {
    decoded = rawPath
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    throw new NotAnswered(400, "the address is not well-formed");
  }
  for (const part of decoded)
    if (part.startsWith(".") || /[/\\\u0000-\u001f\u007f]/.test(part))
      throw new NotAnswered(404, "there is nothing here");
  return decoded;
}

/** The real path, which is below the root. */
function locate(root: string, segments: readonly string[]): string {
  let at = root;
  for (const [i, name] of segments.entries()) {
    at = path.join(at, name);
    let status: fs.Stats;
    try {
      status = fs.lstatSync(at);
    } catch {
      throw new NotAnswered(404, "there is nothing here");
    }
    if (status.isSymbolicLink()) {
      if (name !== "latest" || i > 1) throw new NotAnswered(403, "links are not followed");
      at = realPath(at);
    } else if (!status.isDirectory() && !status.isFile()) throw new NotAnswered(403, "this is no file");
  }
  // A link that left the root, or anything that was put in the way meanwhile.
  const real = realPath(at);
  if (real !== root && !real.startsWith(root + path.sep)) throw new NotAnswered(403, "this leads out of the results");
  return real;
}

function realPath(at: string): string {
  try {
    return fs.realpathSync(at);
  } catch {
    throw new NotAnswered(404, "this link leads nowhere");
  }
}

function file(request: IncomingMessage, response: ServerResponse, found: string, status: fs.Stats): void {
  const extension = path.extname(found).toLowerCase();
  const type = TYPES.get(extension) ?? "application/octet-stream";
  response.writeHead(200, {
    ...HEADERS,
    // A picture or a text runs nothing.
    ...(extension === ".html"
      ? {}
      : { "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox" }),
    "Content-Type": type,
    "Content-Length": status.size,
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const stream = fs.createReadStream(found, { end: Math.max(0, status.size - 1) });
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

function page(request: IncomingMessage, response: ServerResponse, html: string): void {
  respond(request, response, 200, "text/html; charset=utf-8", html);
}

function plain(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else respond(request, response, status, "text/plain; charset=utf-8", `${message}\n`);
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  content: string,
): void {
  response.writeHead(status, { ...HEADERS, "Content-Type": type, "Content-Length": Buffer.byteLength(content) });
  response.end(request.method === "HEAD" ? undefined : content);
}

/** A folder without a page of its own. */
function listing(folder: string, segments: readonly string[]): string {
  const entries = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith(".") && (entry.isFile() || entry.isDirectory()))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const items = entries.slice(0, MOST_ENTRIES).map((entry) => {
    const folderMark = entry.isDirectory() ? "/" : "";
    return `<li><a href="./${escapeText(encodeURIComponent(entry.name))}${folderMark}">${escapeText(entry.name)}${folderMark}</a></li>`;
  });
  const more = entries.length > MOST_ENTRIES ? `<p>and ${entries.length - MOST_ENTRIES} more</p>` : "";
  const title = escapeText(segments.join("/"));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:1.2rem;overflow-wrap:anywhere}</style></head><body><p><a href="/">Runs</a></p><h1>${title}</h1><ul>${items.join("")}</ul>${more}</body></html>\n`;
}

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

const TEXT = "text/plain; charset=utf-8";
const TYPES: ReadonlyMap<string, string> = new Map([
  [".html", "text/html; charset=utf-8"],
  [".svg", "image/svg+xml"],
  [".png", "image/png"],
  [".pdf", "application/pdf"],
  [".json", "application/json; charset=utf-8"],
  [".csv", "text/csv; charset=utf-8"],
  [".gz", "application/gzip"],
  ...[".txt", ".md", ".yaml", ".yml", ".jsonl", ".hlog", ".hgrm", ".patch", ".prom", ".tex", ".bib"].map(
    (extension) => [extension, TEXT] as const,
  ),
]);

const LONGEST_TARGET = 4_096;
const MOST_ENTRIES = 2_000;
