/**
 * A store whose members change while it is written and read, with the strictest thing to hold against it that quorums
 * promise: each key has one writer, which writes the next number only when the last was acknowledged; so a read that began
 * after an acknowledgement must bring that number or a later one. What is never read again counts too: at the end every
 * acknowledged number must be at a quorum of the owners that the last ring names.
 */
import { strict as assert } from "node:assert";
import type { MembershipSettings } from "../../../engine/vocabulary/settings";
import type { ClientRouting } from "../../../engine/sim/cluster";
import type { NodeFactory } from "../../../engine/sim/machine";
import type { Micros } from "../../../engine/vocabulary/micros";
import { clockFor } from "../../../engine/clocks/clock";
import { Bench, type Changes, key, members } from "../sim/settings";

export const MEMBERSHIP: MembershipSettings = {
  intervalMs: 200,
  fanout: 1,
  seeds: [0, 1],
  pushPullMs: 2_000,
  payloadBytes: 1_400,
  doubleWrites: true,
  transferBatch: 20,
};

/** `first` nodes of `all` start in the ring. */
export class MovingStore {
  readonly bench: Bench;
  readonly problems: string[] = [];
  private readonly acknowledged: number[] = [];
  private readonly attempted: number[] = [];
  reads = 0;
  writes = 0;
  scans = 0;
  failed = 0;
  private until: Micros = 0;

  constructor(
    first: number,
    all: number,
    readonly keys: number,
    options: Changes & { readonly membership?: Partial<MembershipSettings> } = {},
    create?: NodeFactory,
    routing?: ClientRouting["routing"],
  ) {
    const changes: Changes = {
      ring: { strategy: "random-tokens", partitions: 64, vnodesPerNode: 8, hash: "murmur3", distinctHosts: "walk" },
      ...options,
      members: members(all).map((member, i) => (i < first ? member : { ...member, joins: true })),
      engine: {
        r: 2,
        w: 2,
        coordinator: "replica",
        detector: { name: "timeout", heartbeatIntervalMs: 50, timeoutMs: 300 },
        readTimeoutMs: 400,
        writeTimeoutMs: 400,
        ...options.engine,
        membership: { ...MEMBERSHIP, ...options.membership },
      },
    };
    this.bench = new Bench(changes, create === undefined ? {} : { create }, routing);
  }

  get cluster(): Bench["cluster"] {
    return this.bench.cluster;
  }

  /** Starts a node, and tells it to join. */
  join(node: number, via: number, replaces?: number): void {
    this.cluster.boot(node);
    this.cluster.operate(node, { kind: "join", via, replaces });
  }

  /** Each key is written as often as acknowledgements come, and read in between, for so long. */
  load(micros: Micros, gap: Micros = 20_000): void {
    const { cluster } = this;
    this.until = Math.max(this.until, cluster.now() + micros);
    for (let i = 0; i < this.keys; i++) {
      cluster.at(cluster.now() + 1 + Math.floor((gap * i) / this.keys), () => this.write(i, gap));
      cluster.at(cluster.now() + 1 + Math.floor((gap * (i + 0.5)) / this.keys), () => this.read(i, gap));
    }
  }

  private write(i: number, gap: Micros): void {
    const { cluster, client } = this.bench;
    if (cluster.now() > this.until) return;
    const number = (this.attempted[i] ?? 0) + 1;
    this.attempted[i] = number;
    const version = { writeId: i * 1_000_000 + number, value: String(number), tombstone: false };
    const again = (): void => void cluster.at(cluster.now() + gap, () => this.write(i, gap));
    // The writer knows its own last write: a blind one would make siblings for ever.
    client.get(i, key(`k${String(i)}`), undefined, ({ outcome, context }) => {
      if (outcome !== "ok") {
        this.failed++;
        this.attempted[i] = number - 1;
        return again();
      }
      client.put(i, key(`k${String(i)}`), context, version, undefined, (answer) => {
        this.writes++;
        if (answer.outcome === "ok") this.acknowledged[i] = number;
        else this.failed++;
        again();
      });
    });
  }

