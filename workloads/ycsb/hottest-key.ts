/**
 * The share of operations that the hottest key is expected to get, before a run: what makes two "zipfian" results
 * comparable or not. Where inserts move it during the run, it is the share at the beginning.
 */
import type { WorkloadSettings } from "../settings";
import { AcknowledgedKeys } from "./acknowledged-keys";
import { createChooser } from "./chooser";

export interface HottestKey {
  /** 0 to 1, of operations that choose a key: all but inserts. */
  readonly share: number;
  /** Inserts of the run make another key the hottest, or change the number of keys. */
  readonly moves: boolean;
}

/** Undefined for mixes that choose their keys themselves, and where nothing chooses one. */
export function expectedHottestKey({ mixture, mix, records }: WorkloadSettings): HottestKey | undefined {
  if (mixture !== undefined) return undefined;
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
  return share === undefined ? undefined : { share, moves: mix.insert > 0 };
}
