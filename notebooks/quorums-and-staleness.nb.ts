// %% [markdown]
// # Quorums and staleness
//
// *How many replicas should answer before a read or a write is done, and what does each choice cost?*
//
// In a store like Dynamo every key has **N** replicas. A node that takes a client's request, its *coordinator*, sends it to all N of
// them, and answers the client when **R** replicas have answered a read, or **W** have acknowledged a write. The others still get the
// message; nobody waits for them. This notebook varies R and W with N = 3 and looks at two things: how often a read misses the latest
// acknowledged write, and how long clients wait.
//
// Everything below is simulated while the notebook runs, by the same code that runs as real processes. No number in the text was typed by hand.

// %% imports
import { answer, chart, display, expect, markdown, percent, plain, predict, simulate, table } from "quorumlab/notebook";

// %% [markdown]
// ## Your prediction first
//
// Four configurations, all with N = 3: R = W = 1, then R = 1 with W = 2, R = 2 with W = 1, and R = W = 2. Write down, before you read on:
//
// 1. In which of them can a read be stale, that is, return nothing as new as some write that was acknowledged before the read began?
// 2. R + W is the same for (R = 1, W = 2) and (R = 2, W = 1). Are they equally stale?
// 3. Which of the four has the slowest reads, and which the slowest writes?
//
// Now let us find out. Messages take a millisecond on average, except a write on its way to a replica, which takes ten: a disk is slower
// than a network. Read repair is off, so that nothing heals a replica but the write itself.

// %% simulate
const quorums = await simulate({
  name: "notebook-quorums",
  title: "Four quorums, three replicas",
  question: "How often does a read miss the latest acknowledged write, and how long does a client wait?",
  seed: 20260903,
  cluster: { nodes: 5, storage: "memory" },
  network: {
    wars: {
      w: { dist: "exponential", mean: "10ms" },
      a: { dist: "exponential", mean: "1ms" },
      r: { dist: "exponential", mean: "1ms" },
      s: { dist: "exponential", mean: "1ms" },
    },
  },
  tunables: { n_val: 3, clock: "lww", coordinator: "any", read_repair: "none", detector: "perfect" },
  workload: {
    model: "open",
    rate: "400/s",
    arrivals: "poisson",
    clients: 32,
    mix: { read: 0.6, update: 0.4 },
    keys: { count: 200, popularity: "uniform" },
    value_size: "10B",
    // After every second write somebody reads the key again, up to 40 ms later: otherwise few reads would be young enough to miss it.
    probe: { share: 0.5, after: { dist: "uniform", min: "0ms", max: "40ms" } },
  },
  phases: { warmup: "200ms", measure: "5s", drain: "200ms" },
  sweep: { axes: { quorum: { zip: { r: [1, 1, 2, 2], w: [1, 2, 1, 2] } } }, baseline: { r: 2, w: 2 } },
  repetitions: { count: 12 },
  measure: { interval: "1s", divergence_scan: "none" },
  profiles: { smoke: { repetitions: { count: 6 }, "phases.measure": "3s" } },
});

// %% how much
markdown(
  `${plain(quorums.operations)} operations in all, ${quorums.repetitions} repetitions of each configuration. Brackets in what follows are 95 % intervals of the median over repetitions.`,
);

// %% [markdown]
// ## How often is a read stale?

// %% staleness
const one = { r: 1, w: 1 };
const readOne = { r: 1, w: 2 };
const writeOne = { r: 2, w: 1 };
const two = { r: 2, w: 2 };
display(
  table(
    quorums.cells(["p_stale", "read_p50_ms", "read_p99_ms", "write_p50_ms", "write_p99_ms"]),
    "Medians over repetitions",
  ),
);
answer(
  "Open when you have an answer to questions 1 and 2",
  `
  With R = W = 1, ${quorums.words("p_stale", one)} of the reads were stale. R = 1, W = 2 leaves ${quorums.words("p_stale", readOne)},
  R = 2, W = 1 leaves ${quorums.words("p_stale", writeOne)}, and R = W = 2 leaves ${quorums.words("p_stale", two)}: only there is
  **R + W > N**, so that every set of replicas that answers a read shares a member with every set that acknowledged a write. Such quorums are
  called *strict*; the others are *partial*.

  The two in the middle are not equally stale although their sums are equal. If a write went no further than
  the replicas that acknowledged it, they would be: with R = 1, W = 2 one replica in three lacks it, and with R = 2, W = 1 two do and both must be asked, one chance in three each time. But the write travels on. The first is stale until *one* replica
  has caught up; the second only as long as *both* have not. Two late replicas at once are rarer than one.
  `,
);
quorums.expect("p_stale == 0", two);
quorums.expect("p_stale > 0.5%", one);
expect(
  "R = 2, W = 1 is less stale than R = 1, W = 2, beyond their intervals",
  quorums.metric("p_stale", writeOne).hi! < quorums.metric("p_stale", readOne).lo!,
  `${quorums.words("p_stale", writeOne)} and ${quorums.words("p_stale", readOne)}`,
);

// %% [markdown]
// ## How eventual is eventual?
//
// "Eventually consistent" sounds like a promise without a date. But replicas do not forget the write that they have not got yet; it is on
// its way. So the chance that a read sees it grows with the time *t* since it was acknowledged. That curve is called **t-visibility**
// (Bailis and others, *Probabilistically Bounded Staleness*, 2012). The dashed lines are no fit: they are what the paper's model, WARS, makes
// of the delays that the same run's messages had.

