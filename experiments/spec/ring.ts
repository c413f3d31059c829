/**
 * The ring of a cell: its settings, and what of them cannot be or does nothing. A ring is built only when a trial begins, hours after an
 * experiment was written perhaps; so whatever would stop it then is told now, in the words of the file. Settings that the chosen strategy
 * does not use are left out of what a trial is addressed by.
 */
import { MOST_ALLOCATED } from "../../engine/ring/allocate";
import { bucketCounts } from "../../engine/ring/jump";
import { partitionCounts } from "../../engine/ring/layout";
import { HINTED, MAX_HOMES } from "../../engine/ring/ring";
import type { RingSettings, RingStrategy } from "../../engine/vocabulary/settings";
import type { MemberPlan } from "./cross-checks";
import type { Place } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";

type Warn = (at: Place, message: string) => void;

/** Which strategies use a key. */
const USED_BY: Readonly<Record<string, readonly RingStrategy[]>> = {
  "ring.partitions": ["equal-partitions", "tokens-over-equal-partitions", "claim"],
  "ring.vnodes_per_node": ["random-tokens", "tokens-over-equal-partitions", "allocate"],
  "ring.dealing": ["equal-partitions"],
  "ring.target_n": ["claim"],
  "ring.target_location_n": ["claim"],
  "ring.replication": ["allocate"],
  "ring.owners": ["explicit"],
};

export function ringOf(values: Values): RingSettings {
  const strategy = values.text("ring.strategy") as RingStrategy;
  const optional = (key: string): number | undefined => values.get(key) as number | undefined;
  const locations = optional("ring.target_location_n");
  const owners = values.get("ring.owners") as readonly string[] | undefined;
  return {
    strategy,
    partitions: values.number("ring.partitions"),
    vnodesPerNode: values.number("ring.vnodes_per_node"),
    hash: values.text("ring.hash") as RingSettings["hash"],
    distinctHosts: values.text("ring.distinct_hosts") as RingSettings["distinctHosts"],
    ...(strategy === "equal-partitions" && values.text("ring.dealing") === "random" ? { dealing: "random" } : {}),
    ...(values.text("ring.spread") === "zones" ? { spread: "zones" } : {}),
    ...(strategy === "claim" ? { targetN: values.number("ring.target_n") } : {}),
    ...(strategy === "claim" && locations !== undefined ? { targetLocationN: locations } : {}),
    ...(strategy === "allocate"
      ? { replication: optional("ring.replication") ?? values.number("tunables.n_val") }
      : {}),
    ...(strategy === "explicit" && owners !== undefined ? { owners } : {}),
  };
}

export function checkRing(values: Values, members: readonly MemberPlan[], warn: Warn, problems: Problems): void {
  if (!values.sound("ring.strategy")) return;
  const strategy = values.text("ring.strategy") as RingStrategy;
  checkNodes(values, strategy, members, problems);
  checkUnused(values, strategy, warn);
  checkOwners(values, strategy, members, warn, problems);
  checkRanges(values, strategy, members, problems);
  checkWeights(values, strategy, members, warn);
  checkSpread(values, members, warn);
}

function checkNodes(values: Values, strategy: RingStrategy, members: readonly MemberPlan[], problems: Problems): void {
  const nodes = members.length;
  const partitions = values.get("ring.partitions") as number | undefined;
  if ((strategy === "equal-partitions" || strategy === "claim") && partitions !== undefined && partitions < nodes)
    problems.error(
      values.place(values.given("ring.partitions") ? "ring.partitions" : "cluster.nodes"),
      `ring.partitions is ${partitions} but there are ${nodes} nodes; every node needs at least one partition`,
    );
  const perNode = values.get("ring.vnodes_per_node") as number | undefined;
  if (strategy !== "allocate" || perNode === undefined) return;
  const tokens = members.reduce((sum, { weight }) => sum + Math.max(1, Math.round(perNode * weight)), 0);
  if (tokens > MOST_ALLOCATED)
    problems.error(
      values.place(values.given("ring.vnodes_per_node") ? "ring.vnodes_per_node" : "cluster.nodes"),
      `${tokens} tokens are too many to be allocated one by one; allowed: at most ${MOST_ALLOCATED}`,
    );
}

function checkUnused(values: Values, strategy: RingStrategy, warn: Warn): void {
  // In a sweep over strategies it is what the other cells need.
  if (values.place("ring.strategy").origin === "axis") return;
  for (const [key, users] of Object.entries(USED_BY))
    if (values.given(key) && values.sound(key) && !users.includes(strategy))
      warn(values.place(key), `${key} has no effect with ring.strategy ${strategy}; it belongs to ${inWords(users)}`);
}

