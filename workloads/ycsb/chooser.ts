/**
 * How the next key is chosen: a strategy with a name, over the key numbers of one workload. Adding one is one file and
 * one line in {@link CHOOSERS}. A chooser draws from the stream it is given and from nothing else, so that two runs
 * with one seed ask for the same keys whatever else differs.
 *
 * YCSB's habit is kept that a number drawn above the newest acknowledged insert is thrown away and drawn again; the
 * shares that {@link KeyChooser.hottestShare} promises are after that redraw.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserSettings } from "../settings";
import { AcknowledgedKeys } from "./acknowledged-keys";
import { exponential } from "./exponential";
import { hotspot } from "./hotspot";
import { latest } from "./latest";
import { sequential } from "./sequential";
import { uniform } from "./uniform";
import { zipf } from "./zipf";
import { zipfian } from "./zipfian";

export interface KeyChooser {
  readonly name: ChooserSettings["name"];
  /** The next key number, at most the newest acknowledged one. */
  next(random: Random): number;
  /** Expected share of draws that go to the hottest key, 0 to 1; undefined where it moves during a run. */
  hottestShare(): number | undefined;
}

/** The key numbers a chooser draws from. */
export interface KeyRange {
  /** `insertstart`: the first loaded number. */
  readonly first: number;
  /** `insertcount`: how many were loaded from there; at least 1. */
  readonly count: number;
  /** `recordcount`. */
  readonly recordCount: number;
  /** Inserts to make room for: operations × share of inserts × 2, as YCSB reckons. */
  readonly expectedInserts: number;
  /** Whether the run inserts at all. */
  readonly growing: boolean;
  readonly acknowledged: AcknowledgedKeys;
}

export interface ChooserStrategy<Name extends ChooserSettings["name"] = ChooserSettings["name"]> {
  readonly name: Name;
  /** For `explain` and the report. */
  readonly prose: string;
  readonly source: string;
  create(settings: Extract<ChooserSettings, { name: Name }>, range: KeyRange): KeyChooser;
}

/** Every chooser by the name used in `popularity:` and `requestdistribution`. */
export const CHOOSERS: { readonly [Name in ChooserSettings["name"]]: ChooserStrategy<Name> } = {
  uniform,
  zipfian,
  zipf,
  latest,
  hotspot,
  sequential,
  exponential,
};

export function createChooser(settings: ChooserSettings, range: KeyRange): KeyChooser {
  // The map pairs each name with its own settings, which the type system cannot follow through a lookup.
  const strategy = CHOOSERS[settings.name] as ChooserStrategy;
  return strategy.create(settings, range);
}

/** Over the numbers below `count`, all of which are there from the beginning: series, folders, objects. */
export function chooserOver(settings: ChooserSettings, count: number): KeyChooser {
  const acknowledged = new AcknowledgedKeys(count);
  return createChooser(settings, {
    first: 0,
    count,
    recordCount: count,
    expectedInserts: 0,
    growing: false,
    acknowledged,
  });
}
