/**
 * What a store under load lets us ask and see. An experiment is refused what its target cannot do, and a report refuses to
 * compare what one of two targets cannot show: a number that means one thing here and another there looks like any other
 * number. Each "no" has its reason beside it, in the words of the report.
 *
 * The map stands here and not beside the targets, because a run that is read years later has no targets, only their names.
 */

/** Every target, in the order of the experiment file's key. */
export const TARGET_NAMES = ["engine", "engine-http", "autocannon", "riak", "cassandra", "dynamodb", "redis"] as const;

export type TargetName = (typeof TARGET_NAMES)[number];

export interface Capabilities {
  /** A read may bring several versions of a key. */
  readonly siblings: boolean;
  /** A read brings a context, and a write that carries it says what its client has seen. */
  readonly contexts: boolean;
  /** How many replicas a request waits for is said with the request. */
  readonly perRequestQuorums: boolean;
  /** Keys in order, from a key on. */
  readonly scans: boolean;
  /** A read that finds nothing tells by which delete. */
  readonly deletes: boolean;
  /** The cluster is ours to hurt. */
  readonly faults: boolean;
  /** What each replica holds can be looked at, and told by the writes' ids. */
  readonly inspection: boolean;
  /** Nodes tell what they did: messages, repairs, hints, bytes. */
  readonly counters: boolean;
  /** Requests can be sent when a schedule says so, whether earlier ones are answered or not. */
  readonly openLoop: boolean;
}

export type Capability = keyof Capabilities;

/** The same in a few words, for sentences: "targets differ in …". */
export const CAPABILITY_TITLES: Readonly<Record<Capability, string>> = {
  siblings: "siblings",
  contexts: "causal contexts",
  perRequestQuorums: "quorums per request",
  scans: "scans",
  deletes: "deletes that a read can tell apart",
  faults: "faults",
  inspection: "a look at every replica",
  counters: "the nodes' own counters",
  openLoop: "an open loop",
};

export interface TargetDescription {
  /** What it is, for the report's method and for `explain`. */
  readonly title: string;
  /** Whose cluster it is: ours is started for each trial, another is there already. */
  readonly store: "ours" | "others";
  readonly can: Capabilities;
  /** One sentence for everything it cannot do; begins small and stands behind "not comparable: ". */
  readonly why: Readonly<Partial<Record<Capability, string>>>;
}

/** The nodes are ours, and writes name themselves over HTTP too, so that replicas can be looked at. */
const OVER_HTTP = { scans: "Riak's HTTP API lists keys in no order and has no range of keys to read" } as const;

const OF_OTHERS = {
  faults: "the store is not ours to hurt",
  inspection: "there is no way to ask one replica of it what it holds",
  counters: "its nodes do not tell what they did in numbers that mean what ours mean",
} as const;

/** A target can do what there is no reason that it cannot. */
function described(target: Omit<TargetDescription, "can">): TargetDescription {
  const all = Object.keys(CAPABILITY_TITLES) as Capability[];
  const can = Object.fromEntries(all.map((capability) => [capability, target.why[capability] === undefined]));
  return { ...target, can: can as Record<Capability, boolean> };
}

export const TARGETS: Readonly<Record<TargetName, TargetDescription>> = {
  engine: described({
    title: "the engine over its binary protocol, by our client",
    store: "ours",
    why: {},
  }),
  "engine-http": described({
    title: "the engine over Riak's HTTP API, by our own driver",
    store: "ours",
    why: OVER_HTTP,
  }),
  autocannon: described({
    title: "the engine over Riak's HTTP API, by autocannon: a load generator that is not ours",
    store: "ours",
    why: {
      ...OVER_HTTP,
      faults: "autocannon asks the addresses that it began with, and knows nobody that is cut off from them",
      openLoop: "autocannon sends the next request when the last is answered, and knows no schedule",
    },
  }),
  riak: described({
    title: "a Riak KV over its HTTP API",
    store: "others",
    why: { ...OF_OTHERS, scans: OVER_HTTP.scans, deletes: "Riak says that a key is deleted, and not by which delete" },
  }),
  cassandra: described({
    title: "an Apache Cassandra over its native protocol, by cassandra-driver",
    store: "others",
    why: {
      ...OF_OTHERS,
      siblings: "Cassandra keeps the value with the newest timestamp of each cell and never two",
      contexts: "Cassandra orders writes by their timestamps and takes no context",
      scans: "partitions of Cassandra are ordered by their hash and not by their key",
      deletes: "Cassandra answers a read of a deleted row with no row",
    },
  }),
  dynamodb: described({
    title: "Amazon's DynamoDB, or a store that speaks its protocol, by the AWS SDK",
    store: "others",
    why: {
      ...OF_OTHERS,
      siblings: "DynamoDB keeps one item a key",
      contexts: "DynamoDB takes no context with a write",
      perRequestQuorums: "DynamoDB's reads are eventually or strongly consistent, and its writes leave no choice",
      scans: "items of DynamoDB are ordered by their partition key's hash",
      deletes: "DynamoDB answers a read of a deleted item with no item",
    },
  }),
  redis: described({
    title: "a single Redis: a floor, not a replicated store",
    store: "others",
    why: {
      ...OF_OTHERS,
      siblings: "Redis keeps one value a key",
      contexts: "Redis takes no context with a write",
      perRequestQuorums: "a single Redis has no replicas to wait for",
      scans: "Redis iterates over keys in no order",
      deletes: "Redis answers a read of a deleted key with nothing",
    },
  }),
};

/** What a cell or a record that names no target was run on: runs from before there was a choice. */
export const DEFAULT_TARGET: TargetName = "engine";

export function isTarget(name: string): name is TargetName {
  return (TARGET_NAMES as readonly string[]).includes(name);
}

/** As it is written beside a trial: a run can be read by a version that knows other targets, or knows them better. */
export interface TargetRecord {
  readonly name: string;
  readonly title: string;
  readonly store: TargetDescription["store"];
  readonly can: Readonly<Record<string, boolean>>;
  readonly why: Readonly<Record<string, string | undefined>>;
}

export function recordOfTarget(name: TargetName): TargetRecord {
  const { title, store, can, why } = TARGETS[name];
  return { name, title, store, can: { ...can }, why: { ...why } };
}

/** Of a record; that of the engine where it says none. */
export function targetOfRecord(record: { readonly target?: TargetRecord }): TargetRecord {
  return record.target ?? recordOfTarget(DEFAULT_TARGET);
}

/** Why a metric that needs `capability` says nothing there; undefined where it does, or needs nothing. */
export function whyNotSeen(capability: Capability | undefined, target: TargetRecord): string | undefined {
  if (capability === undefined || target.can[capability] !== false) return undefined;
  return target.why[capability] ?? `${target.name} has not ${CAPABILITY_TITLES[capability]}`;
}

/** Why a metric that needs `capability` cannot be compared between two targets; undefined where it can. */
export function whyIncomparable(
  capability: Capability | undefined,
  one: TargetRecord,
  other: TargetRecord,
): string | undefined {
  // On one target a metric is what it is: whoever reads it knows where.
  if (one.name === other.name) return undefined;
  return whyNotSeen(capability, one) ?? whyNotSeen(capability, other);
}
