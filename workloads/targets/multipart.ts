/**
 * The parts of a `multipart/mixed` body (RFC 2046), as Riak sends siblings: `CRLF --B CRLF headers CRLF CRLF value` for each,
 * and `CRLF --B--` behind the last. Values are bytes and may hold anything but the delimiter, line ends too: a reader that
 * splits lines, or trims them, changes values.
 *
 * The body comes from a server that is not trusted: what does not follow the format is refused as a whole, for half of
 * the siblings would look like a write that was lost.
 */
import type { Octets } from "../../engine/vocabulary/octets";

export interface Part {
  /** Names in small letters. Of a name that comes twice the last value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Octets;
}

/** A part has fewer header lines than this, and no more bytes of them than the second. */
const MOST_HEADERS = 512;
const MOST_HEADER_BYTES = 262_144;
/** RFC 2046 allows no longer one, and no other characters. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** The boundary that a Content-Type names; undefined where it is not `multipart/mixed`, or names none that is allowed. */
export function boundaryOf(contentType: string): string | undefined {
  const [type, ...parameters] = contentType.split(";");
  if (type.trim().toLowerCase() !== "multipart/mixed") return undefined;
  for (const parameter of parameters) {
    const found = /^\s*boundary=(?:"([^"]*)"|([^\s"]+))\s*$/i.exec(parameter);
    if (found === null) continue;
    const boundary = found[1] ?? found[2];
    return BOUNDARY.test(boundary) ? boundary : undefined;
  }
  return undefined;
}

/** The parts in order; a line of text that says what is wrong otherwise. */
export function partsOf(body: Buffer, boundary: string): readonly Part[] | string {
  const delimiter = `\r\n--${boundary}`;
  const parts: Part[] = [];
  // The line end before the first delimiter is often left out; Riak sends it.
  let at: number;
  if (startsWith(body, 0, delimiter)) at = delimiter.length;
  else if (startsWith(body, 0, delimiter.slice(2))) at = delimiter.length - 2;
  else return "does not begin with its boundary";
  for (;;) {
    if (startsWith(body, at, "--")) {
      const rest = body.toString("latin1", at + 2, Math.min(body.length, at + 6));
      return rest === "" || rest === "\r\n" ? parts : "goes on behind its last boundary";
    }
    if (!startsWith(body, at, "\r\n")) return "has something behind a boundary in its line";
    at += 2;
    const end = body.indexOf(delimiter, at - 2, "latin1");
    if (end < 0) return "ends within a part";
    const part = partOf(body, at, end);
    if (typeof part === "string") return part;
    parts.push(part);
    at = end + delimiter.length;
  }
}

/** `end` may be before `from` by a line end: a part without anything. */
function partOf(body: Buffer, from: number, end: number): Part | string {
  const headers = new Map<string, string>();
  if (startsWith(body, from, "\r\n")) {
    return end < from + 2
      ? "has a part without an empty line"
      : { headers, body: body.toString("latin1", from + 2, end) };
  }
  const blank = body.indexOf("\r\n\r\n", from, "latin1");
  if (blank < 0 || blank + 4 > end) return "has a part without an empty line";
  if (blank - from > MOST_HEADER_BYTES) return "has a part with too long headers";
  const lines = body.toString("latin1", from, blank).split("\r\n");
  if (lines.length > MOST_HEADERS) return "has a part with too many headers";
  for (const line of lines) {
    const header = HEADER.exec(line);
    if (header === null) return "has a part with a header that is none";
    headers.set(header[1].toLowerCase(), header[2]);
  }
  return { headers, body: body.toString("latin1", blank + 4, end) };
}

function startsWith(body: Buffer, at: number, text: string): boolean {
  return body.toString("latin1", at, Math.min(body.length, at + text.length)) === text;
}
