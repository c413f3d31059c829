/**
 * How often some key cannot be read or written, by simulation of failures over a real ring (Lynch and Snyder, "Cassandra Availability with
 * Virtual Nodes", Netflix 2018): nodes fail independently; a failed one is rebuilt from the nodes that share keys with it, as fast as its own
 * link takes or theirs give; an outage is a failure that leaves some range without a quorum. More vnodes share keys with more nodes: the
 * rebuild is faster until the link is full, and every further neighbour is one more whose failure meets it.
 *
 * Real failure rates give an outage in a century or so, and thousands are needed to tell ten percent. So time is the failure rate's: it is
 * multiplied, and as outages of two failures go with its square, the count is divided by that. It is right while the chance of an outage
 * at one failure stays small; the closed form (results/predictions/outages.ts) takes any rate and is what checks it.
 */
import { ln } from "../vocabulary/mathematics";
import type { Random } from "../vocabulary/random";
import { neighboursOf } from "./properties";
import type { Ring } from "./ring";

export interface OutageSettings {
  readonly centuries: number;
  /** Failures of one node in a century. */
  readonly failuresPerCentury: number;
  /** The failure rate is multiplied by it. */
  readonly acceleration: number;
  readonly bytesPerNode: number;
  /** What a node can take in, and what each neighbour gives, a second. */
  readonly inBytesPerSecond: number;
  readonly outBytesPerSecond: number;
}

export interface Outages {
  readonly perCentury: number;
  /** Outages counted, at the accelerated rate. */
  readonly counted: number;
  readonly failures: number;
}

/** 100 Julian years. */
export const CENTURY_SECONDS = 3_155_760_000;

export function simulateOutages(ring: Ring, n: number, settings: OutageSettings, random: Random): Outages {
  const nodes: number[] = [];
  ring.members.forEach((_, node) => {
    if (ring.has(node)) nodes.push(node);
  });
  const neighbours = neighboursOf(ring, n);
  const rebuildSeconds = neighbours.map(
    (count) =>
      settings.bytesPerNode / Math.min(settings.inBytesPerSecond, Math.max(1, count) * settings.outBytesPerSecond),
  );
  const sets = ring.groups(n).map(({ replicas }) => [...new Set(replicas.map(({ node }) => node))]);
  const setsOf = ring.members.map((): number[] => []);
  sets.forEach((set, at) => set.forEach((node) => setsOf[node].push(at)));
  const quorum = Math.floor(n / 2) + 1;
  const failuresPerSecond = (nodes.length * settings.failuresPerCentury * settings.acceleration) / CENTURY_SECONDS;
  const end = settings.centuries * CENTURY_SECONDS;
  const downUntil = ring.members.map(() => 0);
  let down: number[] = [];
  let counted = 0;
  let failures = 0;
  for (let now = 0; ;) {
    now -= ln(1 - random.nextFloat()) / failuresPerSecond;
    if (now >= end) break;
    const node = nodes[random.nextBelow(nodes.length)];
    if (downUntil[node] > now) continue;
    failures++;
    down = down.filter((one) => downUntil[one] > now);
    downUntil[node] = now + rebuildSeconds[node];
    down.push(node);
    if (down.length <= n - quorum) continue;
    const lost = setsOf[node].some((at) => {
      const set = sets[at];
      return set.filter((one) => downUntil[one] > now).length > set.length - quorum;
    });
    if (lost) counted++;
  }
  // As many failures as it takes to lose a quorum were multiplied.
  let perCentury = counted / settings.centuries;
  for (let failed = 0; failed <= n - quorum; failed++) perCentury /= settings.acceleration;
  return { perCentury, counted, failures };
}
