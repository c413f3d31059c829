/**
 * Partitions dealt anew when members come or go (Dynamo's strategy 3 says only that a joining node "steals" partitions and a leaving one
 * hands them back). Fair counts are worked out first, with ties for whoever holds more already, and then as many partitions change hands as
 * the counts make necessary and not one more: those of nodes that left, and what others hold beyond their count.
 *
 * Which ones is free, and matters: copies go to neighbouring partitions, so a node that gets two neighbours spreads its load badly and, where
 * hosts are not walked past, keeps two copies on one machine. Each is chosen where it stands apart, and afterwards exchanged among those that
 * move anyway. Where few nodes are left that may be impossible without moving more; then less movement wins, and neighbours stay. A ring that has grown node by node is thus nearly as well laid out as a fresh one, without the movement of laying it out afresh.
 */
import type { Random } from "../vocabulary/random";
import type { NodeIndex } from "./plan";
import { partitionCounts } from "./layout";

/** Neighbours further than this do not matter: no key has so many copies. */
const MOST_NEIGHBOURS = 8;
/** Candidates looked at for one move, and exchanges tried in all: rings of 65,536 partitions stay quick. */
const MOST_CANDIDATES = 4_096;
const MOST_EXCHANGES = 200_000;

/**
 * Owners after the change; `weights` is of the whole universe, `members` who owns partitions from now on. Given `drawn`, as many partitions
 * move, but which is drawn, whatever lies beside them.
 * @throws RangeError with more members than partitions.
 */
export function redeal(
  owners: readonly NodeIndex[],
  members: readonly NodeIndex[],
  weights: readonly number[],
  drawn?: Random,
): NodeIndex[] {
  const partitions = owners.length;
  if (members.length > partitions)
    throw new RangeError(`${partitions} partitions for ${members.length} nodes; at least one partition a node`);
  const held = new Map<NodeIndex, number>(members.map((node) => [node, 0]));
  for (const node of owners) if (held.has(node)) held.set(node, held.get(node)! + 1);
  const heldOf = members.map((node) => held.get(node)!);
  const counts = partitionCounts(
    partitions,
    members.map((node) => weights[node]),
    heldOf,
  );
  const lack = new Map(members.map((node, i) => [node, counts[i] - heldOf[i]]));
  const dealt = owners.slice();
  const gap = Math.max(2, Math.min(Math.floor(partitions / Math.max(...counts)), MOST_NEIGHBOURS));
  const free = (partition: number): boolean => {
    const owner = dealt[partition];
    return !lack.has(owner) || lack.get(owner)! < 0;
  };
  const receivers = members.filter((node) => lack.get(node)! > 0);
  const moved: number[] = [];
  const cursors = new Map(receivers.map((node) => [node, 0]));
  for (;;) {
    let receiver = -1;
    for (const node of receivers)
      if (lack.get(node)! > 0 && (receiver < 0 || lack.get(node)! > lack.get(receiver)!)) receiver = node;
    if (receiver < 0) break;
    const chosen =
      drawn !== undefined ? anyOf(dealt, free, drawn) : bestFor(receiver, dealt, free, gap, cursors.get(receiver)!);
    const giver = dealt[chosen];
    if (lack.has(giver)) lack.set(giver, lack.get(giver)! + 1);
    lack.set(receiver, lack.get(receiver)! - 1);
    dealt[chosen] = receiver;
    moved.push(chosen);
    const share = Math.max(1, Math.floor(partitions / counts[members.indexOf(receiver)]));
    cursors.set(receiver, (chosen + share) % partitions);
  }
  if (drawn === undefined) setApart(dealt, owners, moved, gap, (node) => lack.has(node));
  return dealt;
}

function anyOf(dealt: readonly NodeIndex[], free: (partition: number) => boolean, drawn: Random): number {
  let partition = drawn.nextBelow(dealt.length);
  while (!free(partition)) partition = drawn.nextBelow(dealt.length);
  return partition;
}

/** From `cursor` on, the first of those partitions that leave the fewest and farthest neighbours of one node. */
function bestFor(
  receiver: NodeIndex,
  dealt: readonly NodeIndex[],
  free: (partition: number) => boolean,
  gap: number,
  cursor: number,
): number {
  let best = -1;
  let least = Infinity;
  let looked = 0;
  for (let step = 0; step < dealt.length && looked < MOST_CANDIDATES; step++) {
    const partition = (cursor + step) % dealt.length;
    if (!free(partition)) continue;
    looked++;
    const cost = crowding(dealt, partition, receiver, gap) - crowding(dealt, partition, dealt[partition], gap);
    if (cost < least) {
      least = cost;
      best = partition;
    }
  }
  return best;
}

/** How near `node`'s other partitions would be to this one: 0 where none is within the gap. */
export function crowding(ring: readonly NodeIndex[], partition: number, node: NodeIndex, gap: number): number {
  const { length } = ring;
  let cost = 0;
  for (let step = 1; step < gap && step < length; step++) {
    const weight = (gap - step) * (gap - step);
    if (ring[(partition + step) % length] === node) cost += weight;
    if (ring[(partition - step + length) % length] === node) cost += weight;
  }
  return cost;
}

/** Exchanges receivers of partitions that move, or which of its partitions a giver gives, while that sets neighbours apart. */
function setApart(
  dealt: NodeIndex[],
  before: readonly NodeIndex[],
  moved: number[],
  gap: number,
  stays: (node: NodeIndex) => boolean,
): void {
  let tries = MOST_EXCHANGES;
  for (let better = true; better;) {
    better = false;
    for (let i = 0; i < moved.length; i++) {
      const here = moved[i];
      if (crowding(dealt, here, dealt[here], gap) === 0) continue;
      for (let j = 0; j < moved.length; j++) {
        if (--tries < 0) return;
        if (exchange(dealt, here, moved[j], gap)) better = true;
      }
      const giver = before[here];
      if (!stays(giver)) continue;
      for (let other = 0; other < dealt.length; other++) {
        if (dealt[other] !== giver || before[other] !== giver) continue;
        if (--tries < 0) return;
        if (!exchange(dealt, here, other, gap)) continue;
        moved[i] = other;
        better = true;
        break;
      }
    }
  }
}

/** Done, and true, where it makes neighbours fewer. */
function exchange(ring: NodeIndex[], a: number, b: number, gap: number): boolean {
  const first = ring[a];
  const second = ring[b];
  if (first === second) return false;
  const before = crowding(ring, a, first, gap) + crowding(ring, b, second, gap);
  ring[a] = second;
  ring[b] = first;
  if (crowding(ring, a, second, gap) + crowding(ring, b, first, gap) < before) return true;
  ring[a] = first;
  ring[b] = second;
  return false;
}
