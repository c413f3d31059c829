/**
 * The loop between a node and its world, written once: inputs are queued, stepped one at a time, and the effects of
 * each step are performed before the next input is looked at. A port that completes within the call only queues the
 * completion, so a node is never re-entered.
 */
import type { DamagedRecord, Effect, Input, Note, PersistSlot, ProtocolNode, RangePage, ScannedRecord } from "../io";
import type { Micros } from "../vocabulary/micros";
import { unreachable } from "../vocabulary/assert";
import type { Alarm, Storage, StorageEvents, Transport } from "./ports";

export interface HostPorts {
  readonly transport: Transport;
  readonly storage: Storage;
  readonly alarm: Alarm;
  readonly note: (note: Note, now: Micros) => void;
  /** Keeps `text` durably in place of the last one of its slot, before it returns; whoever starts the node's next life hands them over. */
  readonly persist?: (slot: PersistSlot, text: string) => void;
}

export class Host implements StorageEvents {
  /** Inputs in [0, filled); slots are used again, so that a turn allocates no queue. */
  private queue: (Input | undefined)[] = [];
  private filled = 0;
  private draining = false;
  private armedFor: Micros | undefined;
  private stopped = false;
  /** Calls of `step` so far. */
  steps = 0;
  private readonly wake = (): void => {
    this.armedFor = undefined;
    this.deliver(WOKEN);
  };

  // Fields of its own: each object on the way of a message is a trip to memory where there are thousands of hosts.
  private readonly transport: Transport;
  private readonly storage: Storage;
  private readonly alarm: Alarm;

  constructor(
    private readonly node: ProtocolNode,
    private readonly ports: HostPorts,
  ) {
    this.transport = ports.transport;
    this.storage = ports.storage;
    this.alarm = ports.alarm;
  }

  /** Arms the first wake-up. */
  start(): void {
    this.arm();
  }

  /** Nothing is stepped any more: what arrives is dropped. */
  stop(): void {
    this.stopped = true;
    this.filled = 0;
    this.queue = [];
  }

  deliver(input: Input): void {
    if (this.stopped) return;
    this.queue[this.filled++] = input;
    if (this.draining) return;
    this.draining = true;
    try {
      const now = this.alarm.now();
      // The queue grows while it is walked: completions of memory storage join it.
      for (let i = 0; i < this.filled; i++) {
        const next = this.queue[i]!;
        this.queue[i] = undefined;
        this.node.step(now, next);
        this.steps++;
        const effects = this.node.takeEffects();
        for (let j = 0; j < effects.count; j++) this.perform(effects.at(j), now);
      }
    } finally {
      this.filled = 0;
      if (this.queue.length > MAX_KEPT_SLOTS) this.queue = [];
      this.draining = false;
    }
    this.arm();
  }

  loaded(token: number, state: unknown): void {
    this.deliver({ kind: "loaded", token, state });
  }

  loadFailed(token: number, reason: string): void {
    this.deliver({ kind: "load-failed", token, reason });
  }

  stored(token: number): void {
    this.deliver({ kind: "stored", token });
  }

  storeFailed(token: number, reason: string): void {
    this.deliver({ kind: "store-failed", token, reason });
  }

  scanned(token: number, entries: readonly ScannedRecord[], cursor: unknown, damaged: readonly DamagedRecord[]): void {
    this.deliver({ kind: "scanned", token, entries, cursor, damaged });
  }

  ranged(token: number, page: RangePage): void {
    this.deliver({ kind: "ranged", token, page });
  }

  private perform(effect: Effect, now: Micros): void {
    switch (effect.kind) {
      case "send":
        this.transport.send(effect.to, effect.message);
        return;
      case "answer":
        this.transport.answer(effect.session, effect.message);
        return;
      case "load":
        this.storage.load(effect.token, effect.vnode, effect.address, this);
        return;
      case "store":
        this.storage.store(effect.token, effect.vnode, effect.address, effect.state, this);
        return;
      case "scan":
        this.storage.scan(effect.token, effect.cursor, effect.limit, this);
        return;
      case "range":
        this.storage.range(effect.token, effect.asked, this);
        return;
      case "persist":
        this.ports.persist?.(effect.slot, effect.text);
        return;
      case "note":
        this.ports.note(effect.note, now);
        return;
      default:
        unreachable(effect, "Host.perform");
    }
  }

  /** Asks for the next wake-up; an alarm that is early enough is left as it is, it only wakes once too often. */
  private arm(): void {
    const next = this.node.nextWakeup();
    if (next === undefined || (this.armedFor !== undefined && this.armedFor <= next)) return;
    this.armedFor = next;
    this.alarm.set(next, this.wake);
  }
}

/** A burst may make the queue longer; it does not stay so. */
const MAX_KEPT_SLOTS = 4_096;
const WOKEN: Input = { kind: "woken" };
