/**
 * The share of operations that the hottest key is expected to get, before a run: what makes two "zipfian" results
 * comparable or not. Where inserts move it during the run, it is the share at the beginning.
 */
import type { WorkloadSettings } from "../settings";
import { AcknowledgedKeys } from "./acknowledged-keys";
import { driversOf, shareOf } from "../shares";
import { createChooser } from "./chooser";

export interface HottestKey {
  /** 0 to 1, of operations that choose a key: all but inserts. */
  readonly share: number;
  /** Inserts of the run make another key the hottest, or change the number of keys. */
  readonly moves: boolean;
}

/** Undefined for mixes that choose their keys themselves, and where nothing chooses one. */
export function expectedHottestKey(settings: WorkloadSettings): HottestKey | undefined {
  if (settings.mixture !== undefined) return undefined;
  // Of several drivers each has a hottest key of its own. The first has the most clients and no more records than others.
  const { mix, records, load } = shareOf(settings, { index: 0, of: driversOf(settings) });
  const part = load.model === "closed" ? load.clients / settings.load.clients : 1 / driversOf(settings);
  const choosing = mix.read + mix.update + mix.scan + mix.rmw + mix.delete + mix.blindWrite + (mix.multiGet ?? 0);
  if (choosing === 0) return undefined;
  const chooser = createChooser(records.chooser, {
    first: records.insertStart,
    count: records.insertCount,
    recordCount: records.recordCount,
    expectedInserts: Math.floor(records.operationCount * mix.insert * 2),
    growing: false,
    acknowledged: new AcknowledgedKeys(records.recordCount),
  });
  const share = chooser.hottestShare();
  return share === undefined ? undefined : { share: share * part, moves: mix.insert > 0 };
}
