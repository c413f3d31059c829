/**
 * Hinted handoff: copies that this node keeps for others, and their way home. Like parcels taken in for a neighbour: they
 * are carried over once the neighbour is back and the doorbell has been quiet for a while, a few at a time, in the order
 * in which they came, and none is thrown away before the neighbour has signed for it.
 *
 * Three systems keep them in three places (reference: Riak 2.4, Cassandra hints, Voldemort slops), but from here on they
 * are the same: records under a hinted vnode. Only the coordinator's log differs, which has one record a write.
 *
 * The mistakes it avoids: to delete on sending rather than on the owner's word that it is durable; to delete a copy that
 * has changed since it was sent; to deliver while the copy is still in use (that is what the idle time is for, and what
 * starves when something keeps using it); and to be swamped from both sides, so one limit counts what is sent and what
 * is received. All state here is an index of what is on the disk and can be made again from it.
 */
import type { HandoffMessage, HandoffReply, NodeIndex } from "../messages";
import { firstIdOf } from "../quorum/request-table";
import { HINTED, type Replica as Place } from "../ring/ring";
import { type Address, isAddress } from "../vocabulary/address";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { HintSettings } from "../vocabulary/settings";

/** Hints a node keeps at once; beyond it, it refuses more. */
export const MOST_HINTS = 1_000_000;
/** Of one message, beside the limit by number. */
const MOST_BATCH_BYTES = 1_048_576;
/** Between tries of a home that refuses or does not answer. */
const FIRST_PAUSE: Micros = 100_000;
const LAST_PAUSE: Micros = 5_000_000;
/** For so long the owner keeps a place for a sender that it has told to come, or whose batch it has just stored. */
const KEPT_PLACE: Micros = 200_000;
/** While foreground work has precedence. */
const GIVE_WAY: Micros = 50_000;
/** Before the address in a log's record: a mark, then boot epoch and number. */
const LOG_MARK = "\xff";
const LOG_PREFIX = 9;

/** The key's address in the name of a record under a hinted vnode, for whoever shows it: entries of a log have longer names. */
export function addressOfHint(stored: Address): Address {
  return stored.startsWith(LOG_MARK) ? stored.slice(LOG_PREFIX) : stored;
}

export interface HandoffOptions {
  readonly settings: HintSettings;
  /** Records are entries of a log, each under a name of its own. */
  readonly logs: boolean;
  readonly epoch: number;
  readonly random: Random;
  /** How long an answer to a batch is waited for. */
  readonly patience: Micros;
  readonly homeOf: (hintedVnode: number) => Place | undefined;
  /** Bytes of a state, for limits and figures. */
  readonly sizeOf: (state: unknown) => number;
}

/** What the node does for it. */
export interface HandoffActs {
  read(vnode: number, address: Address, done: (status: "found" | "absent" | "failed", state: unknown) => void): void;
  /** Merges into this node's own copy. */
  merge(vnode: number, address: Address, state: unknown, stored: (ok: boolean) => void): void;
  /** Removes a copy if it still is this state. */
  drop(vnode: number, address: Address, state: unknown): void;
  send(to: NodeIndex, message: HandoffMessage | HandoffReply): void;
  believedUp(node: NodeIndex): boolean;
  /** Whether background work may go on now. */
  mayWork(): boolean;
  note(kind: "hint-delivery" | "hint-refused" | "hint-expired", node: NodeIndex, count: number): void;
}

interface Hint {
  since: Micros;
  bytes: number;
}

interface HintPlace {
  readonly vnode: number;
  /** As it is stored. */
  readonly address: Address;
}

interface Delivery {
  readonly id: number;
  readonly sent: { readonly stored: Address; readonly state: unknown }[];
  reading: number;
  /** Some could not be read. */
  unreadable: boolean;
  bytes: number;
  /** Answered by then, or tried again. */
  deadline: Micros;
}

/** What waits for one home. */
interface Waiting {
  readonly vnode: number;
  /** Changes only where the ring does. */
  home: Place;
  /** In the order they came: the oldest goes first. */
  readonly hints: Map<Address, Hint>;
  bytes: number;
  idleFrom: Micros;
  /** Nothing goes before. */
  notBefore: Micros;
  pause: Micros;
  /** Until then the owner keeps a place for us: a batch need not be announced. */
  welcomeUntil: Micros;
  delivery: Delivery | undefined;
}

