/**
 * Points of time series, as sensors and logs write them: each key is the series and then the time, so keys of one series
 * sort by time and new ones are always its last. A reader wants the latest few or, by a scan, all of a recent window; with
 * retention the oldest go. What it tries a store with is that everything of interest lies at the end of a range.
 *
 * The time in a key is the number of the point among all points: it orders them as their instants do, and makes the keys
 * of a run those of its seed, however fast the store was. So a reader may be quicker than the point it asks for, and then
 * finds nothing. Without retention a series remembers no more of itself than readers may want.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, Workload } from "../operation";
import type { TimeOrderedSettings, WorkloadSettings } from "../settings";
import { chooserOver, type KeyChooser } from "../ycsb/chooser";
import { afterPrefix } from "./listing";
import { MarkedValues, UNMARKED } from "./marked-values";
import type { MixStrategy } from "./mix";

export const timeOrdered: MixStrategy = {
  name: "time-ordered",
  prose:
    "Time series: points are inserted at the end of a series (sensor/<series>/<time>), the latest few are read, and a recent window is scanned; with workload.time_ordered.keep the oldest are deleted.",
  create(settings, random) {
    assert(settings.mixture?.name === "time-ordered", "a workload of time series has its settings");
    return new TimeOrderedWorkload(settings, settings.mixture, random.fork("time-ordered"));
  },
};

class TimeOrderedWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare = undefined;
  readonly notes: readonly string[];
  private readonly settings: TimeOrderedSettings;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly kinds: Random;
  private readonly places: Random;
  private readonly ages: Random;
  private readonly series: KeyChooser;
  private readonly values: MarkedValues;
  private readonly loadValues: MarkedValues;
  /** Of each series in turn the times of its last points, the n-th at n modulo the depth. */
  private readonly times: Float64Array;
  private readonly depth: number;
  /** By series: points made, and those deleted, which are the first of them. */
  private readonly made: Float64Array;
  private readonly deleted: Float64Array;
  /** A series that has one point too many. */
  private overfull = -1;
  private time: number;

  constructor(workload: WorkloadSettings, settings: TimeOrderedSettings, random: Random) {
    const { series, initial, latest, window, keep, insert, scan } = settings;
    assert(series >= 1 && latest >= 1 && window >= 1, "there are series, and readers want something of them");
    assert(insert >= 0 && scan >= 0 && insert + scan <= 1 + 1e-9, "shares are parts of one");
    assert(keep === undefined || initial <= keep, "no more is loaded than is kept");
    this.name = workload.name;
    this.notes = workload.notes;
    this.settings = settings;
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.loadCount = series * initial;
    this.kinds = random.fork("kinds");
    this.places = random.fork("places");
    this.ages = random.fork("ages");
    this.series = chooserOver(settings.popularity, series);
    this.values = new MarkedValues(workload.records.fieldLength, random.fork("values"));
    this.loadValues = new MarkedValues(workload.records.fieldLength, random.fork("values"));
    this.depth = Math.max(latest, window, initial, keep === undefined ? 0 : keep + 1);
    this.times = new Float64Array(series * this.depth);
    const loaded = workload.preload ? initial : 0;
    this.made = new Float64Array(series).fill(loaded);
    this.deleted = new Float64Array(series);
    for (let index = 0; index < series * loaded; index++) {
      this.times[(index % series) * this.depth + Math.floor(index / series)] = index + 1;
    }
    this.time = this.loadCount;
  }

  /** All series' first points, then their second ones: as they would have come. */
  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    const key = this.keyOf(index % this.settings.series, index + 1);
    return { ...this.drawn("insert", key), value: this.loadValues.drawn(key, index + 1) };
  }

  next(): DrawnOperation {
    if (this.overfull >= 0) return this.deleteOldest();
    const kind = this.kinds.nextFloat();
    const series = this.series.next(this.places);
    const { insert, scan, latest, window } = this.settings;
    if (kind < insert) return this.insert(series);
    const there = Math.min(this.depth, this.made[series] - this.deleted[series]);
    if (kind < insert + scan) {
      const first = there === 0 ? 0 : this.timeOf(series, Math.min(window, there));
      const operation = this.drawn("scan", this.keyOf(series, first));
      return { ...operation, scanLength: window, scanEnd: afterPrefix(prefixOf(series)) };
    }
    const back = 1 + Math.floor(this.ages.nextFloat() * Math.min(latest, Math.max(1, there)));
    return this.drawn("read", this.keyOf(series, there === 0 ? 0 : this.timeOf(series, back)));
  }

  inserted(): void {
    // Readers go by what was made, see above.
  }

  verify({ key }: KeyName, value: Octets): boolean {
    const found = KEY.exec(key);
    const time = Number(found?.[2]);
    if (found === null || time < 1 || time > this.time || Number(found[1]) >= this.settings.series) return false;
    const mark = this.values.markOf(key, value);
    return mark === time || mark === UNMARKED;
  }

  private insert(series: number): DrawnOperation {
    const time = ++this.time;
    const { made, deleted, depth, times, settings } = this;
    times[series * depth + (made[series] % depth)] = time;
    made[series]++;
    if (settings.keep !== undefined && made[series] - deleted[series] > settings.keep) this.overfull = series;
    const key = this.keyOf(series, time);
    return { ...this.drawn("insert", key), value: this.values.drawn(key, time) };
  }

  /** Draws nothing: with retention the same points are made and asked for as without. */
  private deleteOldest(): DrawnOperation {
    const series = this.overfull;
    this.overfull = -1;
    const time = this.times[series * this.depth + (this.deleted[series] % this.depth)];
    this.deleted[series]++;
    return this.drawn("delete", this.keyOf(series, time));
  }

  /** Of the point that is the `back`-th from the end. */
  private timeOf(series: number, back: number): number {
    return this.times[series * this.depth + ((this.made[series] - back) % this.depth)];
  }

  private keyOf(series: number, time: number): Octets {
    return prefixOf(series) + String(time).padStart(TIME_DIGITS, "0");
  }

  private drawn(kind: DrawnOperation["kind"], key: Octets): DrawnOperation {
    const name = { type: this.type, bucket: this.bucket, key };
    return { kind, key: name, value: "", scanLength: 0, blind: false, insertNumber: -1 };
  }
}

function prefixOf(series: number): Octets {
  return `sensor/${String(series).padStart(6, "0")}/`;
}

/** Up to 10^12 points sort by time. */
const TIME_DIGITS = 12;
const KEY = /^sensor\/(\d{6})\/(\d{12})$/;
