// %% [markdown]
// # How stale is R = W = 1?
// Run with `npx quorumlab notebook run {{dir}}exercise.nb.ts`. Guess before you open an answer.

// %% run
import { answer, chart, display, simulate, table } from "quorumlab/notebook";

const run = await simulate("./exercise.yaml");

// %% [markdown]
// ## Question 1
// Of a hundred reads at R = W = 1, how many miss the latest acknowledged write?

// %% answer-1
answer(
  "What was measured",
  `${run.words("p_stale", { r: 1, w: 1 })} of the reads. Was your guess inside the interval?`,
);

// %% [markdown]
// ## Question 2
// Which of the other three configurations have no stale read, and why?

// %% answer-2
answer(
  "Why",
  "R + W > N: every set of R replicas then shares a member with every set of W. Of these, only R = W = 2 does.",
);
display(table(run.cells(["p_stale", "read_p99_ms", "write_p99_ms"])));

// %% [markdown]
// ## Question 3
// How long after a write is it safe to read at R = 1? Find the place on the curve where 99 of 100 reads are fresh.

// %% visibility
display(chart.tVisibility(run));

// %% check
run.expect("p_stale == 0", { r: 2, w: 2 });

// %% [markdown]
// ## Your turn
// Add a cell: what does `read_repair: none` change? `await simulate("./exercise.yaml", { set: { read_repair: "none" } })`
