/**
 * One key's recent writes and which of them lies in whose causal past. The past of a write is what its session had read of the key and,
 * in turn, what the writers of that had read; it is known to the recorder and not to any clock. Every write held has one bit for
 * every other: set once, when a write ends, from the bits of what it saw (the closure is never walked again), so that "did a precede b"
 * is one look, and "how many pairs among a hundred siblings" a hundred words.
 *
 * Versions may be seen before their write has ended. Such a write has a place without a past; when it ends, what it had read is handed on to
 * all that came after it. Bounded: of many writes those not mentioned lately give way. They stay counted in the pasts that ran through
 * them; what becomes unknown is the past of a later write that names one of them, and that is bounded by when those started
 * (`gap`): "a precedes b" is then `unknown` for an `a` older than the gap, and never a wrong "no".
 */
import type { Micros, WriteId } from "../record/history";

export interface EndedWrite {
  readonly id: WriteId;
  readonly session: number;
  readonly start: Micros;
  /** Infinity unless acknowledged: nobody knows when. */
  readonly end: Micros;
  readonly isDelete: boolean;
  readonly seen: readonly WriteId[];
}

export interface HeldWrite {
  readonly id: WriteId;
  readonly place: number;
  /** Undefined: it has not ended. */
  write: EndedWrite | undefined;
  /** A write that may have happened had read it. */
  covered: boolean;
  /** Nothing that started at or after this lies in the forgotten part of its past; -Infinity: its past is known whole. */
  gap: Micros;
  /** Lately. */
  mentioned: boolean;
}

/** A number is the id of an open write that has to end first. */
export type Precedes = "yes" | "no" | "unknown" | WriteId;

/** Places shared by all keys. */
export interface Room {
  held: number;
  readonly most: number;
}

/** Places of a key: at first, ordinarily at most, where reads bring more versions, and where there is no room left. */
const FIRST_PLACES = 4;
const PLACES = 128;
const MOST_PLACES = 1_024;
/** What many versions at once ask for: those, the ones before them, and what clients remember from longer ago. */
const PLACES_A_VERSION = 4;
const PLACES_WHEN_SHORT = 8;
/** From so many on ids are looked up in a map. */
const INDEXED_FROM = 24;

export class CausalPast {
  private readonly places: HeldWrite[] = [];
  private capacity = FIRST_PLACES;
  private limit = PLACES;
  /** Words of 32 bits a place. */
  private words = 1;
  /** Bit b of row a: b lies in a's past. Absent while nothing has a past. */
  private bits: Int32Array | undefined;
  private index: Map<WriteId, number> | undefined;
  /** One bit a place: its write has not ended. */
  private readonly open = [0];
  private openCount = 0;
  private hand = 0;

  /** Of writes no longer held: the latest start, the latest end of acknowledged ones, and whether others were among them. */
  private forgottenStart: Micros = -Infinity;
  private forgottenEnd: Micros = -Infinity;
  private forgottenUnanswered = false;
  /** The latest start of a delete no longer held. */
  forgottenDelete: Micros = -Infinity;
  forgotten = 0;

  constructor(
    private readonly room: Room,
    /** Whether a write has ended. */
    private readonly ended: (id: WriteId) => boolean,
  ) {}

  get held(): readonly HeldWrite[] {
    return this.places;
  }

  find(id: WriteId): HeldWrite | undefined {
    const place = this.placeOf(id);
    return place < 0 ? undefined : this.places[place];
  }

  /** A write has ended. `covers` is told of each write that it had read, undefined where that is no longer held. */
  add(write: EndedWrite, covers: (id: WriteId, seen: HeldWrite | undefined) => void): HeldWrite {
    const { id, seen } = write;
    this.widen(seen.length);
    // All of them are mentioned before any gives way to another.
    const mentioned = seen.map((one) => this.mention(one));
    let place = this.placeOf(id);
    const known = place >= 0;
    if (!known) place = this.take(id);
    const held = this.places[place];
    // Only now, while it has a place and no end, nothing can take that place from it.
    for (const [i, one] of seen.entries()) {
      if (one === id || one === 0) continue;
      const past = this.stillThere(mentioned[i]) ?? this.hold(one);
      covers(one, past);
      if (past !== undefined) this.inherit(held, past);
      // With no place left not even its id can be kept: any write might be it, or be behind it.
      else held.gap = Math.max(held.gap, this.ended(one) ? this.forgottenStart : Infinity);
    }
    held.write = write;
    held.mentioned = true;
    if (known) this.handOn(held);
    return held;
  }

  /** The place of `id`, made where its write has not ended. Undefined: ended and forgotten, or no room for more open writes. */
  hold(id: WriteId): HeldWrite | undefined {
    const known = this.mention(id);
    if (known !== undefined) return known;
    if (this.ended(id) || this.openCount >= MOST_PLACES / 2) return undefined;
    const taken = this.take(id);
    this.open[taken >>> 5] |= 1 << (taken & 31);
    this.openCount++;
    return this.places[taken];
  }

