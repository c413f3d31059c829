// %% [markdown]
// # What heals a partition
// Run with `npx quorumlab notebook run {{dir}}partition.nb.ts`. Trials that are stored already are reused.

// %% run
import { chart, display, simulate, table } from "quorumlab/notebook";

const run = await simulate("./partition.yaml");
display(table(run.cells(["convergence_s", "divergent_keys_max", "divergent_keys_final", "lost_updates"])));

// %% [markdown]
// ## How many keys disagree, over time
// The shaded lane is the partition. Before it heals nobody can tell the cut-off zone anything.

// %% divergence
display(chart.divergence(run));

// %% healing
display(chart.convergence(run));
display(chart.repairWork(run));

// %% check
for (const cell of run.cells(["lost_updates"]).rows) run.expect("lost_updates == 0", cell.axes);
