/**
 * What news costs where nobody knows more than whom to probe: groups of SWIM from ten to ten thousand nodes, at rest and while one death
 * spreads, by piggyback on probes alone (the paper) and with rumours of their own five times a period (memberlist). There is no suspicion, so
 * that the spread begins with the first to find out and nobody's timer stands in for news. A node's load at rest should not
 * depend on the number of nodes, and the time until all know should grow with its logarithm. Full state by gossip is `membership.ts`.
 */
import "../../engine/real/native-octets";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import type { ClusterSettings, MemberSettings } from "../../engine/vocabulary/settings";

export interface DisseminationFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

export type Carrier = "probes" | "rumours";

export interface Spread {
  /** From the crash to the first who found out, and from there until all nodes had heard; Infinity: some never did in {@link PATIENCE}. */
  readonly firstPeriods: number;
  readonly allPeriods: number;
  /** Nodes that had not heard by then. */
  readonly missed: number;
  /** A node and second: at rest, and from the first finding until all knew. */
  readonly restBytes: number;
  readonly restMessages: number;
  readonly spreadBytes: number;
}

const PERIOD: Micros = fromMs(1_000);
/** Periods at rest that are counted, after so many in which nothing is. */
const REST = 10;
const SETTLE = 3;
/** Periods that the spread may take. */
const PATIENCE = 60;

function swimming(n: number, seed: number, carrier: Carrier): ClusterSettings {
  const members: MemberSettings[] = Array.from({ length: n }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })); // prettier-ignore
  return {
    name: "dissemination",
    seed,
    members,
    ring: { strategy: "random-tokens", partitions: 64, vnodesPerNode: 1, hash: "murmur3", distinctHosts: "walk" },
    network: { intraZone: { dist: "constant", valueMs: 1 }, loss: 0 },
    storage: { kind: "memory", sync: "each" },
    engine: {
      nVal: 3,
      r: "quorum",
      w: "quorum",
      pr: 0,
      pw: 0,
      dw: 0,
      notfoundOk: true,
      basicQuorum: false,
      coordinator: "replica",
      clock: "dvvset",
      maxSiblings: 100,
      readRepair: "async",
      readTimeoutMs: 1_000,
      writeTimeoutMs: 1_000,
      admission: 1_000,
      detector: {
        name: "swim",
        // Nodes start within it: before the first probes.
        heartbeatIntervalMs: 1,
        timeoutMs: 3_000,
        swim: {
          probeIntervalMs: 1_000,
          probeTimeoutMs: 500,
          probeOrder: "round-robin",
          probePhase: "random",
          indirectProbes: 3,
          suspicionMult: 0,
          scaling: "memberlist",
          retransmitMult: 4,
          maxUpdates: 6,
          dissemination: "infection",
          ...(carrier === "rumours" ? { rumours: { intervalMs: 200, peers: 3 } } : {}),
          revival: true,
          avoidSuspects: false,
        },
      },
    },
  };
}

export function spreadOfDeath(n: number, seed: number, carrier: Carrier): Spread {
  let heard = 0;
  let first = Infinity;
  let last = 0;
  let before = { bytes: 0, messages: 0 };
  const cluster = new SimulatedCluster({
    cluster: swimming(n, seed, carrier),
    watcher: {
      sent: () => 0,
      arrived: () => undefined,
      failed: () => undefined,
      stored: () => undefined,
      node: () => undefined,
      fault: () => undefined,
      noted: (at, _by, note) => {
        if (note.kind !== "suspected") return;
        heard++;
        if (first === Infinity) {
          first = at;
          before = sent();
        }
        last = at;
      },
    },
  });
  const sent = (): { bytes: number; messages: number } => {
    let [bytes, messages] = [0, 0];
    // The victim's own are those of before.
    for (let node = 0; node < n; node++) {
      const own = cluster.counts(node)?.byCause.detector;
      bytes += own?.bytes ?? 0;
      messages += own?.messages ?? 0;
    }
    return { bytes, messages };
  };
  cluster.run(cluster.ready + SETTLE * PERIOD);
  before = sent();
  cluster.run(cluster.now() + REST * PERIOD);
  const atRest = sent();
  const restBytes = (atRest.bytes - before.bytes) / n / REST;
  const restMessages = (atRest.messages - before.messages) / n / REST;
  const died = cluster.now();
  cluster.kill(seed % n);
  const step = PERIOD / 10;
  const waits = (): boolean =>
    heard < n - 1 && cluster.now() < Math.min(first, died + PATIENCE * PERIOD) + PATIENCE * PERIOD;
  while (waits()) cluster.run(cluster.now() + step);
  const spreading = Math.max(PERIOD, cluster.now() - first) / 1_000_000;
  const missed = n - 1 - heard;
  return {
    firstPeriods: (first - died) / PERIOD,
    allPeriods: missed > 0 ? Infinity : (last - first) / PERIOD,
    ...{ missed, restBytes, restMessages },
    spreadBytes: (sent().bytes - before.bytes) / n / spreading,
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

export function measureDissemination(): readonly DisseminationFigure[] {
  const figures: DisseminationFigure[] = [];
  console.log(
    `\nSpread of one death by SWIM: period 1 s, each update passed on 4 log10(n + 1) times, medians over seeds\n`,
  );
  console.log(
    "carried by        n   first, periods   to all, periods   per log2 n   at rest B/s   messages/s   while it spreads B/s",
  );
  for (const carrier of ["probes", "rumours"] as const) {
    for (const n of [10, 30, 100, 300, 1_000, 3_000, 10_000]) {
      const seeds = n <= 300 ? [1, 2, 3, 4, 5] : n <= 3_000 ? [1, 2, 3] : [1];
      const all = seeds.map((seed) => spreadOfDeath(n, seed, carrier));
      const of = (pick: (one: Spread) => number): number => median(all.map(pick));
      const missed = all.reduce((sum, one) => sum + one.missed, 0);
      const row = {
        first: of(({ firstPeriods }) => firstPeriods),
        all: of(({ allPeriods }) => allPeriods),
        rest: of(({ restBytes }) => restBytes),
        messages: of(({ restMessages }) => restMessages),
        spread: of(({ spreadBytes }) => spreadBytes),
      };
      const cells: readonly (readonly [value: number, width: number, digits: number])[] = [
        [row.first, 15, 2],
        [row.all, 16, 2],
        [row.all / Math.log2(n), 11, 2],
        [row.rest, 12, 1],
        [row.messages, 11, 2],
        [row.spread, 20, 1],
      ];
      const text = cells.map(([value, width, digits]) => value.toFixed(digits).padStart(width)).join("  ");
      console.log(
        `${carrier.padEnd(8)} ${String(n).padStart(10)} ${text}${missed === 0 ? "" : `  ${String(missed)} never heard`}`,
      );
      const add = (name: string, value: number, unit: string): void =>
        void figures.push({
          name: `dissemination by ${carrier}: ${String(n)} nodes, ${name}`,
          value,
          unit,
          note: `median of ${String(seeds.length)} seeds`,
        });
      add("first to know", row.first, "periods");
      add("from there to all", row.all, "periods");
      add("at rest", row.rest, "B/s a node");
      add("while it spreads", row.spread, "B/s a node");
    }
  }
  return figures;
}
