/**
 * RRP-1, rapid read protection: what the catalogue's slow-replica says of the hole in throughput, held by its smoke profile in
 * virtual time. The window is the second from 1 s after the silence began until the detector's conviction at 2 s: the requests that
 * were at the silent node have been given up by then, under every strategy.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { catalogueFile } from "../../experiments/catalogue";
import { planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { TrialOutput } from "../../experiments/trial";

const SILENT_FROM_S = 1;

async function run(speculation: string): Promise<TrialOutput> {
  const path = catalogueFile("slow-replica");
  const resolved = resolveExperiment({ path, text: readFileSync(path, "utf8"), profile: "smoke", sets: [] });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  const trial = planTrials(resolved.experiment, "").find(({ cell }) => {
    const { axes } = cell;
    return axes.read_fanout === "quorum" && axes.speculative_retry === speculation;
  });
  assert.ok(trial !== undefined);
  const output = await runInSimulation({
    trial,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  });
  assert.ok(output !== undefined);
  return output;
}

/** Share of the throughput before the silence that is missing during it. */
function dip({ figures }: TrialOutput): number {
  const { t, columns } = figures.intervals;
  const mean = (from: number, to: number): number => {
    const within = columns.ok.filter((_, i) => t[i] >= from && t[i] < to);
    assert.ok(within.length > 2);
    return within.reduce((sum: number, ok) => sum + (ok ?? 0), 0) / within.length;
  };
  return 1 - mean(SILENT_FROM_S + 1, SILENT_FROM_S + 2) / mean(0, SILENT_FROM_S);
}

describe("a silent replica and reads of one (long)", function () {
  this.timeout(60_000);

  it("take more than four fifths of the throughput without speculation, less than a fifth with it", async () => {
    const dips = new Map<string, number>();
    for (const speculation of ["none", "10ms", "p99", "always"]) dips.set(speculation, dip(await run(speculation)));
    const told = [...dips].map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`).join(", ");
    assert.ok(dips.get("none")! > 0.8, told);
    assert.ok(dips.get("p99")! < 0.2, told);
    assert.ok(dips.get("always")! < 0.1, told);
    assert.ok(dips.get("10ms")! > dips.get("p99")! && dips.get("10ms")! < dips.get("none")!, told);
  });
});
