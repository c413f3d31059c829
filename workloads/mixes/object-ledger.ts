/**
 * What a client of an object store may expect of a listing, judged in the order in which things happened. An object *must
 * be shown* if a put of it was acknowledged before the listing began, and no delete of it was even begun since before that
 * put; it *must not be shown* if a delete was acknowledged before, and no put begun since. Everything between may be
 * either way: writes that overlap, and every object that has had a write of unknown outcome, which may come true at any
 * time. So a missing object and a ghost are findings, never a matter of luck; there are fewer of them than users meet.
 *
 * A few numbers an object, whatever the length of a run; pages are judged as they come and are not kept.
 */
import { assert } from "../../engine/vocabulary/assert";
import { certainty, type Outcome } from "../../engine/vocabulary/outcomes";
import type { ListingCounts } from "../operation";

export type WriteKind = "put" | "delete";

/** A write that was begun; hand it back when it ended. */
export interface LedgerEntry {
  readonly kind: WriteKind;
  readonly object: number;
  readonly turn: number;
  /** No write of the other kind was under way when it began. */
  readonly alone: boolean;
}

export class ObjectLedger {
  readonly counts = { listings: 0, pages: 0, due: 0, missing: 0, gone: 0, ghosts: 0 } satisfies ListingCounts;
  /** Counts what happens: of two things the one with the smaller turn came first. */
  private turn = 0;
  private readonly puts: Writes;
  private readonly deletes: Writes;

  constructor(objects: number) {
    this.puts = new Writes(objects);
    this.deletes = new Writes(objects);
  }

  /** The load's put of `object` ended; nobody else was there. */
  loaded(object: number, outcome: Outcome): void {
    const sure = certainty(outcome);
    if (sure === "ok") this.puts.standsSince[object] = ++this.turn;
    if (sure === "indefinite") this.puts.doubtful[object] = 1;
  }

  began(kind: WriteKind, object: number): LedgerEntry {
    const [own, other] = this.of(kind);
    own.underWay[object]++;
    own.lastBegun[object] = ++this.turn;
    // From here on the other kind's effect may be undone at any moment.
    other.standsSince[object] = 0;
    return { kind, object, turn: this.turn, alone: other.underWay[object] === 0 };
  }

  ended({ kind, object, turn, alone }: LedgerEntry, outcome: Outcome): void {
    const [own, other] = this.of(kind);
    assert(own.underWay[object] > 0, "a write ends once");
    own.underWay[object]--;
    const sure = certainty(outcome);
    if (sure === "indefinite") own.doubtful[object] = 1;
    if (sure !== "ok" || !alone || other.lastBegun[object] > turn || other.doubtful[object] === 1) return;
    if (own.standsSince[object] === 0) own.standsSince[object] = ++this.turn;
  }

  /** A listing begins; what it returns belongs to its pages. */
  listingBegan(): number {
    this.counts.listings++;
    return ++this.turn;
  }

  /** A page of the listing begun at `began` came: of the objects [from, to) it showed those for which `shown`. */
  page(began: number, from: number, to: number, shown: (object: number) => boolean): void {
    const { counts, puts, deletes } = this;
    counts.pages++;
    for (let object = from; object < to; object++) {
      const there = puts.standsSince[object];
      const gone = deletes.standsSince[object];
      if (there > 0 && there < began) {
        counts.due++;
        if (!shown(object)) counts.missing++;
      } else if (gone > 0 && gone < began) {
        counts.gone++;
        if (shown(object)) counts.ghosts++;
      }
    }
  }

  private of(kind: WriteKind): readonly [Writes, Writes] {
    return kind === "put" ? [this.puts, this.deletes] : [this.deletes, this.puts];
  }
}

/** Of one kind, by object. */
class Writes {
  /** The turn from which on its effect stands undisputed; 0 while it does not. */
  readonly standsSince: Float64Array;
  readonly lastBegun: Float64Array;
  readonly underWay: Uint32Array;
  /** Had one of unknown outcome. */
  readonly doubtful: Uint8Array;

  constructor(objects: number) {
    this.standsSince = new Float64Array(objects);
    this.lastBegun = new Float64Array(objects);
    this.underWay = new Uint32Array(objects);
    this.doubtful = new Uint8Array(objects);
  }
}