function inWords(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

function checkOwners(
  values: Values,
  strategy: RingStrategy,
  members: readonly MemberPlan[],
  warn: Warn,
  problems: Problems,
): void {
  if (strategy !== "explicit") return;
  if (!values.sound("ring.owners")) return;
  const owners = values.get("ring.owners") as readonly string[] | undefined;
  if (owners === undefined) {
    problems.error(
      values.place("ring.strategy"),
      "ring.strategy is explicit but ring.owners is not given; name the node of each partition, such as [node-1, node-2]",
    );
    return;
  }
  const ids = new Set(members.map(({ id }) => id));
  for (const id of new Set(owners))
    if (!ids.has(id))
      problems.error(
        values.place("ring.owners"),
        `ring.owners names "${id}", but the nodes are node-1 to node-${members.length}`,
      );
  const idle = members.filter(({ id }) => !owners.includes(id)).map(({ id }) => id);
  if (idle.length > 0)
    warn(
      values.place("ring.owners"),
      `ring.owners gives no partition to ${idle.slice(0, 5).join(", ")}${idle.length > 5 ? ` and ${idle.length - 5} more` : ""}, which ${idle.length === 1 ? "therefore stores" : "therefore store"} nothing`,
    );
}

/** Where hosts repeat, every range is a home of its own, and there are numbers for so many. */
function checkRanges(values: Values, strategy: RingStrategy, members: readonly MemberPlan[], problems: Problems): void {
  const sized = ["ring.partitions", "ring.vnodes_per_node", "ring.owners"];
  if (values.text("ring.distinct_hosts") !== "claim") return;
  if (!values.sound(...sized, "tunables.stand_in", "tunables.sloppy_quorum")) return;
  const perNode = values.number("ring.vnodes_per_node");
  const ofNode = members.map(({ weight }) => Math.max(1, Math.round(perNode * weight)));
  const owners = values.get("ring.owners") as readonly string[] | undefined;
  const [key, ranges] = ((): readonly [string, number] => {
    switch (strategy) {
      case "equal-partitions":
      case "claim":
        return ["ring.partitions", values.number("ring.partitions")];
      case "explicit":
        return ["ring.owners", owners?.length ?? 0];
      case "jump":
        return ["ring.strategy", bucketCounts(members.map(({ weight }) => weight)).reduce((sum, one) => sum + one, 0)];
      case "random-tokens":
      case "tokens-over-equal-partitions":
      case "allocate":
        return ["ring.vnodes_per_node", ofNode.reduce((sum, one) => sum + one, 0)];
    }
  })();
  const ofTokens = key === "ring.vnodes_per_node";
  const standIn = values.text("tunables.stand_in");
  const lends = standIn !== "none" && (standIn !== "fallback" || values.get("tunables.sloppy_quorum") === true);
  const most = lends ? MAX_HOMES : HINTED;
  const counted = lends || !ofTokens ? ranges : Math.max(...ofNode);
  if (counted <= most) return;
  const at = values.place(values.given(key) ? key : "ring.distinct_hosts");
  const instead = lends ? "tunables.stand_in none, or ring.distinct_hosts walk" : "ring.distinct_hosts walk";
  problems.error(
    at,
    `the ring has ${ranges} ranges and ring.distinct_hosts claim stores each apart; allowed: at most ${most}; otherwise ${instead}`,
  );
}

/** How far a node's part may be from what its weight asks before it is told. */
const FAR_FROM_WEIGHT = 0.2;

function checkWeights(values: Values, strategy: RingStrategy, members: readonly MemberPlan[], warn: Warn): void {
  if (!values.given("cluster.weights") || !values.sound("cluster.weights", "ring.partitions", "tunables.n_val")) return;
  const at = values.place("cluster.weights");
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  if (strategy === "explicit")
    warn(
      at,
      "cluster.weights has no effect on ring.strategy explicit, whose owners are listed, until the ring changes",
    );
  const n = values.number("tunables.n_val");
  const heavy = members.find(({ weight }) => weight / total > 1 / n + 1e-9);
  if (heavy !== undefined && members.length > n)
    warn(
      at,
      `${heavy.id} has ${Math.round((100 * heavy.weight) / total)} % of the weight, but with n_val ${n} no node can hold more than one copy of a key: its share of copies ends at ${Math.round(100 / n)} %`,
    );
  if (strategy !== "equal-partitions" && strategy !== "claim") return;
  const partitions = values.number("ring.partitions");
  if (partitions < members.length) return;
  const weights = members.map(({ weight }) => weight);
  const counts = partitionCounts(partitions, weights);
  const worst = members
    .map(({ id, weight }, i) => ({ id, count: counts[i], quota: (partitions * weight) / total }))
    .reduce((a, b) => (Math.abs(b.count / b.quota - 1) > Math.abs(a.count / a.quota - 1) ? b : a));
  if (Math.abs(worst.count / worst.quota - 1) > FAR_FROM_WEIGHT)
    warn(
      at,
      `${partitions} partitions cannot follow cluster.weights: ${worst.id} gets ${worst.count} where its weight asks for ${worst.quota.toFixed(1)}; more ring.partitions come nearer`,
    );
}

function checkSpread(values: Values, members: readonly MemberPlan[], warn: Warn): void {
  if (values.text("ring.spread") !== "zones") return;
  const place = values.place("ring.spread");
  if (values.text("ring.distinct_hosts") === "claim")
    warn(place, "ring.spread zones has no effect with ring.distinct_hosts claim, which walks past nobody");
  const zones = new Set(members.map(({ zone }) => zone));
  if (zones.size === 1 && place.origin !== "axis" && values.place("cluster.zones").origin !== "axis")
    warn(place, "ring.spread zones has no effect with one zone; name several in cluster.zones");
}
