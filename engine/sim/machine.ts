/**
 * One simulated node: the protocol and its host as they are, on a machine made of numbers. It takes time to handle
 * messages, has a queue with a limit, can stand still (what arrives waits), die (what was not synced is gone) and start
 * again under its next boot epoch, and its wall time may be wrong.
 *
 * It stands still for two reasons that know nothing of each other, stopped from outside or collecting garbage, and runs
 * when there is neither. What was sent to an earlier life is not delivered to the next: its connections died with it.
 */
import { Host } from "../host/host";
import { Traffic } from "../host/traffic";
import { MemoryStorage } from "../host/memory-storage";
import type { Alarm, Storage, Transport } from "../host/ports";
import type { Input, Note, PersistSlot, ProtocolNode, Session } from "../io";
import type { ClientAnswer, NodeIndex, PeerMessage, RingState } from "../messages";
import type { NodeCounts, NodeOptions } from "../node";
import type { Address } from "../vocabulary/address";
import type { Distribution } from "../vocabulary/distributions";
import { MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { SimulatedDisk } from "./disk";

/** What a machine runs; a test may put something between. */
export type RunningNode = ProtocolNode & {
  count(): NodeCounts;
  readonly serving?: boolean;
  readonly ringState?: RingState | undefined;
  doubt?(of: NodeIndex, now: Micros): number | undefined;
};
export type NodeFactory = (options: NodeOptions, now: Micros) => RunningNode;

/** The wall time of a simulation begins on the first of January 2020: no skew reaches below 0. */
export const WALL_AT_START: Micros = 1_577_836_800_000_000;
/** Inputs that wait while a process stands still: those beyond it are dropped, as from a full socket buffer. */
const MAX_WAITING = 100_000;
/** Spent entries at the front of the queue before it is cut. */
const MAX_SPENT = 1_024;
/** What is so now, not how much there was: a new life finds what is left of it on the disk. */
const GAUGES: ReadonlySet<keyof NodeCounts> = new Set<keyof NodeCounts>(["hintsHeld", "hintBytesHeld"]);

/** One for all machines: they name themselves. */
export interface MachineWorld {
  now(): Micros;
  send(from: NodeIndex, to: NodeIndex, message: PeerMessage): void;
  answer(from: NodeIndex, session: Session, message: ClientAnswer): void;
  /** Calls `act` at `time`; returns a handle for {@link cancel}. */
  at(time: Micros, act: () => void): number;
  cancel(handle: number): void;
  /** Wakes machine `index` at `time` through {@link Machine.wake}. */
  wakeAt(time: Micros, index: number, life: number): number;
  /** Tells machine `index` through {@link Machine.served} that a worker has finished. */
  servedAt(time: Micros, index: number, life: number, input: Input): void;
  noted(index: number, note: Note): void;
  /** The process stands still by itself; it goes on. */
  stoodStill(index: number): void;
  wentOn(index: number): void;
}

export interface MachineOptions {
  readonly index: number;
  readonly nodeOptions: Omit<
    NodeOptions,
    "epoch" | "wallTime" | "storageIsImmediate" | "remembered" | "rememberedBuckets"
  >;
  readonly create: NodeFactory;
  /** Undefined: memory, which a crash empties. */
  readonly disk: ((machine: Machine) => SimulatedDisk) | undefined;
  /** Time a worker takes for one message; undefined: none. */
  readonly service: Distribution | undefined;
  readonly workers: number;
  readonly queueLimit: number;
  readonly speed: number;
  readonly random: Random;
  /** Times between pauses, and their lengths. */
  readonly pauses: { readonly every: Distribution; readonly length: Distribution; readonly random: Random } | undefined;
  /** Between storage and host, for a watcher. */
  readonly watched?: (storage: Storage) => Storage;
}

/** What became of a message at its destination. */
export type Arrival = "taken" | "queue-full" | "node-down";

/** Its own alarm and its own way to the network, so that a message finds all it needs of a machine in one place. */
export class Machine implements Alarm, Transport {
  node: RunningNode | undefined;
  host: Host | undefined;
  disk: SimulatedDisk | undefined;
  private memory = new MemoryStorage();
  up = false;
  /** Stands still: {@link stopped} or {@link collecting}. */
  paused = false;
  stopped = false;
  collecting = false;
  /** Pauses of its own so far. */
  collections = 0;
  /** Raised at each death: wake-ups and completions of an earlier life are void. */
  life = 0;
  epoch = 0;
  private bootedAt: Micros = 0;
  messagesSent = 0;
  bytesSent = 0;
  readonly traffic = new Traffic();
  /** Messages dropped by the full queue. */
  queueDrops = 0;
  /** Service times are multiplied by it. */
  slowness = 1;
  // Wall time: now + offset since WALL_AT_START, gaining `ppm` microseconds a second since `since`.
  private offset: Micros = 0;
  private ppm = 0;
  private since: Micros = 0;
  private busy = 0;
  /** Waits for a worker from `next` on. */
  private queue: Input[] = [];
  private next = 0;
  private waiting: (() => void)[] = [];
  private wakeHandle = 0;
  private hostsWake: (() => void) | undefined;
  private before: NodeCounts | undefined;
  /** What the node made durable beside its copies: its identity's, and so kept when the disk is wiped. */
  private readonly remembered = new Map<PersistSlot, string>();
  private readonly index: NodeIndex;
  private readonly service: Distribution | undefined;

  constructor(
    private readonly world: MachineWorld,
    private readonly options: MachineOptions,
  ) {
    this.index = options.index;
    this.service = options.service;
    if (options.disk !== undefined) this.disk = options.disk(this);
  }

  /** (Re)starts the process on what its disk holds. */
  boot(): void {
    if (this.up) return;
    const { options, world } = this;
    this.up = true;
    this.bootedAt = world.now();
    this.epoch++;
    const storage: Storage = this.disk ?? this.memory;
    this.node = options.create(
      {
        ...options.nodeOptions,
        epoch: this.epoch,
        remembered: this.remembered.get("membership"),
        rememberedBuckets: this.remembered.get("buckets"),
        storageIsImmediate: storage.immediate,
        wallTime: (now: Micros) => this.wallTime(now),
      },
      world.now(),
    );
    this.host = new Host(this.node, {
      transport: this,
      storage: options.watched?.(storage) ?? storage,
      alarm: this,
      note: (note) => world.noted(this.index, note),
      persist: (slot, text) => this.remembered.set(slot, text),
    });
    this.host.start();
    this.awaitCollection();
  }

  send(to: NodeIndex, message: PeerMessage): void {
    this.world.send(this.index, to, message);
  }

  answer(session: Session, message: ClientAnswer): void {
    this.world.answer(this.index, session, message);
  }

  /** For the host of this life. */
  set(at: Micros, wake: () => void): void {
    if (!this.up) return;
    const { world } = this;
    if (this.wakeHandle !== 0) world.cancel(this.wakeHandle);
    this.hostsWake = wake;
    this.wakeHandle = 0;
    if (at < Infinity) this.wakeHandle = world.wakeAt(Math.max(at, world.now()), this.index, this.life);
  }

  /** The process is gone, with all that was not on its disk. */
  kill(): void {
    if (!this.up) return;
    this.before = this.count();
    this.up = false;
    this.stopped = false;
    this.collecting = false;
    this.paused = false;
    this.life++;
    this.host?.stop();
    this.host = undefined;
    this.node = undefined;
    this.busy = 0;
    this.queue = [];
    this.next = 0;
    this.waiting = [];
    if (this.wakeHandle !== 0) this.world.cancel(this.wakeHandle);
    this.wakeHandle = 0;
    this.hostsWake = undefined;
    if (this.disk === undefined) this.memory = new MemoryStorage();
    else this.disk.crash();
  }

  wipe(): void {
    this.memory = new MemoryStorage();
    this.disk?.wipe();
  }

  /** From outside. */
  pause(): void {
    if (!this.up) return;
    this.stopped = true;
    this.paused = true;
  }

  resume(): void {
    this.stopped = false;
    this.goOn();
  }

  private goOn(): void {
    if (!this.paused || this.stopped || this.collecting) return;
    this.paused = false;
    const { waiting, life } = this;
    this.waiting = [];
    for (const act of waiting) {
      // One of them may have ended the process, or stopped it again.
      if (life !== this.life) return;
      if (this.paused) this.waiting.push(act);
      else act();
    }
  }

  /** Draws when the process next stands still by itself, and for how long. */
  private awaitCollection(): void {
    const { pauses } = this.options;
    if (pauses === undefined) return;
    const { life, world } = this;
    // At least a microsecond between and within: draws of 0 would never let time go on.
    const starts = world.now() + Math.max(1, pauses.every.sample(pauses.random));
    const ends = starts + Math.max(1, pauses.length.sample(pauses.random));
    world.at(starts, () => {
      if (life !== this.life || !this.up) return;
      this.collections++;
      this.collecting = true;
      this.paused = true;
      world.stoodStill(this.options.index);
      world.at(ends, () => {
        if (life !== this.life || !this.up) return;
        this.collecting = false;
        this.awaitCollection();
        if (!this.stopped) world.wentOn(this.options.index);
        this.goOn();
      });
    });
  }

  /** A message sent at `sentAt`, from the network or a client. */
  arrive(input: Input, sentAt: Micros): Arrival {
    if (!this.up || sentAt < this.bootedAt) return "node-down";
    if (this.paused) {
      if (this.waiting.length >= MAX_WAITING) {
        this.queueDrops++;
        return "queue-full";
      }
      this.waiting.push(() => this.arrive(input, sentAt));
      return "taken";
    }
    const { service } = this;
    if (service === undefined) {
      this.host!.deliver(input);
      return "taken";
    }
    const { workers, queueLimit } = this.options;
    if (this.busy < workers) {
      this.serve(input, service);
      return "taken";
    }
    if (this.queue.length - this.next >= queueLimit) {
      this.queueDrops++;
      return "queue-full";
    }
    this.queue.push(input);
    return "taken";
  }

  /** Not a message: the world tells the process something at once. */
  tell(input: Input): void {
    if (!this.up) return;
    if (this.paused) this.waiting.push(() => this.tell(input));
    else this.host!.deliver(input);
  }

  /** A worker has finished with `input`. */
  served(life: number, input: Input): void {
    if (life !== this.life || !this.up) return;
    if (this.paused) {
      this.waiting.push(() => this.served(life, input));
      return;
    }
    this.busy--;
    if (this.next < this.queue.length) {
      this.serve(this.queue[this.next++], this.service!);
      if (this.next > MAX_SPENT && this.next * 2 > this.queue.length) {
        this.queue = this.queue.slice(this.next);
        this.next = 0;
      }
    }
    this.host!.deliver(input);
  }

  wake(life: number): void {
    if (life !== this.life || !this.up) return;
    this.wakeHandle = 0;
    const wake = this.hostsWake;
    if (wake === undefined) return;
    if (this.paused) this.waiting.push(wake);
    else wake();
  }

  /** For the disk: `act` at `time` unless the process has died by then. */
  later(time: Micros, act: () => void): void {
    const { life } = this;
    this.world.at(time, () => {
      if (this.life === life && this.up) act();
    });
  }

  /** For the disk: `act` now, or when the process runs again. */
  report(act: () => void): void {
    if (!this.up) return;
    if (this.paused) this.waiting.push(act);
    else act();
  }

  now(): Micros {
    return this.world.now();
  }

  /** The machine's idea of the time of day, in microseconds; for logical clocks that believe in it. */
  wallTime(now: Micros): Micros {
    const gained = ((now - this.since) * this.ppm) / MICROS_PER_SECOND;
    return Math.max(0, WALL_AT_START + Math.round(now + this.offset + gained));
  }

  /** Wall time is off by `change` more from now on, and gains `ppm` microseconds a second. */
  setWall(change: Micros, ppm: number): void {
    const now = this.world.now();
    this.offset += ((now - this.since) * this.ppm) / MICROS_PER_SECOND + change;
    this.since = now;
    this.ppm = ppm;
  }

  get driftPpm(): number {
    return this.ppm;
  }

  /** What the storage has of a replica, for somebody who watches: takes no time and no draw. */
  peek(vnode: number, address: Address): unknown {
    return (this.disk ?? this.memory).peek(vnode, address);
  }

  keysHeld(): number {
    return (this.disk ?? this.memory).count();
  }

  /** Totals over all lives; of what is so now, what the last life said. */
  count(): NodeCounts | undefined {
    const now = this.node?.count();
    const { before } = this;
    if (now === undefined || before === undefined) return now ?? before;
    const sum = { ...now };
    for (const key of Object.keys(sum) as (keyof NodeCounts)[]) if (!GAUGES.has(key)) sum[key] += before[key];
    return sum;
  }

  private serve(input: Input, service: Distribution): void {
    this.busy++;
    const { speed, random, index } = this.options;
    const took = Math.round((service.sample(random) * this.slowness) / speed);
    this.world.servedAt(this.world.now() + took, index, this.life, input);
  }
}