  /** The places of all of them at one time. */
  holdAll(ids: readonly WriteId[]): (HeldWrite | undefined)[] {
    this.widen(ids.length);
    const held = ids.map((id) => this.hold(id));
    return held.map((one) => this.stillThere(one));
  }

  /** Does `a` lie in the causal past of `b`? Both as held now; a write precedes nothing of its own. */
  precedes(a: HeldWrite, b: HeldWrite): Precedes {
    if (a === b) return "no";
    if (this.has(b, a)) return "yes";
    // What started later cannot have been read.
    if (a.write !== undefined && b.write !== undefined && a.write.start >= b.write.start) return "no";
    const open = this.openIn(b);
    if (open !== undefined) return open;
    return b.gap > (a.write?.start ?? -Infinity) ? "unknown" : "no";
  }

  /** As `precedes`, and also in real time: `a` was acknowledged before `b` began. By ids, which may be forgotten. */
  isBefore(a: WriteId, b: WriteId): Precedes {
    if (a === b) return "no";
    const first = this.hold(a);
    const other = this.hold(b);
    const one = this.stillThere(first);
    if (other === undefined) return "unknown";
    if (one === undefined) {
      if (!this.ended(a) || other.write === undefined) return "unknown";
      return !this.forgottenUnanswered && this.forgottenEnd < other.write.start ? "yes" : "unknown";
    }
    if (one.write !== undefined && other.write !== undefined && one.write.end < other.write.start) return "yes";
    return this.precedes(one, other);
  }

  /** Do all deletes that are no longer held come before `b`? */
  forgottenDeletesBefore(b: WriteId): Precedes {
    if (this.forgottenDelete === -Infinity) return "yes";
    const start = this.find(b)?.write?.start;
    if (start !== undefined && !this.forgottenUnanswered && this.forgottenEnd < start) return "yes";
    return "unknown";
  }

  /** Open writes among these versions and in their pasts: more may turn out to be related when they have ended. */
  openAmong(versions: readonly HeldWrite[]): WriteId[] {
    if (this.openCount === 0) return [];
    const { words, bits, open } = this;
    const any = new Int32Array(words);
    for (const { place } of versions) {
      any[place >>> 5] |= 1 << (place & 31);
      if (bits === undefined) continue;
      for (let word = 0, row = place * words; word < words; word++) any[word] |= bits[row + word];
    }
    const found: WriteId[] = [];
    for (let word = 0; word < words; word++) {
      for (let left = any[word] & open[word]; left !== 0; left &= left - 1) {
        found.push(this.places[word * 32 + lowest(left)].id);
      }
    }
    return found;
  }

  /** Pairs of which one version precedes the other, and pairs of which nobody can tell. */
  pairsAmong(versions: readonly HeldWrite[]): { related: number; unknown: number } {
    const { words } = this;
    const result = { related: 0, unknown: 0 };
    const asked = new Int32Array(words);
    let earliest = Infinity;
    const different: HeldWrite[] = [];
    for (const version of versions) {
      const { place, write } = version;
      if ((asked[place >>> 5] & (1 << (place & 31))) !== 0) continue;
      asked[place >>> 5] |= 1 << (place & 31);
      different.push(version);
      earliest = Math.min(earliest, write?.start ?? -Infinity);
    }
    for (const b of different) {
      if (this.bits !== undefined) {
        const row = b.place * words;
        for (let word = 0; word < words; word++) {
          const both = this.bits[row + word] & asked[word];
          if (both !== 0) result.related += ones(both);
        }
      }
      // Its past is known whole, as far as it could matter: the ordinary case.
      if (b.gap <= earliest && this.openIn(b) === undefined) continue;
      const open = this.openIn(b) !== undefined;
      for (const a of different) {
        // What started later than all that is unknown of b, and pairs known the other way round.
        if ((!open && (a.write?.start ?? -Infinity) >= b.gap) || this.has(a, b)) continue;
        const answer = this.precedes(a, b);
        if (answer !== "yes" && answer !== "no") result.unknown++;
      }
    }
    return result;
  }

  private placeOf(id: WriteId): number {
    if (this.index !== undefined) return this.index.get(id) ?? -1;
    const { places } = this;
    for (let place = places.length - 1; place >= 0; place--) if (places[place].id === id) return place;
    return -1;
  }

  /** Many at once in a narrow room: the last may have taken the place of the first. */
  private stillThere(held: HeldWrite | undefined): HeldWrite | undefined {
    return held !== undefined && this.places[held.place] === held ? held : undefined;
  }

  /** So many versions come together: they should all find a place. */
  private widen(versions: number): void {
    while (this.limit < PLACES_A_VERSION * versions && this.limit < MOST_PLACES) this.limit *= 2;
  }