  private read(i: number, gap: Micros): void {
    const { cluster, client } = this.bench;
    if (cluster.now() > this.until) return;
    const floor = this.acknowledged[i] ?? 0;
    const began = cluster.now();
    client.get(10_000 + i, key(`k${String(i)}`), undefined, ({ outcome, versions }) => {
      this.reads++;
      if (outcome !== "ok") this.failed++;
      else {
        const best = Math.max(0, ...versions.map(({ value }) => Number(value)));
        if (best < floor)
          this.problems.push(
            `k${String(i)} read as ${String(best)} at ${String(began)}, ${String(floor)} was acknowledged`,
          );
      }
      cluster.at(cluster.now() + gap, () => this.read(i, gap));
    });
  }

  /** All keys are scanned from end to end, page by page, again and again for so long. */
  scanAlong(micros: Micros, gap: Micros, limit: number): void {
    const until = this.cluster.now() + micros;
    this.until = Math.max(this.until, until);
    this.scan("", until, gap, limit);
  }

  private scan(start: string, until: Micros, gap: Micros, limit: number): void {
    const { cluster, client } = this.bench;
    if (cluster.now() > until) return;
    const began = cluster.now();
    const floors = this.acknowledged.slice();
    client.scan(20_000, { bucket: key(""), start, end: "", limit }, undefined, ({ outcome, keys, next }) => {
      this.scans++;
      if (outcome !== "ok") this.failed++;
      else {
        const found = new Map(
          keys.map((one) => [one.key, Math.max(...one.versions.map(({ value }) => Number(value)))]),
        );
        floors.forEach((floor, i) => {
          const name = `k${String(i)}`;
          if (name < start || (next !== "" && name >= next) || (found.get(name) ?? 0) >= floor) return;
          this.problems.push(
            `${name} scanned as ${String(found.get(name))} at ${String(began)}, ${String(floor)} was acknowledged`,
          );
        });
      }
      const from = outcome === "ok" ? next : start;
      cluster.at(cluster.now() + gap, () => this.scan(from, until, gap, limit));
    });
  }

  /** At every owner that the last ring names, once repair is over: what lacks an acknowledged number. */
  lost(): string[] {
    const { cluster } = this;
    const { ring, settings } = cluster;
    const lost: string[] = [];
    for (let i = 0; i < this.keys; i++) {
      const floor = this.acknowledged[i] ?? 0;
      const owners = ring.preferenceList(key(`k${String(i)}`), settings.engine.nVal);
      const having = owners.filter(({ node, vnode }) => this.best(node, vnode, i) >= floor);
      const needed = owners.length - 1;
      if (having.length < needed)
        lost.push(`k${String(i)}: ${String(floor)} at ${String(having.length)} of ${String(owners.length)} owners`);
    }
    return lost;
  }

  /** Keys of which a node that is no owner holds a copy. */
  leftOver(): string[] {
    const { cluster } = this;
    const left: string[] = [];
    for (let i = 0; i < this.keys; i++) {
      const owners = cluster.ring.preferenceList(key(`k${String(i)}`), cluster.settings.engine.nVal);
      cluster.machines.forEach((machine, node) => {
        if (!machine.up || owners.some((owner) => owner.node === node)) return;
        if (machine.peek(0, key(`k${String(i)}`)) !== undefined) left.push(`k${String(i)} at node ${String(node)}`);
      });
    }
    return left;
  }

  private best(node: number, vnode: number, i: number): number {
    const state = this.cluster.machines[node].peek(vnode, key(`k${String(i)}`));
    if (state === undefined) return 0;
    const clock = clockFor(this.cluster.settings.engine);
    return Math.max(...clock.versions(state).map(({ value }) => Number(value)));
  }

  /** Members by every node that is up, and the phase; one text where all agree. */
  views(): string[] {
    const { cluster } = this;
    return cluster.machines.flatMap((machine, node) => (machine.up ? [this.viewOf(node)] : []));
  }

  viewOf(node: number): string {
    const state = this.cluster.ringStateOf(node);
    if (state === undefined) return "none";
    return `${String(state.id.version)}.${String(state.id.proposer)} ${state.phase} ${state.plan.members.join()}`;
  }

  agreed(): string {
    const views = new Set(this.views());
    assert.equal(views.size, 1, [...views].join(" | "));
    return [...views][0];
  }
}
