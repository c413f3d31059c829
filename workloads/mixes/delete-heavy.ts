/**
 * Keys that are created, read, deleted and created again, as in a queue, a session store or a cache: the pattern that
 * fills a store with tombstones and that the makers of such stores warn of. What it is for is the price of remembering
 * deletes (`grace`), and deleted keys that come back.
 *
 * Churn is first in, first out: the key that has lived longest is deleted, the one that has been gone longest is created,
 * in turn, so that the share of keys alive stays and a key's life and absence are as long as the settings make them. A
 * creation is an update, not an insert: it carries a context by the workload's rule, and without one it stands beside the
 * tombstone under a causal clock. Some reads ask for keys that are gone: there nothing should be.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, Workload } from "../operation";
import type { DeleteHeavySettings, WorkloadSettings } from "../settings";
import { MarkedValues, UNMARKED } from "./marked-values";
import type { MixStrategy } from "./mix";

export const deleteHeavy: MixStrategy = {
  name: "delete-heavy",
  prose:
    "Keys that are created, read, deleted and created again, first in, first out; some reads ask for keys that are gone. The share of keys alive stays the same.",
  create(settings, random) {
    assert(settings.mixture?.name === "delete-heavy", "a workload of deletes has its settings");
    return new DeleteHeavyWorkload(settings, settings.mixture, random.fork("delete-heavy"));
  },
};

/** So many keys are alive, at least one and never all. */
export function aliveOf({ keys, alive }: Pick<DeleteHeavySettings, "keys" | "alive">): number {
  return Math.min(keys - 1, Math.max(1, Math.floor(keys * alive)));
}

class DeleteHeavyWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare = undefined;
  readonly notes: readonly string[];
  private readonly settings: DeleteHeavySettings;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly kinds: Random;
  private readonly fates: Random;
  private readonly places: Random;
  private readonly values: MarkedValues;
  private readonly loadValues: MarkedValues;
  /** The n-th creation is of the key n modulo their number; keys of [deleted, created) are alive. */
  private created: number;
  private deleted = 0;

  constructor(workload: WorkloadSettings, settings: DeleteHeavySettings, random: Random) {
    assert(settings.keys >= 2, "a key may be alive while another is gone");
    this.name = workload.name;
    this.notes = workload.notes;
    this.settings = settings;
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.loadCount = aliveOf(settings);
    this.created = workload.preload ? this.loadCount : 0;
    this.kinds = random.fork("kinds");
    this.fates = random.fork("fates");
    this.places = random.fork("places");
    this.values = new MarkedValues(workload.records.fieldLength, random.fork("values"));
    this.loadValues = new MarkedValues(workload.records.fieldLength, random.fork("values"));
  }

  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    const operation = this.drawn("insert", index);
    return { ...operation, value: this.loadValues.drawn(operation.key.key, index + 1) };
  }

  next(): DrawnOperation {
    if (this.kinds.nextFloat() < this.settings.read) return this.read();
    if (this.created - this.deleted >= this.loadCount) return this.drawn("delete", this.deleted++);
    const number = this.created++;
    const operation = this.drawn("update", number);
    return { ...operation, value: this.values.drawn(operation.key.key, number + 1) };
  }

  inserted(): void {
    // No key is chosen by popularity.
  }

  verify({ key }: KeyName, value: Octets): boolean {
    const mark = this.values.markOf(key, value);
    if (mark === undefined) return false;
    // Written only if that creation has been, and under the key whose turn it was.
    return mark === UNMARKED ? true : mark <= this.created && this.keyText(mark - 1) === key;
  }

  /** Both numbers are drawn for every read, so that a smaller share of reads of gone keys moves no other. */
  private read(): DrawnOperation {
    const wantsGone = this.fates.nextFloat() < this.settings.readGone;
    const place = this.places.nextFloat();
    const { created, deleted } = this;
    // Those before the last round of creations are alive again.
    const firstGone = Math.max(0, created - this.settings.keys);
    const gone = (wantsGone || deleted === created) && firstGone < deleted;
    const [from, to] = gone ? [firstGone, deleted] : [deleted, created];
    return this.drawn("read", from + Math.floor(place * (to - from)));
  }

  private drawn(kind: DrawnOperation["kind"], number: number): DrawnOperation {
    const key = { type: this.type, bucket: this.bucket, key: this.keyText(number) };
    return { kind, key, value: "", scanLength: 0, blind: false, insertNumber: -1 };
  }

  private keyText(number: number): Octets {
    return `item${String(number % this.settings.keys)}`;
  }
}
