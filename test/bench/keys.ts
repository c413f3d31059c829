/** YCSB's zipfian over a given number of keys, prepared beforehand: the loop that is measured only reads an array. */
import { Random } from "../../engine/vocabulary/random";
import { AcknowledgedKeys } from "../../workloads/ycsb/acknowledged-keys";
import { createChooser } from "../../workloads/ycsb/chooser";

const PREPARED = 1 << 18;

export function zipfianChooser(keys: number, seed: number): () => number {
  const chooser = createChooser(
    { name: "zipfian" },
    {
      first: 0,
      count: keys,
      recordCount: keys,
      expectedInserts: 0,
      growing: false,
      acknowledged: new AcknowledgedKeys(keys),
    },
  );
  const random = Random.fromSeed(seed);
  const prepared = Uint32Array.from({ length: PREPARED }, () => chooser.next(random));
  let at = 0;
  return () => prepared[(at = (at + 1) & (PREPARED - 1))];
}
