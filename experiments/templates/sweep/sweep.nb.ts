// %% [markdown]
// # Quorums, distance, and how many replicas are asked
// Run with `npx quorumlab notebook run {{dir}}sweep.nb.ts`. Trials that are stored already are reused.

// %% run
import { chart, display, markdown, simulate, table } from "quorumlab/notebook";

const all = await simulate("./sweep.yaml");
const few = await simulate("./sweep-fanout.yaml");
const metrics = ["read_p99_ms", "p_stale", "messages_per_op"];
display(table(all.cells(metrics), "Every read is sent to all three replicas"));
display(table(few.cells(metrics), "Every read is sent to R replicas"));

// %% [markdown]
// ## What is bought with latency

// %% trade-off
display(chart.tradeOff(all));
const near = { r: 1, w: 1, "network.intra_zone.mean": "2ms" };
markdown(`
  At R = W = 1 and 2 ms between nodes, 99 of 100 reads are answered within ${all.words("read_p99_ms", near)} when all three replicas are
  asked, and within ${few.words("read_p99_ms", near)} when one is.
`);

// %% check
all.expect("p_stale == 0", { r: 2, w: 2, "network.intra_zone.mean": "4ms" });
few.expect("p_stale == 0", { r: 2, w: 2, "network.intra_zone.mean": "4ms" });
