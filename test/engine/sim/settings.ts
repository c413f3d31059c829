/** Clusters for tests of the simulated world: small, quick and said in one line. */
import { strict as assert } from "node:assert";
import type { AnswerMessage } from "../../../engine/messages";
import type { SimulatedClient } from "../../../engine/sim/client";
import { type ClientRouting, SimulatedCluster, type SimulationOptions } from "../../../engine/sim/cluster";
import { type Address, encodeAddress } from "../../../engine/vocabulary/address";
import type { ClusterSettings, EngineSettings, MemberSettings } from "../../../engine/vocabulary/settings";

export function members(count: number, zones: readonly string[] = ["a"]): readonly MemberSettings[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `node-${String(i + 1)}`,
    zone: zones[i % zones.length],
    weight: 1,
  }));
}

export type Changes = Partial<Omit<ClusterSettings, "engine">> & { readonly engine?: Partial<EngineSettings> };

export function settings(changes: Changes = {}): ClusterSettings {
  return {
    name: "test",
    seed: 1,
    members: members(3),
    ring: { strategy: "equal-partitions", partitions: 16, vnodesPerNode: 16, hash: "murmur3", distinctHosts: "walk" },
    network: { intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 }, loss: 0 },
    storage: { kind: "memory", sync: "each" },
    ...changes,
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
      admission: 10_000,
      detector: { name: "timeout", heartbeatIntervalMs: 100, timeoutMs: 500 },
      ...changes.engine,
    },
  };
}

export const key = (name: string): Address => encodeAddress({ type: "default", bucket: "b", key: name });

/** A cluster that has started, and one client of it. */
export class Bench {
  readonly cluster: SimulatedCluster;
  readonly client: SimulatedClient;
  private writes = 0;

  constructor(
    changes: Changes = {},
    options: Omit<SimulationOptions, "cluster"> = {},
    routing: ClientRouting["routing"] = "any",
  ) {
    this.cluster = new SimulatedCluster({ cluster: settings(changes), ...options });
    this.cluster.run(this.cluster.ready);
    this.client = this.cluster.client({ routing, graceMs: 100 });
  }

  runMs(ms: number): void {
    this.cluster.run(this.cluster.now() + ms * 1_000);
  }

  put(name: string, value = "v", context = "", session = 0): Answered {
    const answered = new Answered();
    const version = { writeId: ++this.writes, value, tombstone: false };
    this.client.put(session, key(name), context, version, undefined, (answer) => answered.take(answer));
    return answered;
  }

  get(name: string, session = 0): Answered {
    const answered = new Answered();
    this.client.get(session, key(name), undefined, (answer) => answered.take(answer));
    return answered;
  }

  /** Runs until it is answered. */
  wait(answered: Answered): AnswerMessage {
    for (let i = 0; i < 1_000 && answered.answer === undefined; i++) this.runMs(10);
    assert.ok(answered.answer !== undefined, "every request is answered");
    return answered.answer;
  }
}

/** The one answer to a request. */
export class Answered {
  answer: AnswerMessage | undefined;

  get done(): boolean {
    return this.answer !== undefined;
  }

  take(answer: AnswerMessage): void {
    assert.equal(this.answer, undefined, "one answer to each request");
    this.answer = answer;
  }
}
