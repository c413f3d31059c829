/**
 * What faults mean together and in time. A schedule that cannot happen is an error: a fault after the end of the run, a
 * node on two sides of a partition. One that happens but cannot show what it seems to is a warning, because studying it
 * may be the point: a fault that never heals, or heals when nobody looks any more.
 *
 * Faults of one kind that overlap on the same nodes or links are a warning too and not an error: they compose (a node is
 * down while any of them holds it, factors multiply, chances combine), which is what random schedules need; but of two
 * that a person wrote, one is often a slip.
 */
import {
  OF_MEMBERSHIP,
  resolveTargets,
  type FaultAction,
  type FaultKind,
  type FaultSettings,
} from "../../engine/vocabulary/faults";
import { formatDuration } from "../../engine/vocabulary/quantities";
import type { MemberPlan } from "./cross-checks";
import type { PhaseSettings, World } from "./experiment";
import { readsWallTime } from "./clock-checks";
import { isInstantaneous } from "./fault-reader";
import type { ReadFault, TimedFault } from "./faults";
import { placeOf } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Share of the run that should be left after a fault to see what became of it. */
const REST = 0.1;

export function checkFaultTimes(
  times: readonly TimedFault[],
  phases: PhaseSettings,
  warn: Warn,
  problems: Problems,
): void {
  for (const one of times) checkTime(one, phases, warn, problems);
}

export function checkFaults(
  faults: readonly ReadFault[],
  around: { readonly values: Values; readonly members: readonly MemberPlan[] },
  warn: Warn,
  problems: Problems,
): void {
  const { values, members } = around;
  for (const fault of faults) {
    checkNeeds(fault, values, warn);
    if (fault.settings.action.kind === "partition")
      checkGroups(fault, fault.settings.action.groups, members, warn, problems);
    checkEffect(fault, members, problems);
  }
  checkMembers(faults, values, members, warn, problems);
  faults.forEach((later, i) => {
    for (const earlier of faults.slice(0, i)) checkOverlap(earlier, later, members, warn);
  });
}

/** Who is to join has to be a spare that is not there yet, and who is to go has to be there. */
function checkMembers(
  faults: readonly ReadFault[],
  values: Values,
  members: readonly MemberPlan[],
  warn: Warn,
  problems: Problems,
): void {
  const gossips = values.text("tunables.membership") === "gossip";
  const n = values.number("tunables.n_val");
  const there = new Set(members.flatMap(({ joins }, i) => (joins === true ? [] : [i])));
  const down = new Set<number>();
  const ordered = [...faults].sort((a, b) => a.settings.atMs - b.settings.atMs);
  for (const { settings, node } of ordered) {
    const { id, action } = settings;
    if (action.kind === "kill") for (const one of resolveTargets(action.nodes, members).nodes) down.add(one);
    if (!OF_MEMBERSHIP.has(action.kind) || !("nodes" in action)) continue;
    const at = placeOf(node, ["kind"], "value");
    if (!gossips) {
      problems.error(at, `fault "${id}" changes who is in the ring; it needs tunables.membership: gossip`);
      continue;
    }
    const named = resolveTargets(action.nodes, members).nodes;
    const joining =
      action.kind === "join" ? named : action.kind === "replace" ? resolveTargets([action.with], members).nodes : [];
    const going = action.kind === "join" ? [] : named;
    for (const one of joining) {
      if (there.has(one) || members[one].joins !== true)
        problems.error(at, `fault "${id}" has ${members[one].id} join, which is there already; cluster.spares join`);
      there.add(one);
    }
    for (const one of going) {
      if (!there.has(one))
        problems.error(at, `fault "${id}" has ${members[one].id} go, which is not in the ring by then`);
      if (action.kind !== "leave" && !down.has(one))
        warn(
          at,
          `fault "${id}" removes ${members[one].id} though no kill before has ended it: what it holds alone is lost`,
        );
      there.delete(one);
    }
    if (there.size === 0) problems.error(at, `fault "${id}" leaves nobody in the ring`);
    else if (going.length > joining.length && there.size < n)
      warn(
        at,
        `fault "${id}" leaves ${there.size === 1 ? "one member" : `${there.size} members`} for n_val ${n}: each key then has ${there.size === 1 ? "one copy" : `${there.size} copies`}, and a quorum above that cannot be met`,
      );
    if (action.kind === "replace" && named.length > 1)
      problems.error(at, `fault "${id}" replaces several nodes by one; write one fault for each`);
  }
}

