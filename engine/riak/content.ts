/**
 * What Riak keeps beside a value: its media type, when it was written, metadata of users, links and index entries. To the
 * engine it is one opaque octet string, a version's `meta`; here is its only form. The lesson of Riak's own object format
 * is kept: a value that came another way (the binary protocol knows of no metadata) has none, and reads as
 * `application/octet-stream` without a date, for a made-up date would decide conditional requests.
 *
 * Layout: a format byte, then fields in ascending order of their tag, each left out when empty. Lengths and counts are seven
 * bits a byte. A reader that meets a tag it does not know refuses the whole: only this file writes it,
 * and what a binary client has put in its place reads as nothing.
 */
import type { Version } from "../clocks/clock";
import { MalformedBytes, type Octets } from "../vocabulary/octets";
import type { Micros } from "../vocabulary/micros";

/** Bucket, key and tag. */
export type Link = readonly [bucket: Octets, key: Octets, tag: Octets];
/** A name with what it stands for. */
export type Named = readonly [name: Octets, value: Octets];

export interface Content {
  /** Without parameters; Riak's default when nothing is known. */
  readonly contentType: Octets;
  readonly charset?: Octets;
  readonly encoding?: Octets;
  /** Since 1970, by the wall time of the node that took the write; undefined where nobody said. */
  readonly lastModifiedMicros?: Micros;
  readonly userMeta: readonly Named[];
  readonly links: readonly Link[];
  /** Names end in `_bin` or `_int`. */
  readonly indexes: readonly Named[];
}

export const OCTET_STREAM = "application/octet-stream";
const NONE: readonly never[] = [];
/** Of a value that was written without any. */
export const PLAIN: Content = { contentType: OCTET_STREAM, userMeta: NONE, links: NONE, indexes: NONE };

const FORMAT = "\x01";
const CONTENT_TYPE = 1;
const CHARSET = 2;
const ENCODING = 3;
const LAST_MODIFIED = 4;
const USER_META = 5;
const LINKS = 6;
const INDEXES = 7;

/** How a version's meta reads. */
export function contentOf(version: Version): Content {
  const { meta, date } = version;
  const content = meta === undefined ? PLAIN : contentIn(meta);
  return content.lastModifiedMicros === undefined && date !== undefined
    ? { ...content, lastModifiedMicros: date }
    : content;
}

/** What a client of the binary protocol has put there is no metadata that this file wrote: the value is shown without any. */
function contentIn(meta: Octets): Content {
  try {
    return decodeContent(meta);
  } catch (error) {
    if (error instanceof MalformedBytes) return PLAIN;
    throw error;
  }
}

/** The octets of `content`, equal for equal contents; of a write, with the date at which it is made. */
export function encodeContent(
  content: Content,
  lastModifiedMicros: Micros | undefined = content.lastModifiedMicros,
): Octets {
  const { contentType, charset, encoding, userMeta, links, indexes } = content;
  let out = FORMAT;
  if (contentType !== OCTET_STREAM) out += "\x01" + text(contentType);
  if (charset !== undefined) out += "\x02" + text(charset);
  if (encoding !== undefined) out += "\x03" + text(encoding);
  if (lastModifiedMicros !== undefined) out += "\x04" + varint(lastModifiedMicros);
  if (userMeta.length > 0) out += "\x05" + pairs(userMeta);
  if (links.length > 0) {
    out += "\x06" + varint(links.length);
    for (const [bucket, key, tag] of links) out += text(bucket) + text(key) + text(tag);
  }
  if (indexes.length > 0) out += "\x07" + pairs(indexes);
  return out;
}

/** @throws MalformedBytes */
export function decodeContent(meta: Octets): Content {
  if (!meta.startsWith(FORMAT)) throw new MalformedBytes("metadata of an unknown format");
  let at = 1;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      if (at >= meta.length) throw new MalformedBytes("metadata that breaks off");
      const byte = meta.charCodeAt(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new MalformedBytes("metadata with an integer longer than eight bytes");
  };
  const octets = (): Octets => {
    const from = number();
    const start = at;
    at += from;
    if (at > meta.length) throw new MalformedBytes("metadata that breaks off");
    return meta.slice(start, at);
  };
  const list = <T>(item: () => T): T[] => {
    const count = number();
    if (count > meta.length - at) throw new MalformedBytes("metadata that breaks off");
    return Array.from({ length: count }, item);
  };
  const named = (): Named => [octets(), octets()];
  let contentType: Octets = OCTET_STREAM;
  let charset: Octets | undefined;
  let encoding: Octets | undefined;
  let lastModifiedMicros: Micros | undefined;
  let userMeta: readonly Named[] = NONE;
  let links: readonly Link[] = NONE;
  let indexes: readonly Named[] = NONE;
  let previous = 0;
  while (at < meta.length) {
    const tag = meta.charCodeAt(at++);
    if (tag <= previous) throw new MalformedBytes("metadata whose fields do not ascend");
    previous = tag;
    switch (tag) {
      case CONTENT_TYPE:
        contentType = octets();
        break;
      case CHARSET:
        charset = octets();
        break;
      case ENCODING:
        encoding = octets();
        break;
      case LAST_MODIFIED:
        lastModifiedMicros = number();
        break;
      case USER_META:
        userMeta = list(named);
        break;
      case LINKS:
        links = list((): Link => [octets(), octets(), octets()]);
        break;
      case INDEXES:
        indexes = list(named);
        break;
      default:
        throw new MalformedBytes(`metadata with a field ${String(tag)}`);
    }
  }
  return { contentType, charset, encoding, lastModifiedMicros, userMeta, links, indexes };
}

function varint(value: number): Octets {
  let out = "";
  let rest = value;
  while (rest > 0x7f) {
    out += String.fromCharCode((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return out + String.fromCharCode(rest);
}

function text(octets: Octets): Octets {
  return varint(octets.length) + octets;
}

function pairs(named: readonly Named[]): Octets {
  let out = varint(named.length);
  for (const [name, value] of named) out += text(name) + text(value);
  return out;
}
