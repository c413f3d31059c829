/**
 * Riak's claim, version 2 (engines.md 2.14; riak_core_claim): a node that comes takes partitions from those that hold more than their share,
 * first the ones that stand too near another of their owner's, then in ring order, and never two within `target_n` of each other; so that any
 * `target_n` partitions in a row are on different nodes and a preference list that does not walk past hosts is still n machines. Where that
 * cannot be done piecemeal, the whole ring is laid out anew, which is safe and moves nearly everything.
 *
 * Two mistakes of earlier versions are avoided. Dealing round robin leaves a *tail violation* where Q mod S is between 1 and target_n - 1: the
 * last partitions repeat the first ones across the seam (riak_core#910, #970); the layout by blocks has no seam. And taking `floor(Q/S)`
 * from whoever has more leaves somebody with two too many (6,6,6,8,6 of 32 on five nodes, riak_core#913); wanted counts are settled first here.
 */
import type { MemberSettings } from "../vocabulary/settings";
import { layOut, partitionCounts } from "./layout";

export interface ClaimAims {
  /** So many partitions in a row on different nodes. */
  readonly targetN: number;
  /** And in different zones, where that can be had for nothing. Undefined: zones do not matter. */
  readonly targetLocationN?: number;
}

/** Owners after the change; of a new ring, `owners` are all of its first member. */
export function claim(
  owners: readonly number[],
  members: readonly number[],
  universe: readonly MemberSettings[],
  aims: ClaimAims,
): number[] {
  const partitions = owners.length;
  const held = members.map(() => 0);
  const place = new Map(members.map((node, i) => [node, i]));
  for (const node of owners) if (place.has(node)) held[place.get(node)!]++;
  const wanted = partitionCounts(
    partitions,
    members.map((node) => universe[node].weight),
    held,
  );
  const enough = members.length > aims.targetN || (members.length === aims.targetN && partitions % aims.targetN === 0);
  const claimed = owners.slice();
  const lack = new Map(members.map((node, i) => [node, wanted[i] - held[i]]));
  handOver(claimed, lack, aims, universe);
  for (const node of members) {
    if (lack.get(node)! <= 0) continue;
    const order = enough
      ? violationsFirst(claimed, aims.targetN)
      : asIfEnough(partitions, place.get(node)!, aims.targetN);
    take(node, claimed, order, lack, aims, universe);
  }
  // One too many or too few is no reason to move everything, where distances are kept.
  const most = enough ? 1 : 0;
  const settled =
    claimed.every((node) => lack.has(node)) && [...lack.values()].every((missing) => Math.abs(missing) <= most);
  if (settled && (!enough || violations(claimed, aims.targetN) === 0)) return claimed;
  return laidOut(members, wanted, aims, universe);
}

/** Partitions with another of the same node less than `targetN` steps on. */
export function violations(owners: readonly number[], targetN: number): number {
  let count = 0;
  for (let partition = 0; partition < owners.length; partition++)
    for (let step = 1; step < targetN && step < owners.length; step++)
      if (owners[(partition + step) % owners.length] === owners[partition]) {
        count++;
        break;
      }
  return count;
}

/** Partitions of nodes that left go to whoever lacks most, or exceeds least, and has none near; what nobody can take stays for the layout anew. */
function handOver(
  owners: number[],
  lack: Map<number, number>,
  aims: ClaimAims,
  universe: readonly MemberSettings[],
): void {
  for (let partition = 0; partition < owners.length; partition++) {
    if (lack.has(owners[partition])) continue;
    let heir = -1;
    let best = -Infinity;
    for (const [node, missing] of lack) {
      if (near(owners, partition, aims.targetN, (other) => other === node)) continue;
      const merit = missing + (inOneZone(owners, partition, node, aims, universe) ? 0 : 0.5);
      if (merit > best) {
        best = merit;
        heir = node;
      }
    }
    if (heir < 0) continue;
    owners[partition] = heir;
    lack.set(heir, lack.get(heir)! - 1);
  }
}

/** Zones first try to differ; a partition that only fails in that is taken in a second round. */
function take(
  node: number,
  owners: number[],
  order: readonly number[],
  lack: Map<number, number>,
  aims: ClaimAims,
  universe: readonly MemberSettings[],
): void {
  for (const zones of aims.targetLocationN === undefined ? [false] : [true, false])
    for (const partition of order) {
      if (lack.get(node)! <= 0) return;
      const owner = owners[partition];
      if (owner === node || !((lack.get(owner) ?? -1) < 0)) continue;
      if (near(owners, partition, aims.targetN, (other) => other === node)) continue;
      if (zones && inOneZone(owners, partition, node, aims, universe)) continue;
      owners[partition] = node;
      if (lack.has(owner)) lack.set(owner, lack.get(owner)! + 1);
      lack.set(node, lack.get(node)! - 1);
    }
}

function violationsFirst(owners: readonly number[], targetN: number): number[] {
  const violated: number[] = [];
  const others: number[] = [];
  owners.forEach((node, partition) => {
    (near(owners, partition, targetN, (other) => other === node) ? violated : others).push(partition);
  });
  return [...violated, ...others];
}

/** With fewer nodes than `targetN`, as though there were so many: every targetN-th partition first. */
function asIfEnough(partitions: number, place: number, targetN: number): number[] {
  const order: number[] = [];
  for (let offset = 0; offset < targetN; offset++)
    for (let partition = (place + offset) % targetN; partition < partitions; partition += targetN)
      order.push(partition);
  return order;
}

function near(owners: readonly number[], partition: number, within: number, is: (node: number) => boolean): boolean {
  const { length } = owners;
  for (let step = 1; step < within && step < length; step++)
    if (is(owners[(partition + step) % length]) || is(owners[(partition - step + length) % length])) return true;
  return false;
}

function inOneZone(
  owners: readonly number[],
  partition: number,
  node: number,
  { targetLocationN }: ClaimAims,
  universe: readonly MemberSettings[],
): boolean {
  const { zone } = universe[node];
  return (
    targetLocationN !== undefined && near(owners, partition, targetLocationN, (other) => universe[other].zone === zone)
  );
}

/** From nothing. Nodes of different zones alternate in the order that the layout repeats. */
function laidOut(
  members: readonly number[],
  wanted: readonly number[],
  aims: ClaimAims,
  universe: readonly MemberSettings[],
): number[] {
  const order = members.map((_, i) => i);
  if (aims.targetLocationN !== undefined) {
    const rank = new Map<string, number>();
    const ranks = members.map((node) => {
      const { zone } = universe[node];
      const next = rank.get(zone) ?? 0;
      rank.set(zone, next + 1);
      return next;
    });
    order.sort((a, b) => ranks[a] - ranks[b] || a - b);
  }
  return layOut(order.map((i) => wanted[i])).map((at) => members[order[at]]);
}
