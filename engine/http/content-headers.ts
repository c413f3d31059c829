/**
 * What is kept beside a value, as headers, there and back. Names and values come from strangers by way of two protocols, so on the
 * way out nothing is written that could end a line: control characters are percent-encoded, and what is no header name
 * at all stays in the store and is left out. (A value with a line break in it, stored over protocol buffers, would otherwise
 * write headers, or a whole response, of its author's choosing.)
 */
import type { IncomingMessage } from "node:http";
import { type Content, type Named, OCTET_STREAM, PLAIN } from "../riak/content";
import type { Octets } from "../vocabulary/octets";
import type { ApiVersion, Exchange } from "./exchange";
import { badLinks, linkHeader, linksOf } from "./links";

const META = "x-riak-meta-";
const INDEX = "x-riak-index-";

interface MediaType {
  readonly contentType: Octets;
  readonly charset?: Octets;
}

/** Media type and charset of a Content-Type header. */
export function mediaTypeOf(header: string): MediaType {
  if (!header.includes(";") && !header.includes(" ")) return { contentType: header };
  const end = header.search(/[; ]/);
  const charset = /[; ]charset=("?)([^; "]+)\1(?=[; ]|$)/.exec(header)?.[2];
  const contentType = header.slice(0, end);
  return charset === undefined ? { contentType } : { contentType, charset };
}

export function isMediaType(text: string): boolean {
  const slash = text.indexOf("/");
  return slash > 0 && slash < text.length - 1 && text.indexOf("/", slash + 1) < 0;
}

/** What a PUT or POST says of its value, less the date; undefined where it was answered with 400. */
export function contentOfRequest(exchange: Exchange, header: string): Content | undefined {
  const link = exchange.header("link");
  const links = link === undefined ? PLAIN.links : linksOf(link, exchange.bucket, exchange.version);
  if (links === undefined) {
    exchange.text(400, badLinks(exchange.version));
    return undefined;
  }
  const { userMeta, indexes } = namedHeaders(exchange.request);
  const problems = indexes.map(problemOfIndex).join("");
  if (problems !== "") {
    exchange.text(400, problems);
    return undefined;
  }
  const { contentType, charset } = mediaTypeOf(header);
  return { contentType, charset, encoding: exchange.header("content-encoding"), userMeta, links, indexes };
}

/** Names of metadata as they were written, less the prefix; names of indexes in lower case. */
function namedHeaders({ rawHeaders }: IncomingMessage): Pick<Content, "userMeta" | "indexes"> {
  let userMeta: Named[] | undefined;
  let indexes: Named[] | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name.length <= META.length || name.charCodeAt(6) !== 0x2d) continue;
    // The m or i of "X-Riak-M" or "X-Riak-I", which is nothing that is common.
    const kind = name.charCodeAt(7) | 0x20;
    if (kind !== 0x6d && kind !== 0x69) continue;
    const lower = name.toLowerCase();
    if (lower.startsWith(META)) (userMeta ??= []).push([name.slice(META.length), rawHeaders[i + 1]]);
    else if (lower.startsWith(INDEX) && lower.length > INDEX.length) {
      for (const value of rawHeaders[i + 1].split(/,\s/)) (indexes ??= []).push([lower.slice(INDEX.length), value]);
    }
  }
  return { userMeta: userMeta ?? PLAIN.userMeta, indexes: indexes ?? PLAIN.indexes };
}

function problemOfIndex([name, value]: Named): string {
  if (name.endsWith("_bin")) return "";
  if (!name.endsWith("_int")) return `Unknown field type for field: '${name}'.\n`;
  return /^[+-]?\d+$/.test(value) ? "" : `Could not parse field '${name}', value '${value}'.\n`;
}

const CLEAN = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Nothing in it ends a line. */
export function headerValue(octets: Octets): string {
  if (CLEAN.test(octets)) return octets;
  let out = "";
  for (const char of octets) {
    const code = char.charCodeAt(0);
    out += CLEAN.test(char) ? char : `%${(code & 0xff).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** `text/plain; charset=utf-8` */
export function contentTypeHeader({ contentType, charset }: Content): string {
  const type = contentType === "" ? OCTET_STREAM : headerValue(contentType);
  return charset === undefined ? type : `${type}; charset=${headerValue(charset)}`;
}

/** Names and values in turn: links, metadata and indexes. */
export function pushContentHeaders(into: string[], content: Content, up: string, version: ApiVersion): void {
  into.push("Link", linkHeader(up, content.links, version));
  pushNamed(into, "X-Riak-Meta-", content.userMeta);
  pushNamed(into, "X-Riak-Index-", content.indexes);
}

function pushNamed(into: string[], prefix: string, named: readonly Named[]): void {
  for (const [name, value] of named) if (TOKEN.test(name)) into.push(prefix + name, headerValue(value));
}
