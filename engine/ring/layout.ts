/**
 * How Q equal partitions are dealt to nodes of given weights (Dynamo's strategy 3, Riak): first how many each gets, then
 * in what order they lie, so that the copies of a key, which go to neighbouring partitions, land on different nodes.
 *
 * Dealing round robin does that until the ring closes: with Q mod S left over, the tail repeats the nodes of the head
 * at a distance of Q mod S, and a key there has two copies on one node (Riak's "tail violation"). The rule here
 * avoids it: the ring is cut into M blocks, M the largest count; nodes that own M partitions stand in the same order at
 * the head of every block, and the others, laid out by this same rule among themselves, fill the blocks evenly. With
 * equal weights a node's partitions are then floor(Q / ceil(Q/S)) or more apart all around, and no layout does better,
 * since a node with M of Q partitions has two within floor(Q/M). Unequal weights may leave two partitions of a small
 * node closer than need be; `spread` then swaps partitions until any few neighbours differ, as far as swaps can.
 */

/**
 * Partitions of each node: proportional to weight by largest remainder, at least one, `partitions` together. Where that leaves a choice, a
 * node that holds more of them already (`held`) keeps them; without it, the first in order gains.
 */
export function partitionCounts(partitions: number, weights: readonly number[], held?: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const quotas = weights.map((weight) => (partitions * weight) / total);
  const counts = quotas.map((quota) => Math.max(1, Math.floor(quota)));
  let left = partitions - counts.reduce((sum, count) => sum + count, 0);
  const keeps = (node: number): number => (held === undefined ? 0 : (held[node] - counts[node]) * Math.sign(left));
  while (left !== 0) {
    // The node furthest below its quota gains; or, where the guarantee of one overspent, the furthest above it yields.
    let chosen = -1;
    for (let node = 0; node < counts.length; node++) {
      if (left < 0 && counts[node] === 1) continue;
      const lack = (quotas[node] - counts[node]) * Math.sign(left);
      const most = chosen < 0 ? -Infinity : (quotas[chosen] - counts[chosen]) * Math.sign(left);
      if (lack > most || (lack === most && keeps(node) > keeps(chosen))) chosen = node;
    }
    counts[chosen] += Math.sign(left);
    left -= Math.sign(left);
  }
  return counts;
}

/** The node of each partition, in ring order, given how many each node gets. */
export function layOut(counts: readonly number[]): number[] {
  return spread(inBlocks(counts), Math.max(...counts));
}

function inBlocks(counts: readonly number[]): number[] {
  const most = Math.max(...counts);
  if (most === 0) return [];
  const head = counts.flatMap((count, node) => (count === most ? [node] : []));
  const rest = inBlocks(counts.map((count) => (count === most ? 0 : count)));
  const ring: number[] = [];
  for (let block = 0; block < most; block++) {
    const from = Math.floor((block * rest.length) / most);
    const to = Math.floor(((block + 1) * rest.length) / most);
    ring.push(...head, ...rest.slice(from, to));
  }
  return ring;
}

/** More copies of a key than this are not worth moving partitions for. */
const MOST_NEIGHBOURS = 8;

/** Widens the gaps one step at a time, and keeps the last ring in which every gap is that wide. */
function spread(ring: number[], most: number): number[] {
  const widest = Math.min(Math.floor(ring.length / most), MOST_NEIGHBOURS);
  let best = ring;
  for (let gap = 2; gap <= widest; gap++) {
    const trial = best.slice();
    // Every swap makes clashes fewer in all, though perhaps one more behind us: go round until a whole round is clean.
    for (let at = 0, clean = 0; clean < trial.length; at = (at + 1) % trial.length) {
      if (clashes(trial, at, gap) === 0) {
        clean++;
      } else {
        clean = 0;
        while (clashes(trial, at, gap) > 0) if (!swapAway(trial, at, gap)) return best;
      }
    }
    best = trial;
  }
  return best;
}

/** How many partitions less than `gap` steps from `at`, either way, are its node's too. */
function clashes(ring: readonly number[], at: number, gap: number): number {
  const { length } = ring;
  let count = 0;
  for (let step = 1; step < gap; step++) {
    if (ring[(at + step) % length] === ring[at]) count++;
    if (ring[(at - step + length) % length] === ring[at]) count++;
  }
  return count;
}

/** Exchanges `at` with the nearest partition after it that makes clashes fewer; false where there is none. */
function swapAway(ring: number[], at: number, gap: number): boolean {
  for (let step = 1; step < ring.length; step++) {
    const other = (at + step) % ring.length;
    if (ring[other] === ring[at]) continue;
    const before = clashes(ring, at, gap) + clashes(ring, other, gap);
    [ring[at], ring[other]] = [ring[other], ring[at]];
    if (clashes(ring, at, gap) + clashes(ring, other, gap) < before) return true;
    [ring[at], ring[other]] = [ring[other], ring[at]];
  }
  return false;
}