export interface HandoffCounts {
  hintsWritten: number;
  hintsDelivered: number;
  hintsExpired: number;
  hintsRefused: number;
  hintsHeld: number;
  hintBytesHeld: number;
}

export class Handoff {
  private readonly waiting = new Map<number, Waiting>();
  /** A life's deliveries have numbers of their own: an answer to a former life's is no answer to one of this. */
  private nextDelivery: number;
  /** What has been sent is paid for by then, at the rate there is. */
  private restUntil: Micros = 0;
  private outgoing = 0;
  private incoming = 0;
  /** Senders that were told to come: until when their place is kept. */
  private readonly expected = new Map<NodeIndex, Micros>();
  private logged = 0;
  /** Hints of a log by their keys: made when asked for, until one comes or goes. */
  private byAddress: Map<Address, HintPlace[]> | undefined;
  /** No home can be due before this. */
  private due: Micros = Infinity;
  /** Expired, but on the disk still, for they could not be read; and when that is tried again. */
  private readonly overdue: HintPlace[] = [];
  private overdueFrom: Micros = Infinity;
  readonly counts: HandoffCounts = {
    hintsWritten: 0,
    hintsDelivered: 0,
    hintsExpired: 0,
    hintsRefused: 0,
    hintsHeld: 0,
    hintBytesHeld: 0,
  };

  constructor(
    private readonly options: HandoffOptions,
    private readonly acts: HandoffActs,
  ) {
    this.nextDelivery = firstIdOf(options.epoch);
  }

  /** Whether one more may be taken in. */
  hasRoom(): boolean {
    if (this.counts.hintsHeld < MOST_HINTS) return true;
    this.counts.hintsRefused++;
    return false;
  }

  /** A name of its own for the next entry of a log. */
  logName(address: Address): Address {
    const number = this.logged++;
    return LOG_MARK + fourBytes(this.options.epoch) + fourBytes(number) + address;
  }

  /** A copy under a hinted vnode was written (`state`) or removed (undefined). */
  changed(now: Micros, vnode: number, stored: Address, state: unknown): void {
    if (state === undefined) {
      const waiting = this.waiting.get(vnode);
      const hint = waiting?.hints.get(stored);
      if (waiting === undefined || hint === undefined) return;
      this.forget(waiting, stored, hint);
      return;
    }
    const isNew = this.enter(now, vnode, stored, state);
    if (isNew) this.counts.hintsWritten++;
    else this.used(now, vnode);
  }

  /** A record that a former life of this node left on the disk; `state` undefined where it could not be read just now. */
  found(now: Micros, vnode: number, stored: Address, state: unknown): void {
    if (this.waiting.get(vnode)?.hints.has(stored) !== true) this.enter(now, vnode, stored, state);
  }

  /** A coordinator has used a copy of this home: it is not idle. */
  used(now: Micros, vnode: number): void {
    const waiting = this.waiting.get(vnode);
    if (waiting !== undefined) waiting.idleFrom = this.idleFrom(now);
  }

  /** Opinions about peers have changed: somebody may be home again. */
  opinionsChanged(now: Micros): void {
    if (this.waiting.size > 0) this.due = Math.min(this.due, now);
  }

  /** The ring has changed, and with it perhaps whose place a hinted vnode stands for. */
  ringChanged(now: Micros): void {
    for (const waiting of this.waiting.values()) {
      const home = this.options.homeOf(waiting.vnode);
      if (home === undefined || (home.node === waiting.home.node && home.vnode === waiting.home.vnode)) continue;
      if (waiting.delivery !== undefined) this.end(waiting);
      waiting.home = home;
      waiting.welcomeUntil = 0;
      waiting.notBefore = now;
    }
    this.opinionsChanged(now);
  }

