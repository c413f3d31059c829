/**
 * What the faults under way amount to on one directed link, for both worlds: chances combine as independent ones, delays
 * add, a link is held while any hold on it was not released, and cut while any partition stands between its ends. The
 * simulated network asks this per message, a cluster of processes hands it to the node at the link's beginning.
 *
 * Parties of a partition are numbered: nodes first, then the clients' sessions.
 */
import type { DistributionSettings } from "../vocabulary/settings";
import type { LinkRule, LinkSet, PartitionRule } from "./faults";

/** What happens on a link of the network that no fault touches. */
export interface LinkChances {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
}

/** What faults make of a link; chances include the network's own. Plain data: it travels to processes as JSON. */
export interface LinkHarm extends LinkChances {
  readonly extra: readonly DistributionSettings[];
  readonly held: boolean;
  readonly cut: boolean;
}

/** Undefined for a link that rules and partitions leave alone. */
export function harmOf(
  base: LinkChances,
  rules: readonly LinkRule[],
  partitions: readonly PartitionRule[],
  nodes: number,
  from: number,
  to: number,
): LinkHarm | undefined {
  const cut = isCut(partitions, nodes, from, to);
  const covering = rules.filter((rule) => covers(rule, from, to));
  if (covering.length === 0 && !cut) return undefined;
  let { loss, duplicate, reorder } = base;
  const extra: DistributionSettings[] = [];
  for (const rule of covering) {
    loss = either(loss, rule.loss);
    duplicate = either(duplicate, rule.duplicate);
    reorder = either(reorder, rule.reorder);
    if (rule.extra !== undefined) extra.push(rule.extra);
  }
  return { loss, duplicate, reorder, extra, held: covering.some((rule) => holds(rule, from, to)), cut };
}

function covers({ from, to, bothWays }: LinkSet, source: number, target: number): boolean {
  return (from.has(source) && to.has(target)) || (bothWays && from.has(target) && to.has(source));
}

/** Whether a rule holds messages back on this link: until it ends, or the link was released. */
export function holds(rule: LinkRule, from: number, to: number): boolean {
  return (
    rule.hold !== undefined &&
    covers(rule, from, to) &&
    !rule.hold.except.some((released) => covers(released, from, to))
  );
}

/** The chance that at least one of two independent things happens. */
function either(a: number, b: number | undefined): number {
  return b === undefined ? a : 1 - (1 - a) * (1 - b);
}

/** Whether messages from one party to another vanish; `nodes` is how many of the parties are nodes. */
export function isCut(partitions: readonly PartitionRule[], nodes: number, from: number, to: number): boolean {
  for (const { groupOf, oneWay, sideOf } of partitions) {
    if (sideOf === undefined && (from >= nodes || to >= nodes)) continue;
    const here = from < nodes ? groupOf[from] : sideOf!(from - nodes);
    const there = to < nodes ? groupOf[to] : sideOf!(to - nodes);
    if (here < 0 || there < 0 || here === there) continue;
    if (!oneWay || here < there) return true;
  }
  return false;
}
