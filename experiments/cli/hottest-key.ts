/** A line for whoever is about to run a workload: how much of it the hottest key is expected to get, and by which law. */
import type { WorkloadSettings } from "../../workloads/settings";
import { expectedHottestKey } from "../../workloads/ycsb/hottest-key";

/** Undefined for mixes that choose their keys themselves. */
export function hottestKeyLine(workload: WorkloadSettings): string | undefined {
  const hottest = expectedHottestKey(workload);
  if (hottest === undefined) return undefined;
  const { records } = workload;
  const law = records.chooser.name === "zipf" ? `zipf, theta ${records.chooser.theta}` : records.chooser.name;
  const share = `${Number((100 * hottest.share).toPrecision(3))} %`;
  const when = hottest.moves ? " at the beginning; inserts change it" : "";
  return `hottest key: ${share} of operations expected (${law} over ${records.insertCount} keys${when})`;
}

/** Of all cells, each line once. */
export function hottestKeyLines(cells: readonly { readonly workload: WorkloadSettings }[]): readonly string[] {
  // Thousands of cells seldom differ in this.
  const seen = new Map<string, string | undefined>();
  for (const { workload } of cells) {
    const { mixture, mix, records } = workload;
    const key = JSON.stringify([mixture?.name, mix, records]);
    if (!seen.has(key)) seen.set(key, hottestKeyLine(workload));
  }
  return [...new Set([...seen.values()].flatMap((line) => line ?? []))];
}
