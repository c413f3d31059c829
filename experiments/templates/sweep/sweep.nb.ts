// %% [markdown]
// # Quorums, distance, and read repair
// Run with `npx quorumlab notebook run {{dir}}sweep.nb.ts`. Trials that are stored already are reused.

// %% run
import { chart, display, markdown, simulate, table } from "quorumlab/notebook";

const repaired = await simulate("./sweep.yaml");
const unrepaired = await simulate("./sweep-no-repair.yaml");
display(table(repaired.cells(["read_p99_ms", "p_stale"]), "With read repair"));
display(table(unrepaired.cells(["read_p99_ms", "p_stale"]), "Without"));

// %% [markdown]
// ## What is bought with latency

// %% trade-off
display(chart.tradeOff(repaired));
const closest = { r: 1, w: 1, "network.intra_zone.mean": "2ms" };
markdown(`
  At R = W = 1 and 2 ms between nodes, reads are stale in ${repaired.words("p_stale", closest)} with read repair and in
  ${unrepaired.words("p_stale", closest)} without.
`);

// %% check
repaired.expect("p_stale == 0", { r: 2, w: 2, "network.intra_zone.mean": "4ms" });
unrepaired.expect("p_stale == 0", { r: 2, w: 2, "network.intra_zone.mean": "4ms" });
