/**
 * Sessions that read, write and delete a few keys without pause for as long as they are told, and keep books of what they
 * wrote and of what they knew when they did (`durability.ts`). They run in either world: on real processes and in virtual
 * time the same decisions are drawn from the same seed, only the answers come at other instants.
 *
 * The trap is a load that stops asking when it matters: a session whose request is refused at once thinks for a while
 * and asks again, so that faults are met by requests and no loop runs hot.
 */
import type { Context } from "../../engine/clocks/clock";
import type { RequestOptions } from "../../engine/messages";
import type { Address } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import type { Books, Breach, DurableWorld } from "./durability";

export interface LoadOptions {
  readonly sessions: number;
  readonly keys: readonly Address[];
  readonly seed: number;
  /** Between an answer and the next request, on average. */
  readonly thinkMs: number;
  /** DW of writes, drawn evenly from these. */
  readonly dw: readonly QuorumValue[];
  readonly w?: QuorumValue;
  readonly r?: readonly QuorumValue[];
  /** Whether a write acknowledged with this DW is to be found again; all are when left out. */
  readonly promised?: (dw: QuorumValue) => boolean;
  readonly valueBytes?: number;
}

/** What a session knows of a key. */
interface Knowledge {
  readonly context: Context;
  readonly ids: readonly number[];
}

const NOTHING: Knowledge = { context: "", ids: [] };
const READS = 0.3;
const DELETES = 0.05;
/** Of writes: those that read first, and those that know nothing. The others go by what the session knew last. */
const READ_FIRST = 0.5;
const BLIND = 0.1;

export class DurableLoad {
  private readonly random: Random;
  private readonly known: Map<Address, Knowledge>[];
  private running = true;
  private active: number;
  private readonly idle: (() => void)[] = [];
  readonly breaches: Breach[] = [];

  constructor(
    private readonly world: DurableWorld,
    private readonly books: Books,
    private readonly options: LoadOptions,
  ) {
    this.random = Random.fromSeed(options.seed).fork("load");
    this.known = Array.from({ length: options.sessions }, () => new Map<Address, Knowledge>());
    this.active = options.sessions;
    for (let session = 0; session < options.sessions; session++) this.think(session);
  }

  /** Asks nothing more; resolves when every session has its last answer. In virtual time, time must go on meanwhile. */
  stop(): Promise<void> {
    this.running = false;
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  /** Sessions with a request under way, or about to ask. */
  get unfinished(): number {
    return this.active;
  }

  private think(session: number): void {
    const { thinkMs } = this.options;
    this.world.later(this.random.nextFloat() * 2 * thinkMs, () => {
      if (this.running) this.act(session);
      else if (--this.active === 0) for (const resolve of this.idle.splice(0)) resolve();
    });
  }

  private act(session: number): void {
    const { keys, r = ["quorum"] } = this.options;
    const key = keys[this.random.nextBelow(keys.length)];
    const kind = this.random.nextFloat();
    const reading: RequestOptions = { r: r[this.random.nextBelow(r.length)] };
    if (kind < READS) {
      this.read(session, key, reading, () => this.think(session));
      return;
    }
    const tombstone = kind < READS + DELETES;
    const habit = this.random.nextFloat();
    if (habit < READ_FIRST) this.read(session, key, reading, (seen) => this.write(session, key, seen, tombstone));
    else {
      const knowledge = habit < READ_FIRST + BLIND ? NOTHING : this.known[session].get(key);
      this.write(session, key, knowledge ?? NOTHING, tombstone);
    }
  }

  private read(session: number, key: Address, options: RequestOptions, then: (seen: Knowledge) => void): void {
    this.books.operations++;
    this.world.get(session, key, options, ({ outcome, versions, context }) => {
      const ids = versions.map(({ writeId }) => writeId);
      if (outcome === "ok") {
        this.breaches.push(...this.books.impossible(key, ids));
        this.known[session].set(key, { context, ids });
      }
      then(this.known[session].get(key) ?? NOTHING);
    });
  }

  private write(session: number, key: Address, { context, ids }: Knowledge, tombstone: boolean): void {
    const { dw: choices, w, promised, valueBytes = 20 } = this.options;
    const dw = choices[this.random.nextBelow(choices.length)];
    const write = this.books.began(key, session, ids, tombstone, promised?.(dw) ?? true);
    const value = tombstone ? "" : `${String(write.id)} `.padEnd(valueBytes, "v");
    const options: RequestOptions = { dw, ...(w === undefined ? {} : { w }) };
    this.books.operations++;
    this.world.put(session, key, context, { writeId: write.id, value, tombstone }, options, (answer) => {
      this.books.ended(write, answer.outcome);
      if (answer.outcome === "ok") {
        const now = answer.versions.map(({ writeId }) => writeId);
        this.breaches.push(...this.books.impossible(key, now));
        this.known[session].set(key, { context: answer.context, ids: now });
      }
      this.think(session);
    });
  }
}
