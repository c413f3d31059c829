/**
 * The `Link` header in Riak's two spellings: `</buckets/B/keys/K>; riaktag="t"`, and `</riak/B/K>; riaktag="t"` on the oldest paths.
 * Every object also has a link `rel="up"` to its bucket, which clients send back as they got it: it is tolerated, of the
 * object's own bucket, and not stored. On the newest paths Riak writes links as on the second ones, without a type.
 */
import type { Link } from "../riak/content";
import type { Octets } from "../vocabulary/octets";
import type { ApiVersion } from "./exchange";
import { percentDecoded, percentEncoded } from "./url";

const KEY_OLD = /^<\/riak\/([^/>]+)\/([^/>]+)>; ?riaktag="([^"]+)"$/;
const BUCKET_OLD = /^<\/riak\/([^/>]+)>; ?rel="([^"]+)"$/;
const KEY = /^<\/buckets\/([^/>]+)\/keys\/([^/>]+)>; ?riaktag="([^"]+)"$/;
const BUCKET = /^<\/buckets\/([^/>]+)>; ?rel="([^"]+)"$/;

/** Undefined where a part of it is no link. */
export function linksOf(header: string, bucket: Octets, version: ApiVersion): readonly Link[] | undefined {
  const links: Link[] = [];
  let up = 0;
  for (const part of header.split(",")) {
    const text = part.trim();
    if (text === "") continue;
    const key = (version === 1 ? KEY_OLD : KEY).exec(text);
    const parts = (key ?? (version === 1 ? BUCKET_OLD : BUCKET).exec(text))?.slice(1).map(percentDecoded);
    if (parts === undefined || parts.includes(undefined)) return undefined;
    const octets = parts as Octets[];
    if (key !== null) links.push([octets[0], octets[1], octets[2]]);
    else if (octets[0] !== bucket || octets[1] !== "up" || ++up > 1) return undefined;
  }
  return links;
}

/** The header of an object with these links. */
export function linkHeader(up: string, links: readonly Link[], version: ApiVersion): string {
  if (links.length === 0) return up;
  const written = links.map(([bucket, key, tag]) => {
    const [b, k] = [percentEncoded(bucket), percentEncoded(key)];
    return `<${version === 1 ? `/riak/${b}/${k}` : `/buckets/${b}/keys/${k}`}>; riaktag="${percentEncoded(tag)}"`;
  });
  return [...written, up].join(", ");
}

export function badLinks(version: ApiVersion): string {
  const form = version === 1 ? "/riak/BUCKET/KEY" : "/buckets/BUCKET/keys/KEY";
  return `Invalid Link header. Links must be of the form\n<${form}>; riaktag="TAG"\n`;
}