// %% visibility
display(chart.tVisibility(quorums, { overlay: "pbs" }));
const atOnce = quorums.readsAt(2, one);
const later = quorums.readsAt(35, one);
markdown(`
  With R = W = 1, of the reads that began ${plain(atOnce.fromMs)} to ${plain(atOnce.toMs)} ms after the acknowledgement ${percent(atOnce.share)} returned the write
  (${atOnce.reads} reads); of those that began ${plain(later.fromMs)} to ${plain(later.toMs)} ms after it, ${percent(later.share)} (${later.reads} reads).
  The intervals show how few reads a point stands on: look at them before you believe a wiggle.
`);
quorums.expect("p_stale at 35ms < 25%", one);
expect(
  "a read right after the acknowledgement is stale more often than one 35 ms later",
  atOnce.hi < later.lo,
  `${percent(atOnce.share)} and ${percent(later.share)} consistent`,
);

// %% [markdown]
// ## Why the textbook's number is too high
//
// If the W replicas that acknowledged a write were the only ones that ever had it, a read of R random replicas would miss all of them with
// probability C(N−W, R) / C(N, R). That is easy to derive, and it is the number for a read at the very instant of the acknowledgement if writes
// went to W replicas alone. Dynamo's coordinators send to all N, and R to all N as well and take the *first* answers.

// %% closed-form
const delays = {
  w: { dist: "exponential", mean: "10ms" },
  a: { dist: "exponential", mean: "1ms" },
  r: { dist: "exponential", mean: "1ms" },
  s: { dist: "exponential", mean: "1ms" },
};
const pairs = [one, readOne, writeOne, two];
const rows = pairs.map((pair) => {
  const model = predict({ model: delays, n: 3, ...pair, trials: 50_000, seed: 7, atMs: [0, 10, 40] });
  return {
    "R, W": `${pair.r}, ${pair.w}`,
    "never spreads": percent(1 - model.closed.kStaleness[0]),
    "at the acknowledgement (WARS)": percent(1 - model.atCommit.value),
    "10 ms later (WARS)": percent(1 - model.curve[1].consistent.value),
    "40 ms later (WARS)": percent(1 - model.curve[2].consistent.value),
  };
});
display(table(rows, "Chance that a read is stale"));
const model = predict({ model: delays, n: 3, ...one, trials: 50_000, seed: 7 });
markdown(`
  For R = W = 1 the first column says ${percent(1 - model.closed.kStaleness[0])}, and the model that lets the write travel on, ${percent(1 - model.atCommit.value)} at the instant of the
  acknowledgement, falling quickly. The model knows neither the queue of a busy node nor read repair, crashes or a second writer; where a measured curve departs
  from it, one of those is the reason, and that is worth knowing.
`);
expect(
  "WARS promises more than the closed form already at the acknowledgement, for every partial quorum",
  pairs.slice(0, 3).every((pair) => {
    const { atCommit, closed } = predict({ model: delays, n: 3, ...pair, trials: 50_000, seed: 7 });
    return atCommit.lo > closed.kStaleness[0];
  }),
);

// %% [markdown]
// ## What does it cost?
//
// A coordinator that waits for R of N answers waits for the R-th fastest. That is an order statistic: the fastest of three exponential delays of
// mean *m* takes m/3 on average, the second m/2 more, the third another m. Each further replica that one waits for is the slowest so far.

// %% cost
display(chart.tradeOff(quorums));
answer(
  "Open when you have an answer to question 3",
  `
  Reads follow R alone: the p99 is ${quorums.words("read_p99_ms", one)} at R = W = 1 and ${quorums.words("read_p99_ms", two)} at R = W = 2. Writes follow W alone, and pay
  much more for it because their way to a replica is longer: ${quorums.words("write_p99_ms", one)} at W = 1, ${quorums.words("write_p99_ms", two)} at W = 2. So where writes are slow, R = 2 with
  W = 1 is the cheap way to a smaller chance of staleness, and R = W = 2 the price of certainty.
  `,
);
expect(
  "a larger R makes reads slower, and a larger W writes",
  quorums.value("read_p99_ms", two) > quorums.value("read_p99_ms", one) &&
    quorums.value("write_p99_ms", two) > quorums.value("write_p99_ms", one),
);
display(chart.percentileSpectrum(quorums));

// %% [markdown]
// ## What this notebook does not say
//
// - *Strict is not linearizable.* R + W > N means that a read meets the latest acknowledged write. Two reads during one write may still see it and then not see it.
// - *Dynamo's quorums are sloppy.* While a replica is believed down, its writes go to a stand-in, and the sets that should overlap may not. The notebook
//   [Failure and repair](failure-and-repair.md) is about that.
// - *Five nodes, one zone, no load to speak of.* Queues change tails; `quorumlab run saturation` shows how.
//
// ## Exercises
//
// 1. Add R = 1, W = 3 and R = 3, W = 1 to the `zip`. Both are strict. When would you take which? Check your answer against `write_p99_ms` and `read_p99_ms`, and think about what happens to each when a node is down.
// 2. Give writes the same delay as everything else (1 ms). Before you run it: does R = W = 1 become more or less stale? What is it that makes reads stale, the mean delay or its spread? (Try `dist: "constant"`.)
// 3. Switch read repair on (`read_repair: "async"`). Which part of the t-visibility curve moves, and why not the rest?
// 4. `predict({ model: "lnkd-disk", r: 1, w: 1 })` asks the same of LinkedIn's disks. How long until 99.9 % of reads are consistent? And with `lnkd-ssd`?
// 5. Replace the expectation `p_stale == 0` at R = W = 2 by one on R = 1, W = 2, run `quorumlab notebook check`, and read what it says.