function checkTime({ time, node }: TimedFault, phases: PhaseSettings, warn: Warn, problems: Problems): void {
  const { id, atMs, forMs, instantaneous } = time;
  const loadEnds = phases.warmupMs + phases.measureMs;
  const end = loadEnds + phases.drainMs;
  const at = placeOf(node, ["at"], "value");
  if (atMs >= end) {
    problems.error(
      at,
      `fault "${id}" begins at ${formatDuration(atMs)}, but the run ends at ${formatDuration(end)} (warmup + measure + drain)`,
    );
    return;
  }
  if (atMs >= loadEnds)
    warn(at, `fault "${id}" begins at ${formatDuration(atMs)}, in the drain: no client is there to see it`);
  if (instantaneous) return;
  if (forMs === undefined) {
    warn(placeOf(node, ["id"], "value"), `fault "${id}" never heals: without for it lasts to the end of the run`);
    return;
  }
  const heals = atMs + forMs;
  const lasting = placeOf(node, ["for"], "value");
  const left = end - heals;
  if (left < 0) {
    warn(
      lasting,
      `fault "${id}" would heal at ${formatDuration(heals)}, but the run ends at ${formatDuration(end)}: it never does`,
    );
  } else if (left < Math.min(forMs, REST * end)) {
    warn(
      lasting,
      `fault "${id}" heals at ${formatDuration(heals)} but the run ends at ${formatDuration(end)}, so convergence may not be observed; lengthen phases.drain`,
    );
  }
}

/** What a fault multiplies in simulation; processes have times of their own. */
const NEEDS: Readonly<Partial<Record<FaultKind, readonly string[]>>> = {
  "slow-node": ["node_model.service.message"],
  "slow-disk": ["node_model.service.read", "node_model.service.write", "node_model.service.sync"],
};

const OF_THE_DISK: ReadonlySet<FaultKind> = new Set<FaultKind>(["slow-disk", "disk-full", "disk-error", "torn-write"]);

/** Why faults of this kind do nothing here; undefined where they do something. */
export function idleness(kind: FaultKind, values: Values, world = values.text("world") as World): string | undefined {
  if (OF_THE_DISK.has(kind) && values.text("cluster.storage") === "memory")
    return "cluster.storage is memory, which has no disk; lmdb has one";
  const needs = world === "simulation" ? NEEDS[kind] : undefined;
  if (needs?.every((key) => values.get(key) === undefined) === true)
    return `${kind} multiplies ${needs.join(", ")}, none of which is set`;
  if (kind === "overload" && world === "simulation" && !takesTime(values))
    return "a node takes no time for a request; give node_model.service.message, or network.bandwidth, or with a disk node_model.service.read";
  if (kind.startsWith("clock-") && !readsWallTime(values))
    return `tunables.clock ${values.text("tunables.clock")} reads no wall time, only lww and lww-hlc do`;
  return undefined;
}

/** Whether a get that is not the workload's can make anything late. */
function takesTime(values: Values): boolean {
  const disk = values.text("cluster.storage") !== "memory";
  const keys = ["node_model.service.message", "network.bandwidth", ...(disk ? ["node_model.service.read"] : [])];
  return keys.some((key) => values.get(key) !== undefined);
}

/** A fault that multiplies nothing, or sets a time that nobody reads, only seems to be survived. */
function checkNeeds({ settings, node }: ReadFault, values: Values, warn: Warn): void {
  const { id, action } = settings;
  const at = placeOf(node, ["kind"], "value");
  const idle = idleness(action.kind, values);
  if (idle !== undefined) warn(at, `fault "${id}" has no effect: ${idle}`);
  // Memory forgets with its process.
  if (action.kind === "kill" && action.disk === "keep" && values.text("cluster.storage") === "memory")
    warn(
      at,
      `fault "${id}" takes all that its nodes hold: cluster.storage is memory; with lmdb what was synced is kept`,
    );
}

