/**
 * A request's target as octets: path segments and query, percent-decoded byte for byte, because a bucket or a key is any
 * octets at all and no text. As in Riak a plus sign is a space, in the path as well, and slashes that follow each other count
 * as one. Neither `URL` nor `decodeURIComponent` will do: both insist on UTF-8, and the first one also resolves dots.
 */
import type { Octets } from "../vocabulary/octets";

/** Octets, or undefined where a percent sign is not followed by two hexadecimal digits. */
export function percentDecoded(text: string): Octets | undefined {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === PERCENT || code === PLUS) break;
  }
  if (at === text.length) return text;
  let out = text.slice(0, at);
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === PLUS) out += " ";
    else if (code !== PERCENT) out += text[at];
    else {
      const high = hexadecimal(text.charCodeAt(at + 1));
      const low = hexadecimal(text.charCodeAt(at + 2));
      if (high < 0 || low < 0) return undefined;
      out += String.fromCharCode(high * 16 + low);
      at += 2;
    }
  }
  return out;
}

const PERCENT = 0x25;
const PLUS = 0x2b;

function hexadecimal(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}

/** A segment of a path, or a value of a query, for octets: letters, digits and `-_.~` as they are. */
export function percentEncoded(octets: Octets): string {
  if (/^[\w.~-]*$/.test(octets)) return octets;
  let out = "";
  for (let i = 0; i < octets.length; i++) {
    const char = octets[i];
    out += /[\w.~-]/.test(char) ? char : `%${octets.charCodeAt(i).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** The segments of a target's path, not decoded; empty ones left out. Fills `into` and returns how many. */
export function segmentsOf(target: string, into: string[]): number {
  let end = target.indexOf("?");
  if (end < 0) end = target.length;
  let from = 0;
  // The absolute form, as a proxy is asked: its path begins after the authority.
  if (target.charCodeAt(0) !== SLASH) {
    const authority = target.indexOf("://");
    if (authority > 0 && authority < end) {
      from = target.indexOf("/", authority + 3);
      if (from < 0 || from > end) from = end;
    }
  }
  let count = 0;
  while (from < end) {
    let to = target.indexOf("/", from);
    if (to < 0 || to > end) to = end;
    if (to > from) {
      if (count === MAX_SEGMENTS) return count + 1;
      into[count++] = target.slice(from, to);
    }
    from = to + 1;
  }
  return count;
}

const SLASH = 0x2f;
/** More than any route has. */
export const MAX_SEGMENTS = 8;

/** Parameters by name, the first of each; undefined where one cannot be decoded, empty where there are none. */
export function queryOf(target: string): ReadonlyMap<Octets, Octets> | undefined {
  const start = target.indexOf("?");
  if (start < 0) return NO_QUERY;
  const query = new Map<Octets, Octets>();
  for (const part of target.slice(start + 1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = percentDecoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : percentDecoded(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    if (!query.has(name)) query.set(name, value);
  }
  return query;
}

export const NO_QUERY: ReadonlyMap<Octets, Octets> = new Map();