  private mention(id: WriteId): HeldWrite | undefined {
    const place = this.placeOf(id);
    if (place < 0) return undefined;
    this.places[place].mentioned = true;
    return this.places[place];
  }

  private has(row: HeldWrite, { place }: HeldWrite): boolean {
    if (this.bits === undefined) return false;
    return (this.bits[row.place * this.words + (place >>> 5)] & (1 << (place & 31))) !== 0;
  }

  private isOpen({ place }: HeldWrite): boolean {
    return (this.open[place >>> 5] & (1 << (place & 31))) !== 0;
  }

  /** An open write in its past, or itself. */
  private openIn(held: HeldWrite): WriteId | undefined {
    if (this.openCount === 0) return undefined;
    if (this.isOpen(held)) return held.id;
    if (this.bits === undefined) return undefined;
    const { words } = this;
    for (let word = 0, row = held.place * words; word < words; word++) {
      const both = this.bits[row + word] & this.open[word];
      if (both !== 0) return this.places[word * 32 + lowest(both)].id;
    }
    return undefined;
  }

  /** The client of `heir` had read `from`. */
  private inherit(heir: HeldWrite, from: HeldWrite): void {
    const { words } = this;
    const bits = (this.bits ??= new Int32Array(this.capacity * words));
    const [to, of] = [heir.place * words, from.place * words];
    for (let word = 0; word < words; word++) bits[to + word] |= bits[of + word];
    bits[to + (from.place >>> 5)] |= 1 << (from.place & 31);
    // Nothing precedes itself, whatever a history claims.
    bits[to + (heir.place >>> 5)] &= ~(1 << (heir.place & 31));
    if (from.gap > heir.gap) heir.gap = from.gap;
  }

  /** A write has ended that may have been seen before. */
  private handOn(held: HeldWrite): void {
    if (!this.isOpen(held)) return;
    this.open[held.place >>> 5] &= ~(1 << (held.place & 31));
    this.openCount--;
    for (const other of this.places) if (this.has(other, held)) this.inherit(other, held);
  }

  /** A place for `id`, which has none. */
  private take(id: WriteId): number {
    const { places } = this;
    let place = places.length;
    if (place >= this.capacity) {
      const free = this.mayGrow() ? undefined : this.longestAgo();
      if (free === undefined) this.grow();
      else {
        this.forget(free);
        place = free;
      }
    }
    const held: HeldWrite = { id, place, write: undefined, covered: false, gap: -Infinity, mentioned: true };
    if (place === places.length) {
      places.push(held);
      this.room.held++;
      if (places.length === INDEXED_FROM) this.index = new Map(places.map((one, at) => [one.id, at]));
    } else places[place] = held;
    this.index?.set(id, place);
    return place;
  }

  private mayGrow(): boolean {
    if (this.capacity >= this.limit) return false;
    return this.capacity < PLACES_WHEN_SHORT || this.room.held < this.room.most;
  }

  private grow(): void {
    const { bits, words } = this;
    this.capacity *= 2;
    this.words = Math.ceil(this.capacity / 32);
    while (this.open.length < this.words) this.open.push(0);
    if (bits === undefined) return;
    this.bits = new Int32Array(this.capacity * this.words);
    for (let row = 0; row < this.places.length; row++) {
      this.bits.set(bits.subarray(row * words, (row + 1) * words), row * this.words);
    }
  }

  /** An ended write that was not mentioned since the hand last came by (the clock algorithm: nearly the one of longest ago). */
  private longestAgo(): number | undefined {
    const { places } = this;
    // After one round every flag is down.
    for (let looked = 0; looked < 2 * places.length; looked++) {
      this.hand = this.hand + 1 < places.length ? this.hand + 1 : 0;
      const one = places[this.hand];
      if (one.write === undefined) continue;
      if (!one.mentioned) return this.hand;
      one.mentioned = false;
    }
    return undefined;
  }

  private forget(place: number): void {
    const { id, write } = this.places[place];
    const { start, end, isDelete } = write!;
    this.forgotten++;
    this.forgottenStart = Math.max(this.forgottenStart, start);
    if (end === Infinity) this.forgottenUnanswered = true;
    else this.forgottenEnd = Math.max(this.forgottenEnd, end);
    if (isDelete) this.forgottenDelete = Math.max(this.forgottenDelete, start);
    this.index?.delete(id);
    const { bits, words } = this;
    if (bits === undefined) return;
    const [word, others] = [place >>> 5, ~(1 << (place & 31))];
    for (let row = 0; row < this.places.length; row++) bits[row * words + word] &= others;
    bits.fill(0, place * words, (place + 1) * words);
  }
}

/** The lowest bit set in a word of 32. */
function lowest(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Bits set in a word of 32. */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
