/**
 * A listing in the manner of S3: the keys of a prefix, in pages, each page a scan that begins where the one before ended.
 * Nothing holds the pages together: keys come and go between two of them, and a page that fails ends the listing. With a
 * delimiter names are shown only up to its next occurrence behind the prefix, once each, and what stands behind it is
 * jumped over, so that a folder of a million objects costs a page's share of one.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Octets } from "../../engine/vocabulary/octets";
import type { DrawnOperation, Reply, ScannedKey } from "../operation";

export interface ListingRequest {
  readonly type: Octets;
  readonly bucket: Octets;
  readonly prefix: Octets;
  /** Keys of a page at most. */
  readonly page: number;
  /** Empty for none. */
  readonly delimiter: Octets;
  /** Sees every page that was answered. */
  readonly seen?: (page: ListedPage) => void;
}

/** What a page covers: [from, to), to the very end where `to` is empty. What the listing jumps over lies behind it. */
export interface ListedPage {
  readonly from: Octets;
  readonly to: Octets;
  readonly records: readonly ScannedKey[];
}

/** Is asked once: it remembers where it is. */
export function listing(request: ListingRequest): DrawnOperation {
  const { type, bucket, prefix, page, delimiter, seen } = request;
  assert(page >= 1, "a page has room for a key");
  const end = afterPrefix(prefix);
  /** Where the page that is out began. */
  let from = prefix;
  const pageFrom = (kind: "list" | "scan"): DrawnOperation => ({
    kind,
    key: { type, bucket, key: from },
    value: "",
    scanLength: page,
    scanEnd: end,
    blind: false,
    insertNumber: -1,
    ...(delimiter === "" ? {} : { delimiter }),
    then,
  });
  function then({ records = [], next }: Reply): DrawnOperation | undefined {
    seen?.({ from, to: next ?? end, records });
    if (next === undefined) return undefined;
    from = records.length === 0 ? next : later(next, behindGroup(records[records.length - 1].key, request));
    return end !== "" && from >= end ? undefined : pageFrom("scan");
  }
  return pageFrom("list");
}

/** The first octet string behind all that begin with `prefix`; empty where there is none. */
export function afterPrefix(prefix: Octets): Octets {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1);
    if (last < 0xff) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
  }
  return "";
}

/** What a listing shows of a key. */
export function shownName(key: Octets, { prefix, delimiter }: Pick<ListingRequest, "prefix" | "delimiter">): Octets {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? key : key.slice(0, at + delimiter.length);
}

/** Behind every key that is shown under the same name; empty for a key that is shown itself. */
function behindGroup(key: Octets, request: ListingRequest): Octets {
  const shown = shownName(key, request);
  return shown === key ? "" : afterPrefix(shown);
}

function later(a: Octets, b: Octets): Octets {
  return b > a ? b : a;
}