  /** Vnode and stored address of every hint of a key here. */
  hintsOf(address: Address): readonly HintPlace[] {
    if (this.options.logs) return (this.byAddress ??= this.sortedByAddress()).get(address) ?? NOWHERE;
    const found: HintPlace[] = [];
    for (const { vnode, hints } of this.waiting.values()) if (hints.has(address)) found.push({ vnode, address });
    return found;
  }

  /** Of a log, which names every entry anew: looked through once, and not for each of the keys that are asked for. */
  private sortedByAddress(): Map<Address, HintPlace[]> {
    const sorted = new Map<Address, HintPlace[]>();
    for (const { vnode, hints } of this.waiting.values()) {
      for (const stored of hints.keys()) {
        const address = this.addressOf(stored);
        const places = sorted.get(address);
        if (places === undefined) sorted.set(address, [{ vnode, address: stored }]);
        else places.push({ vnode, address: stored });
      }
    }
    return sorted;
  }

  /** When `advance` should be called next; Infinity: nothing waits that could go. */
  next(): Micros {
    return this.due;
  }

  advance(now: Micros): void {
    if (now < this.due) return;
    if (now >= this.overdueFrom) {
      this.overdueFrom = Infinity;
      for (const { vnode, address } of this.overdue.splice(0)) this.dropExpired(now, vnode, address);
    }
    let next = Infinity;
    for (const waiting of this.waiting.values()) {
      this.expire(now, waiting);
      const due = this.look(now, waiting);
      if (due < next) next = due;
    }
    this.due = Math.min(next, this.overdueFrom);
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  /** Begins or ends what is due of one home; when to look again. */
  private look(now: Micros, waiting: Waiting): Micros {
    const { delivery } = waiting;
    if (delivery !== undefined) {
      if (now < delivery.deadline) return delivery.deadline;
      this.failed(now, waiting);
    }
    if (waiting.hints.size === 0) return Infinity;
    const expiry = this.expiryOf(waiting);
    if (!this.acts.believedUp(waiting.home.node)) return expiry;
    const from = Math.max(waiting.idleFrom, waiting.notBefore, this.restUntil);
    if (now < from) return Math.min(from, expiry);
    // Whoever ends next makes room and looks again.
    if (this.busy(now) >= this.options.settings.concurrency) return Math.min(now + FIRST_PAUSE, expiry);
    if (!this.acts.mayWork()) return Math.min(now + GIVE_WAY, expiry);
    this.begin(now, waiting);
    return waiting.delivery === undefined ? Math.min(waiting.notBefore, expiry) : waiting.delivery.deadline;
  }

  private begin(now: Micros, waiting: Waiting): void {
    const { settings, patience } = this.options;
    const batch: Address[] = [];
    let bytes = 0;
    // A batch that is refused was sent for nothing: whoever is not expected asks first, with an empty one.
    const welcome = now < waiting.welcomeUntil;
    for (const [stored, hint] of welcome ? waiting.hints : NOTHING) {
      if (batch.length >= settings.batch || (batch.length > 0 && bytes + hint.bytes > MOST_BATCH_BYTES)) break;
      batch.push(stored);
      bytes += hint.bytes;
    }
    const delivery: Delivery = {
      id: this.nextDelivery,
      sent: [],
      reading: batch.length,
      unreadable: false,
      bytes: 0,
      deadline: now + patience,
    };
    this.nextDelivery = (this.nextDelivery % 0x7fff_ffff) + 1;
    waiting.delivery = delivery;
    this.outgoing++;
    if (!welcome) {
      const { node, vnode } = waiting.home;
      this.acts.send(node, { kind: "handoff", id: delivery.id, vnode, entries: [] });
      return;
    }
    for (const stored of batch) {
      this.acts.read(waiting.vnode, stored, (status, state) => {
        delivery.reading--;
        if (status === "found") {
          delivery.sent.push({ stored, state });
          delivery.bytes += this.options.sizeOf(state);
        } else {
          const hint = waiting.hints.get(stored);
          if (hint !== undefined && status === "absent") this.forget(waiting, stored, hint);
          else if (hint !== undefined) {
            delivery.unreadable = true;
            // To the end: one that can never be read does not keep the others.
            waiting.hints.delete(stored);
            waiting.hints.set(stored, hint);
          }
        }
        if (delivery.reading === 0 && waiting.delivery === delivery) this.sendBatch(now, waiting, delivery);
      });
    }
  }

  private sendBatch(now: Micros, waiting: Waiting, delivery: Delivery): void {
    if (delivery.sent.length === 0) {
      if (delivery.unreadable) return this.failed(now, waiting);
      // None of them is there: a full disk had refused them. The home has refused nothing, and the next need not rest.
      this.end(waiting);
      waiting.notBefore = now;
      this.due = Math.min(this.due, now);
      return;
    }
    this.acts.note("hint-delivery", waiting.home.node, delivery.sent.length);
    this.acts.send(waiting.home.node, {
      kind: "handoff",
      id: delivery.id,
      vnode: waiting.home.vnode,
      entries: delivery.sent.map(({ stored, state }) => ({ address: this.addressOf(stored), state })),
    });
  }

  /** What the owner says of a batch. */
  replied(now: Micros, from: NodeIndex, { id, status }: HandoffReply): void {
    for (const waiting of this.waiting.values()) {
      const { delivery } = waiting;
      if (delivery?.id !== id || waiting.home.node !== from || delivery.reading > 0) continue;
      this.due = Math.min(this.due, now);
      if (status !== "stored") {
        this.acts.note("hint-refused", from, delivery.sent.length);
        this.failed(now, waiting);
        return;
      }
      this.end(waiting);
      // Not for a place alone: whoever cannot read what it keeps would take the only one again and again, and nobody else had a turn.
      if (delivery.sent.length > 0) waiting.pause = FIRST_PAUSE;
      // A little less than the place is kept there, for the way.
      waiting.welcomeUntil = now + KEPT_PLACE / 2;
      const rate = this.options.settings.rateBytesPerSecond;
      // Of the node, not of the home: where rings do not walk, each partition is a home.
      if (rate !== undefined) this.restUntil = Math.max(now, this.restUntil) + Math.ceil((delivery.bytes / rate) * 1e6);
      waiting.notBefore = now;
      for (const { stored, state } of delivery.sent) {
        this.counts.hintsDelivered++;
        // A copy that has changed since stays, and goes with a later batch.
        this.acts.drop(waiting.vnode, stored, state);
      }
      return;
    }
  }

  private failed(now: Micros, waiting: Waiting): void {
    this.end(waiting);
    waiting.welcomeUntil = 0;
    // Never for the same time at both ends: two that refuse each other, each busy with its own, would do so for ever.
    waiting.notBefore = now + waiting.pause + Math.floor(this.options.random.nextFloat() * waiting.pause);
    waiting.pause = Math.min(LAST_PAUSE, waiting.pause * 2);
    this.due = Math.min(this.due, waiting.notBefore);
  }

  private end(waiting: Waiting): void {
    assert(waiting.delivery !== undefined, "a delivery is under way");
    waiting.delivery = undefined;
    this.outgoing--;
  }

  // ---- receiving -----------------------------------------------------------------------------------------------

  /** Hints come home: all are merged and durable before the sender hears of it. */
  received(now: Micros, from: NodeIndex, message: HandoffMessage): void {
    const { id, vnode, entries } = message;
    const reply = (status: HandoffReply["status"]): void => this.acts.send(from, { kind: "handoff-reply", id, status });
    // Hints for a hinted vnode would never be found again, and what is no key can be nobody's.
    if (vnode >= HINTED || !entries.every(({ address }) => isAddress(address))) return reply("failed");
    const expected = (this.expected.get(from) ?? 0) > now;
    this.expected.delete(from);
    if (this.busy(now) >= this.options.settings.concurrency && !expected) return reply("busy");
    if (entries.length === 0) {
      this.expected.set(from, now + KEPT_PLACE);
      return reply("stored");
    }
    this.incoming++;
    let left = entries.length;
    let allStored = true;
    for (const { address, state } of entries) {
      this.acts.merge(vnode, address, state, (ok) => {
        if (!ok) allStored = false;
        if (--left > 0) return;
        this.incoming--;
        this.due = Math.min(this.due, now);
        this.expected.set(from, now + KEPT_PLACE);
        reply(allStored ? "stored" : "failed");
      });
    }
  }

  /** Deliveries under way, on either side, and places kept for those that may come. */
  private busy(now: Micros): number {
    for (const [node, until] of this.expected) if (until <= now) this.expected.delete(node);
    return this.outgoing + this.incoming + this.expected.size;
  }

  // ---- the index -----------------------------------------------------------------------------------------------

  private enter(now: Micros, vnode: number, stored: Address, state: unknown): boolean {
    let waiting = this.waiting.get(vnode);
    if (waiting === undefined) {
      const home = this.options.homeOf(vnode);
      if (home === undefined) return false;
      waiting = {
        vnode,
        home,
        hints: new Map(),
        bytes: 0,
        idleFrom: this.idleFrom(now),
        notBefore: now,
        pause: FIRST_PAUSE,
        welcomeUntil: 0,
        delivery: undefined,
      };
      this.waiting.set(vnode, waiting);
    }
    const bytes = state === undefined ? 0 : this.options.sizeOf(state);
    const hint = waiting.hints.get(stored);
    this.due = Math.min(this.due, now);
    this.counts.hintBytesHeld += bytes - (hint?.bytes ?? 0);
    waiting.bytes += bytes - (hint?.bytes ?? 0);
    if (hint !== undefined) {
      hint.bytes = bytes;
      if (this.options.settings.expiryMs !== undefined) {
        // As old as the newest write in it, or that would expire with the first.
        hint.since = now;
        waiting.hints.delete(stored);
        waiting.hints.set(stored, hint);
      }
      return false;
    }
    waiting.hints.set(stored, { since: now, bytes });
    this.counts.hintsHeld++;
    if (this.options.logs) this.byAddress = undefined;
    return true;
  }

  private forget(waiting: Waiting, stored: Address, hint: Hint): void {
    waiting.hints.delete(stored);
    if (this.options.logs) this.byAddress = undefined;
    waiting.bytes -= hint.bytes;
    this.counts.hintsHeld--;
    this.counts.hintBytesHeld -= hint.bytes;
  }

  /** Drops those that have waited too long. */
  private expire(now: Micros, waiting: Waiting): void {
    const { expiryMs } = this.options.settings;
    if (expiryMs === undefined) return;
    let expired = 0;
    for (const [stored, hint] of waiting.hints) {
      if (hint.since + fromMs(expiryMs) > now) break;
      this.forget(waiting, stored, hint);
      expired++;
      this.dropExpired(now, waiting.vnode, stored);
    }
    if (expired === 0) return;
    this.counts.hintsExpired += expired;
    this.acts.note("hint-expired", waiting.home.node, expired);
  }

  /** As it is read, never one that has just changed; the index has forgotten it, so a disk that is unwell is asked again. */
  private dropExpired(now: Micros, vnode: number, stored: Address): void {
    this.acts.read(vnode, stored, (status, state) => {
      // Written anew while it was read: it is another one, with all its time before it.
      if (status === "absent" || this.waiting.get(vnode)?.hints.has(stored) === true) return;
      if (status === "found") return this.acts.drop(vnode, stored, state);
      this.overdue.push({ vnode, address: stored });
      this.overdueFrom = Math.min(this.overdueFrom, now + LAST_PAUSE);
      this.due = Math.min(this.due, this.overdueFrom);
    });
  }

  private expiryOf({ hints }: Waiting): Micros {
    const { expiryMs } = this.options.settings;
    const first = hints.values().next();
    return expiryMs === undefined || first.done === true ? Infinity : first.value.since + fromMs(expiryMs);
  }

  /** Fallbacks rest for one to two times the idle time, so that not all begin at once (Riak). */
  private idleFrom(now: Micros): Micros {
    const idle = fromMs(this.options.settings.idleMs);
    return idle === 0 ? now : now + idle + Math.floor(this.options.random.nextFloat() * idle);
  }

  private addressOf(stored: Address): Address {
    return this.options.logs ? stored.slice(LOG_PREFIX) : stored;
  }
}

const NOTHING: ReadonlyMap<Address, Hint> = new Map();
const NOWHERE: readonly HintPlace[] = [];

function fourBytes(n: number): string {
  return String.fromCharCode((n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
}
