/**
 * What a clock costs the whole store: the protocol in virtual time with the real codec, five nodes, read-modify-writes by
 * sessions that carry contexts, once with keys enough that writers hardly meet, once with few. The strategies take turns
 * in one process, a slice each, and each figure is a ratio to `lww` of the same round: a rate says more about the machine.
 */
import "../../engine/real/native-octets";
import { CLOCKS } from "../../engine/clocks/clock";
import type { AnswerMessage } from "../../engine/messages";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { encodeAddress } from "../../engine/vocabulary/address";
import type { ClusterSettings } from "../../engine/vocabulary/settings";

const NODES = 5;
const SESSIONS = 64;
const ROUNDS = 5;

export interface ClockFigure {
  readonly clock: string;
  readonly keys: number;
  /** Median over rounds, with the least and the most. */
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
  readonly opsPerSecond: number;
}

/** A store under one clock that can be asked to carry out so many more operations. */
class Store {
  private readonly cluster: SimulatedCluster;
  private readonly client: ReturnType<SimulatedCluster["client"]>;
  private readonly addresses: readonly string[];
  private write = 1;
  private turn = 0;
  private left = 0;

  constructor(clock: string, keys: number) {
    this.cluster = new SimulatedCluster({ cluster: settingsOf(clock) });
    this.cluster.run(this.cluster.ready);
    this.client = this.cluster.client({ routing: "token-aware", graceMs: 100 });
    this.addresses = Array.from({ length: keys }, (_, i) =>
      encodeAddress({ type: "default", bucket: "bench", key: `key-${String(i)}` }),
    );
  }

  /** Wall seconds that so many requests took, gets and puts alike. */
  carryOut(requests: number): number {
    const began = performance.now();
    this.left = requests;
    for (let session = 0; session < SESSIONS; session++) this.next(session);
    while (this.left > -SESSIONS) if (this.cluster.run(Infinity, 10_000) !== "events") break;
    return (performance.now() - began) / 1_000;
  }

  private next(session: number): void {
    this.left -= 2;
    if (this.left < 0) {
      this.left = Math.min(this.left, -1) - 1;
      return;
    }
    const address =
      this.addresses[(this.turn = (this.turn * 1_103_515_245 + 12_345) % 2_147_483_648) % this.addresses.length];
    this.client.get(session, address, undefined, (found: AnswerMessage) => {
      const version = { writeId: session * 2 ** 32 + this.write++, value: VALUE, tombstone: false };
      this.client.put(session, address, found.context, version, undefined, () => this.next(session));
    });
  }
}

const VALUE = "v".repeat(100);

export function clockCosts(keys: number, requests: number): readonly ClockFigure[] {
  const stores = new Map([...CLOCKS.keys()].map((clock) => [clock, new Store(clock, keys)]));
  // Compile all of them before any is measured.
  for (const store of stores.values()) store.carryOut(Math.ceil(requests / 4));
  const seconds = new Map<string, number[]>([...CLOCKS.keys()].map((clock) => [clock, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...stores];
    // Forwards, then backwards: a machine that slows down meets all alike.
    if (round % 2 === 1) order.reverse();
    for (const [clock, store] of order) seconds.get(clock)!.push(store.carryOut(requests));
  }
  const yardstick = seconds.get("lww")!;
  return [...seconds].map(([clock, took]) => {
    const ratios = took.map((one, round) => yardstick[round] / one).sort((a, b) => a - b);
    const middle = [...took].sort((a, b) => a - b)[Math.floor(took.length / 2)];
    return {
      clock,
      keys,
      ratio: ratios[Math.floor(ratios.length / 2)],
      least: ratios[0],
      most: ratios[ratios.length - 1],
      opsPerSecond: requests / middle,
    };
  });
}

function settingsOf(clock: string): ClusterSettings {
  return {
    name: "bench",
    seed: 1,
    members: Array.from({ length: NODES }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })),
    ring: { strategy: "equal-partitions", partitions: 64, vnodesPerNode: 16, hash: "murmur3", distinctHosts: "walk" },
    engine: {
      nVal: 3,
      r: 2,
      w: 2,
      pr: 0,
      pw: 0,
      dw: "one",
      notfoundOk: true,
      basicQuorum: false,
      coordinator: "replica",
      clock,
      maxSiblings: 100,
      readRepair: "async",
      readTimeoutMs: 1_000,
      writeTimeoutMs: 1_000,
      admission: 10_000,
      detector: { name: "perfect", heartbeatIntervalMs: 250, timeoutMs: 2_000 },
    },
    network: { loss: 0, intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 } },
    storage: { kind: "memory", sync: "never" },
  };
}

/** One line a clock. */
export function describeCosts(figures: readonly ClockFigure[]): string {
  return figures
    .map(
      ({ clock, keys, ratio, least, most, opsPerSecond }) =>
        `${clock.padEnd(20)} ${String(keys).padStart(7)} keys  ${ratio.toFixed(2)} of lww [${least.toFixed(2)}, ${most.toFixed(2)}]  ${(opsPerSecond / 1_000).toFixed(1)} k requests/s`,
    )
    .join("\n");
}

/** Many keys, where writers hardly meet, and few, where they do. */
export function measureClocks(): readonly ClockFigure[] {
  const figures = [...clockCosts(10_000, 20_000), ...clockCosts(200, 10_000)];
  console.log("\nThe whole store by clock, in virtual time with the real codec, medians of interleaved rounds\n");
  console.log(describeCosts(figures));
  return figures;
}
