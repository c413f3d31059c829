// %% [markdown]
// # Staleness of partial quorums
// The numbers of the paper's section, with what they rest on. Run with `npx quorumlab notebook run {{dir}}study.nb.ts --profile default`
// for the full run; the smoke profile is enough to see whether everything still works.

// %% run
import { chart, display, markdown, simulate, table } from "quorumlab/notebook";

const run = await simulate("./study.yaml");
display(table(run.cells(["p_stale", "read_p99_ms", "write_p99_ms"]), "Medians over repetitions, 95 % intervals"));

// %% [markdown]
// ## The figure

// %% figure
display(chart.tVisibility(run, { overlay: "pbs" }));
markdown(`At R = W = 1 the probability of a stale read is ${run.words("p_stale", { r: 1, w: 1 })}.`);

// %% claims
run.expect("p_stale == 0", { r: 2, w: 2 });
run.expect("p_stale > 0", { r: 1, w: 1 });
