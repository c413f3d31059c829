// %% [markdown]
// # What a read quorum costs and buys
// Run with `npx quorumlab notebook run {{dir}}experiment.nb.ts`. It runs the experiment beside it; trials that are stored are reused.

// %% run
import { chart, display, markdown, simulate, table } from "quorumlab/notebook";

const run = await simulate("./experiment.yaml");
display(table(run.cells(["read_p50_ms", "read_p99_ms", "p_stale"]), "Medians over repetitions"));

// %% [markdown]
// ## How soon is a write visible?

// %% visibility
display(chart.tVisibility(run));
markdown(
  `At R = 1, ${run.words("p_stale", { r: 1 })} of the reads were stale; at R = 3, ${run.words("p_stale", { r: 3 })}.`,
);

// %% check
// An expectation that fails makes `quorumlab notebook check` fail: prose and numbers cannot drift apart.
run.expect("p_stale == 0", { r: 3 });
