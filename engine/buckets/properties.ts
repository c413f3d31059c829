/**
 * What may differ from one bucket to another: how many copies, how many answers are enough, what becomes of siblings. A cluster
 * starts with one set of them, the experiment's tunables; a type or a bucket may say otherwise of some, and what it does not say
 * goes on following whatever stands above it.
 *
 * The trap is a quorum that outlives its N: a cluster's `r: 2` under a bucket's `n_val: 1` could never be met. What is *inherited*
 * is therefore cut down to N; what is *said* of the bucket itself and contradicts its N is refused, with everything else
 * that is wrong with the change, before any of it takes effect.
 *
 * Source: riak_core_bucket_type and riak_core_bucket; the names in texts are Riak's, as whoever reads them asked in Riak's words.
 */
import type { EngineSettings, QuorumValue } from "../vocabulary/settings";

export interface BucketProperties {
  readonly nVal: number;
  readonly r: QuorumValue;
  readonly w: QuorumValue;
  readonly pr: QuorumValue;
  readonly pw: QuorumValue;
  readonly dw: QuorumValue;
  /** Of both halves of a delete, where the request names neither `r` nor `w`. */
  readonly rw: QuorumValue;
  readonly nodeConfirms: QuorumValue;
  readonly notfoundOk: boolean;
  readonly basicQuorum: boolean;
  readonly siblings: SiblingPolicy;
}

/** Riak's two flags give three policies: `allow_mult`; neither of them; `last_write_wins`. */
export type SiblingPolicy = "keep" | "newest" | "overwrite";

/** What is said anew; what is left out stays as it is. */
export type BucketChange = Partial<BucketProperties>;

/** In the order in which they are named, written and sent. */
export const QUORUMS = ["r", "w", "pr", "pw", "dw", "rw", "nodeConfirms"] as const;
export const FLAGS = ["notfoundOk", "basicQuorum"] as const;
export const SIBLING_POLICIES: readonly SiblingPolicy[] = ["keep", "newest", "overwrite"];
export const PROPERTIES = [
  "nVal",
  ...QUORUMS,
  ...FLAGS,
  "siblings",
] as const satisfies readonly (keyof BucketProperties)[];

/** What a change has to fit. */
export interface BucketLimits {
  /** Nodes that copies of one key can lie on. */
  readonly nodes: number;
  /** The cluster's clock, where it keeps one version whatever the policy. */
  readonly onlyKeepsOne: string | undefined;
}

/** Of every bucket that nothing was said of: the experiment's tunables. */
export function propertiesOfCluster(settings: EngineSettings): BucketProperties {
  const { nVal, r, w, pr, pw, dw, nodeConfirms, notfoundOk, basicQuorum } = settings;
  return {
    nVal,
    r,
    w,
    pr,
    pw,
    dw,
    rw: "quorum",
    nodeConfirms: nodeConfirms ?? 0,
    notfoundOk,
    basicQuorum,
    siblings: settings.siblings ?? "keep",
  };
}

/** `above` with what is said in its place; quorums that are too large for the N that results are cut down to it. */
export function applied(above: BucketProperties, change: BucketChange): BucketProperties {
  const { nVal, r, w, pr, pw, dw, rw, nodeConfirms, notfoundOk, basicQuorum, siblings } = { ...above, ...said(change) };
  const within = (value: QuorumValue): QuorumValue => (typeof value === "number" ? Math.min(value, nVal) : value);
  return {
    nVal,
    r: within(r),
    w: within(w),
    pr: within(pr),
    pw: within(pw),
    dw: within(dw),
    rw: within(rw),
    nodeConfirms: within(nodeConfirms),
    notfoundOk,
    basicQuorum,
    siblings,
  };
}

/** Of `change`, what differs from `now`: whoever writes back what it read has said nothing. */
export function newsIn(change: BucketChange, now: BucketProperties): BucketChange {
  return Object.fromEntries(
    PROPERTIES.flatMap((name) => {
      const value = change[name];
      return value === undefined || value === now[name] ? [] : [[name, value]];
    }),
  );
}

/** Two changes, one after the other; in the order of {@link PROPERTIES}. */
export function both(first: BucketChange, then: BucketChange): BucketChange {
  const merged: BucketChange = { ...said(first), ...said(then) };
  return Object.fromEntries(PROPERTIES.flatMap((name) => (merged[name] === undefined ? [] : [[name, merged[name]]])));
}

/** Everything that keeps `change` (of a bucket or type of which `before` was said) from taking effect, one sentence each. */
export function problemsOf(
  change: BucketChange,
  before: BucketChange,
  now: BucketProperties,
  limits: BucketLimits,
): readonly string[] {
  const problems: string[] = [];
  const news = newsIn(change, now);
  const n = news.nVal ?? now.nVal;
  const possible = Number.isInteger(n) && n >= 1 && n <= limits.nodes;
  if (news.nVal !== undefined && !possible)
    problems.push(`n_val ${String(n)} is not between 1 and ${String(limits.nodes)}, the nodes that copies can lie on`);
  for (const name of QUORUMS) {
    // What was said before has to fit an N that is said now; what was read and is written back beside it is meant, too.
    const value = change[name] ?? (news.nVal === undefined ? undefined : before[name]);
    if (value === undefined) continue;
    if (!isQuorum(value))
      problems.push(`${riakName(name)} ${String(value)} is neither a number of replicas nor one, quorum or all`);
    else if (Number.isInteger(n) && typeof value === "number" && value > n)
      problems.push(`${riakName(name)} ${String(value)} is more than n_val ${String(n)}`);
  }
  for (const name of FLAGS) {
    const value: unknown = news[name];
    if (value !== undefined && typeof value !== "boolean") problems.push(`${riakName(name)} is neither true nor false`);
  }
  if (news.siblings !== undefined) {
    if (!SIBLING_POLICIES.includes(news.siblings))
      problems.push(`siblings ${String(news.siblings)} is none of ${SIBLING_POLICIES.join(", ")}`);
    else if (limits.onlyKeepsOne !== undefined)
      problems.push(
        `allow_mult and last_write_wins have no effect: the cluster's clock ${limits.onlyKeepsOne} keeps one version anyway`,
      );
  }
  return problems;
}

export function isQuorum(value: unknown): value is QuorumValue {
  if (value === "one" || value === "quorum" || value === "all") return true;
  return Number.isInteger(value) && (value as number) >= 0;
}

/** As Riak writes it. */
export function riakName(name: keyof BucketProperties): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Short stable text: `n_val=1 w=all`. */
export function describeChange(change: BucketChange): string {
  return PROPERTIES.flatMap((name) =>
    change[name] === undefined ? [] : [`${riakName(name)}=${String(change[name])}`],
  ).join(" ");
}

/** Without fields that are there and undefined. */
function said(change: BucketChange): BucketChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
