/**
 * A cluster of real processes for one test: its own temporary folder, its own name, free ports, everything it logged,
 * and clients as promises. `end` leaves nothing: no client, no process, no folder.
 */
import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../engine/clocks/clock";
import type { AnswerMessage, RequestOptions } from "../../engine/messages";
import { Client, type ClientOptions } from "../../engine/real/client";
import { type FrontChoice, RealCluster, serverProgram } from "../../engine/real/cluster";
import { Ring } from "../../engine/ring/ring";
import type { Address } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type {
  ClusterSettings,
  EngineSettings,
  NetworkSettings,
  RingSettings,
  StorageSettings,
} from "../../engine/vocabulary/settings";
import { address, RING, SETTINGS } from "../engine/mini-world";
import { processesNaming } from "./processes";

export { address };

export interface LiveOptions {
  readonly nodes?: number;
  /** Of those, how many join later. */
  readonly spares?: number;
  readonly engine?: Partial<EngineSettings>;
  readonly ring?: Partial<RingSettings>;
  readonly network?: Partial<NetworkSettings>;
  readonly storage?: StorageSettings;
  readonly ports?: readonly number[];
  readonly measureLegs?: boolean;
  readonly nodeFlags?: readonly string[];
  /** The binary protocol alone where left out. */
  readonly front?: FrontChoice;
  /** Reuse the data of an earlier cluster. */
  readonly directory?: string;
}

/** Skips the calling suite, saying why, when the node program was not compiled. */
export function needsCompiledNodes(context: Mocha.Context): void {
  try {
    serverProgram();
  } catch (error) {
    console.log(`      skipped: ${(error as Error).message}`);
    context.skip();
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "quorumlab-test-"));
}

let made = 0;

export function settingsOf(options: LiveOptions = {}): ClusterSettings {
  const count = options.nodes ?? 3;
  return {
    name: `test-${String(process.pid)}-${String(++made)}`,
    seed: 11,
    members: Array.from({ length: count }, (_, i) => ({
      id: `node-${String(i + 1)}`,
      zone: "a",
      weight: 1,
      ...(i < count - (options.spares ?? 0) ? {} : { joins: true as const }),
    })),
    ring: { ...RING, ...options.ring },
    engine: { ...SETTINGS, detector: { ...SETTINGS.detector, timeoutMs: 1_000 }, ...options.engine },
    network: { loss: 0, ...options.network },
    storage: options.storage ?? { kind: "memory", sync: "group" },
  };
}

export class LiveCluster {
  readonly logs: string[] = [];
  readonly deaths: string[] = [];
  readonly ring: Ring;
  readonly directory: string;
  private running: RealCluster | undefined;
  private readonly clients: Client[] = [];
  private readonly serving = new Map<number, boolean>();
  private nextWrite = 1;

  private constructor(
    readonly settings: ClusterSettings,
    options: LiveOptions,
  ) {
    this.directory = options.directory ?? temporaryFolder();
    this.ring = Ring.build(settings.ring, settings.members, Random.fromSeed(settings.seed).fork("ring"));
  }

  /** Rejects as the cluster does; then nothing of it is left either. */
  static start(options: LiveOptions = {}): Promise<LiveCluster> {
    return LiveCluster.startWith(settingsOf(options), options);
  }

  /** A cluster of just these settings. */
  static async startWith(settings: ClusterSettings, options: LiveOptions = {}): Promise<LiveCluster> {
    const live = new LiveCluster(settings, options);
    try {
      live.running = await RealCluster.start({
        settings: live.settings,
        directory: live.directory,
        placement: { nodes: undefined, driver: undefined, description: "as it comes" },
        log: (line) => live.logs.push(line),
        died: (index, how) => live.deaths.push(`${String(index)}: ${how}`),
        serving: (index, on) => {
          live.serving.set(index, on);
          for (const client of live.clients) client.serves(index, on);
        },
        ports: options.ports,
        measureLegs: options.measureLegs,
        nodeFlags: options.nodeFlags,
        front: options.front,
      });
    } catch (error) {
      await live.end();
      throw error;
    }
    return live;
  }

  get cluster(): RealCluster {
    assert.ok(this.running !== undefined, "the cluster runs");
    return this.running;
  }

  pids(): readonly number[] {
    return this.settings.members.flatMap((_, i) => this.running?.pid(i) ?? []);
  }

  async client(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = await Client.open({
      cluster: this.settings,
      addresses: this.cluster.addresses(),
      ring: this.ring,
      routing: "any",
      connectionsPerNode: 1,
      shaped: false,
      graceMs: 300,
      ...options,
    });
    for (const [index, on] of this.serving) client.serves(index, on);
    this.clients.push(client);
    return client;
  }

  /** A fresh write id. */
  writeId(): number {
    return this.nextWrite++;
  }

  /** Nodes that hold a replica of `key`, in order of preference. */
  owners(key: Address): readonly number[] {
    return this.ring.preferenceList(key, this.settings.engine.nVal).map(({ node }) => node);
  }

  /** A key whose first replica is on `node`. */
  keyOwnedFirstBy(node: number): Address {
    for (let i = 0; ; i++) {
      const key = address(`owned-${String(i)}`);
      if (this.owners(key)[0] === node) return key;
    }
  }

  /** SIGKILL and again up; the clients learn the new addresses. */
  async restart(node: number): Promise<void> {
    await this.cluster.restart(node);
    for (const client of this.clients) client.moved(this.cluster.addresses());
  }

  /** Ends clients and processes; keeps the data for a next cluster. */
  async stop(): Promise<void> {
    for (const client of this.clients.splice(0)) client.close();
    await this.running?.stop();
    this.running = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    assert.deepEqual(processesNaming(this.directory), [], "no process of the cluster is left");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function put(
  client: Client,
  key: Address,
  writeId: number,
  value: string,
  options?: RequestOptions,
  context: Context = "",
): Promise<AnswerMessage> {
  return new Promise((resolve) => client.put(key, context, { writeId, value, tombstone: false }, options, resolve));
}

export function get(client: Client, key: Address, options?: RequestOptions): Promise<AnswerMessage> {
  return new Promise((resolve) => client.get(key, options, resolve));
}

/** Runs `act` for every item with so many under way at once. */
export async function inParallel<T>(
  items: readonly T[],
  lanes: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await act(items[next++]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** What every node holds of `keys` in vnode 0: `held[node][key]` are write ids, undefined where nothing is held. */
export async function inspectAll(
  client: Client,
  nodes: number,
  keys: readonly Address[],
): Promise<readonly (readonly (readonly number[] | undefined)[])[]> {
  const held: (readonly number[] | undefined)[][] = [];
  for (let node = 0; node < nodes; node++) {
    held.push([]);
    for (let from = 0; from < keys.length; from += 256) {
      const some = keys.slice(from, from + 256);
      const seen = await client.inspect(node, new Array<number>(some.length).fill(0), some, 5_000);
      assert.ok(seen !== undefined, `node ${String(node)} answers an inspection`);
      for (const ids of seen.held) {
        assert.ok(ids !== "failed", `node ${String(node)} can read what it holds`);
        held[node].push(ids);
      }
    }
  }
  return held;
}