/** Kinds that a person named; of those by default the idle ones are left out. */
export function checkDrawnKinds(kinds: readonly FaultKind[], values: Values, warn: Warn): void {
  for (const kind of kinds) {
    const idle = idleness(kind, values);
    if (idle !== undefined)
      warn(placeOf(values.tree, ["faults"], "key"), `random faults of kind ${kind} have no effect: ${idle}`);
  }
}

/** A node on two sides is on none; one on no side is a bridge. */
function checkGroups(
  { settings, node }: ReadFault,
  groups: readonly (readonly string[])[],
  members: readonly MemberPlan[],
  warn: Warn,
  problems: Problems,
): void {
  const at = placeOf(node, ["groups"], "key");
  const sides = groups.map((group) => resolveTargets(group, members).nodes);
  const count = members.map((_, i) => sides.filter((side) => side.includes(i)).length);
  const named = (wanted: (times: number) => boolean): string =>
    shortList(members.filter((_, i) => wanted(count[i])).map(({ id }) => id));
  if (count.some((times) => times > 1)) {
    problems.error(
      at,
      `fault "${settings.id}" puts ${named((times) => times > 1)} into several groups; a node stands on one side`,
    );
  } else if (count.some((times) => times === 0)) {
    warn(
      at,
      `fault "${settings.id}" leaves ${named((times) => times === 0)} in no group: what is in none reaches everybody`,
    );
  }
}

/** Links from a node to itself alone carry nothing that a fault could touch. */
function checkEffect({ settings, node }: ReadFault, members: readonly MemberPlan[], problems: Problems): void {
  const { action } = settings;
  if (!("links" in action) || linksOf(action, members).size > 0) return;
  problems.error(placeOf(node, ["links"], "key"), `fault "${settings.id}" names no link between two different nodes`);
}

function checkOverlap(a: ReadFault, b: ReadFault, members: readonly MemberPlan[], warn: Warn): void {
  const { kind } = a.settings.action;
  if (kind !== b.settings.action.kind || isInstantaneous(a.settings.action) || isInstantaneous(b.settings.action))
    return;
  const from = Math.max(a.settings.atMs, b.settings.atMs);
  const to = Math.min(endOf(a.occurrences.at(-1)!), endOf(b.occurrences.at(-1)!));
  if (from >= to) return;
  const common = touched(a.settings.action, members);
  const other = touched(b.settings.action, members);
  const both = common === "all" || other === "all" ? [] : [...common].filter((one) => other.has(one));
  if (common !== "all" && both.length === 0) return;
  const what = both.length === 0 ? "" : ` on ${shortList(both)}`;
  const until = to === Infinity ? "the end of the run" : formatDuration(to);
  warn(
    placeOf(b.node, ["at"], "value"),
    `faults "${a.settings.id}" and "${b.settings.id}" are both ${kind}${what} from ${formatDuration(from)} to ${until}; they compose, neither ends the other`,
  );
}

function endOf({ atMs, forMs }: FaultSettings): number {
  return forMs === undefined ? Infinity : atMs + forMs;
}

/** Names of nodes or links that a fault acts on; of partitions the whole cluster. */
function touched(action: FaultAction, members: readonly MemberPlan[]): ReadonlySet<string> | "all" {
  if ("groups" in action) return "all";
  if ("links" in action) return linksOf(action, members);
  return new Set(resolveTargets(action.nodes, members).nodes.map((i) => members[i].id));
}

type LinkAction = Extract<FaultAction, { readonly links: unknown }>;

/** Above so many nodes links are not told apart. */
const MOST_MEMBERS = 200;

function linksOf({ links }: LinkAction, members: readonly MemberPlan[]): ReadonlySet<string> {
  const from = resolveTargets(links.from, members).nodes;
  const to = resolveTargets(links.to, members).nodes;
  const found = new Set<string>();
  const coarse = members.length > MOST_MEMBERS;
  for (const a of from) {
    for (const b of to) {
      if (a === b) continue;
      found.add(coarse ? members[a].id : `${members[a].id}>${members[b].id}`);
      if (links.bothWays) found.add(coarse ? members[b].id : `${members[b].id}>${members[a].id}`);
      if (coarse) break;
    }
  }
  return found;
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
