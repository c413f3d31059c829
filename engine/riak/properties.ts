/**
 * Bucket properties as Riak writes them in JSON, and back. Clients read all of them, change one and write all of them back, so
 * that whatever is shown has to be accepted again with the value it had. What this store does not have, or cannot have
 * otherwise than its cluster has it, is shown as it is and refused when it is to be different: a property that is
 * accepted and does nothing would be a measurement of nothing.
 */
import type { BucketChange, BucketProperties } from "../buckets/properties";
import { type Octets, textFromOctets } from "../vocabulary/octets";
import type { EngineSettings, QuorumValue } from "../vocabulary/settings";
import { nearest } from "../vocabulary/nearest";

export type RiakValue = string | number | boolean | readonly unknown[] | { readonly [name: string]: RiakValue };
/** In Riak's names, in order of name. */
export type RiakProperties = Readonly<Record<string, RiakValue>>;

/** Of Riak, where a clock does not prune. */
const UNPRUNED = { small: 50, big: 50, youngMs: 20_000, oldMs: 86_400_000 };
/** Clocks under which a version that was overwritten is known as such, whoever wrote beside it. */
const DOTTED: ReadonlySet<string> = new Set(["dvvset", "dvv", "riak-dvv"]);

const QUORUMS = {
  dw: "dw",
  node_confirms: "nodeConfirms",
  pr: "pr",
  pw: "pw",
  r: "r",
  rw: "rw",
  w: "w",
} as const;

/** `bucket` undefined: of a type, which has no name of its own there. */
export function riakProperties(
  properties: BucketProperties,
  settings: EngineSettings,
  bucket: Octets | undefined,
): RiakProperties {
  const { nVal, notfoundOk, basicQuorum, siblings } = properties;
  const prune = settings.prune ?? UNPRUNED;
  return {
    ...(bucket === undefined ? {} : { name: textFromOctets(bucket) }),
    allow_mult: siblings === "keep",
    basic_quorum: basicQuorum,
    big_vclock: prune.big,
    chash_keyfun: { mod: "riak_core_util", fun: "chash_std_keyfun" },
    dvv_enabled: DOTTED.has(settings.clock),
    dw: properties.dw,
    last_write_wins: siblings === "overwrite",
    linkfun: { mod: "riak_kv_wm_link_walker", fun: "mapreduce_linkfun" },
    n_val: nVal,
    node_confirms: properties.nodeConfirms,
    notfound_ok: notfoundOk,
    old_vclock: Math.round(prune.oldMs / 1_000),
    postcommit: [],
    pr: properties.pr,
    precommit: [],
    pw: properties.pw,
    r: properties.r,
    rw: properties.rw,
    small_vclock: prune.small,
    sync_on_write: "backend",
    w: properties.w,
    young_vclock: Math.round(prune.youngMs / 1_000),
  };
}

/** What differs from `now`, or everything that is wrong with it, one sentence each. */
export function changeOf(
  asked: Readonly<Record<string, unknown>>,
  now: BucketProperties,
  settings: EngineSettings,
  bucket: Octets | undefined,
): { readonly change: BucketChange } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const change: { -readonly [K in keyof BucketChange]: BucketChange[K] } = {};
  const shown = riakProperties(now, settings, bucket);
  const flag = (name: string): boolean | undefined => {
    const value = asked[name];
    if (value === undefined) return undefined;
    if (typeof value === "boolean") return value;
    problems.push(`${name} is neither true nor false`);
    return undefined;
  };
  for (const [name, field] of Object.entries(QUORUMS)) {
    if (asked[name] === undefined) continue;
    const value = quorumOf(asked[name]);
    if (value === undefined) problems.push(`${name} is neither a number of replicas nor one, quorum or all`);
    else change[field] = value;
  }
  if (asked.n_val !== undefined) {
    if (Number.isSafeInteger(asked.n_val)) change.nVal = asked.n_val as number;
    else problems.push("n_val is no whole number");
  }
  const [notfoundOk, basicQuorum] = [flag("notfound_ok"), flag("basic_quorum")];
  if (notfoundOk !== undefined) change.notfoundOk = notfoundOk;
  if (basicQuorum !== undefined) change.basicQuorum = basicQuorum;
  const [allowMult, lastWriteWins] = [flag("allow_mult"), flag("last_write_wins")];
  if (allowMult !== undefined || lastWriteWins !== undefined) {
    const keeps = allowMult ?? now.siblings === "keep";
    const overwrites = lastWriteWins ?? now.siblings === "overwrite";
    if (keeps && overwrites) problems.push("allow_mult and last_write_wins contradict each other: one of them at most");
    else change.siblings = keeps ? "keep" : overwrites ? "overwrite" : "newest";
  }
  for (const [name, value] of Object.entries(asked)) {
    if (CHANGED.has(name)) continue;
    if (problems.length >= MOST_PROBLEMS) {
      problems.push("and so on");
      break;
    }
    const own = Object.hasOwn(shown, name) ? shown[name] : undefined;
    if (own === undefined) {
      if (name === "name" && bucket === undefined) continue;
      if (name.length > LONGEST_NAME) {
        problems.push(`${name.slice(0, LONGEST_NAME)}... is no property of this store`);
        continue;
      }
      const near = nearest(name, [...CHANGED, ...Object.keys(shown)]);
      problems.push(`${name} is no property of this store${near === undefined ? "" : `; ${near} is`}`);
    } else if (!sameJson(value, own))
      problems.push(
        `${name} cannot be anything but ${JSON.stringify(own)}: ${WHY[name] ?? "it is one for the whole cluster"}`,
      );
  }
  return problems.length > 0 ? { problems } : { change };
}

/** A body may name a hundred thousand properties, or one of a megabyte; to find what each was meant to be took most of a minute. */
const MOST_PROBLEMS = 50;
const LONGEST_NAME = 64;

const CHANGED: ReadonlySet<string> = new Set([
  ...Object.keys(QUORUMS),
  "n_val",
  "notfound_ok",
  "basic_quorum",
  "allow_mult",
  "last_write_wins",
]);

const WHY: Readonly<Record<string, string>> = {
  name: "it is the bucket's own name",
  dvv_enabled: "the experiment's clock decides it for the whole cluster",
  precommit: "there are no hooks here",
  postcommit: "there are no hooks here",
  chash_keyfun: "the experiment's ring decides it for the whole cluster",
  linkfun: "links are not walked here",
  sync_on_write: "the experiment's storage decides it for the whole cluster",
  small_vclock: "the experiment's tunables.prune decides it for the whole cluster",
  big_vclock: "the experiment's tunables.prune decides it for the whole cluster",
  young_vclock: "the experiment's tunables.prune decides it for the whole cluster",
  old_vclock: "the experiment's tunables.prune decides it for the whole cluster",
};

function quorumOf(value: unknown): QuorumValue | undefined {
  if (value === "one" || value === "quorum" || value === "all") return value;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Members of an object may stand in any order. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const [namesA, namesB] = [Object.keys(a), Object.keys(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    namesA.length === namesB.length &&
    namesA.every(
      (name) =>
        Object.hasOwn(b, name) && sameJson((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
