// %% [markdown]
// # Failure and repair
//
// *A zone is cut off for two seconds. Can clients still write? And who brings the replicas together again?*
//
// A store that answers while some of its replicas cannot be reached will, when they come back, hold replicas that differ. Dynamo has three mechanisms against that,
// and they do different work:
//
// - **Hinted handoff**: a write for a replica that is believed down is kept by another node together with a *hint* whose it is, and sent home when that node is back. It repairs what was *noticed*.
// - **Read repair**: a coordinator that sees a replica answer a read with an old version sends it the new one. It repairs what is *read*.
// - **Anti-entropy**: replicas compare Merkle trees of what they hold and exchange what differs. It repairs *everything*, in its own time.
//
// Each costs bytes. This notebook gives each of them the same partition and the same time to heal.

// %% imports
import { answer, chart, display, expect, markdown, percent, plain, simulate, table } from "quorumlab/notebook";

// %% [markdown]
// ## Your prediction first
//
// Nine nodes in three zones, N = 3, R = W = 1. A key's replicas stand where the ring puts them, which may be in one zone, in two or in three. For two seconds zone *a* is cut off
// from *b* and *c*, and clients on both sides go on reading and writing. Then the network is whole again, and clients go on for two more seconds.
//
// 1. R = W = 1: one replica is enough. What share of the requests succeeds *during* the partition? Does it matter whether another node may stand in for a replica that is not reached?
// 2. Order the four configurations below by how many keys still differ at the end: nothing, hints alone, read repair alone, anti-entropy alone.
// 3. Which of the three mechanisms sends the most bytes for each client operation?

// %% partition
const split = await simulate({
  name: "notebook-repair",
  title: "Two seconds of partition, and who heals it",
  question: "How many keys still differ at the end, and what did it cost to bring the others together?",
  seed: 20161019,
  cluster: { zones: { a: 3, b: 3, c: 3 }, storage: "memory" },
  network: {
    intra_zone: { dist: "exponential", mean: "300us" },
    inter_zone: { dist: "exponential", mean: "1ms" },
    client: "300us",
  },
  tunables: {
    n_val: 3,
    r: 1,
    w: 1,
    coordinator: "replica",
    hint_idle: "200ms",
    detector: { name: "timeout", heartbeat_interval: "100ms", timeout: "500ms" },
  },
  workload: {
    model: "open",
    rate: "400/s",
    arrivals: "poisson",
    mix: { read: 0.8, update: 0.2 },
    keys: { count: 500, popularity: "zipf(0.99)" },
    value_size: "200B",
  },
  phases: { warmup: "500ms", measure: "5s", drain: "2s" },
  faults: [
    {
      id: "split",
      kind: "partition",
      at: "1s",
      for: "2s",
      groups: [["zone:a"], ["zone:b", "zone:c"]],
      clients: "follow-nearest",
    },
  ],
  sweep: {
    axes: {
      repair: {
        zip: {
          "tags.repair": ["nothing", "hints", "read repair", "anti-entropy"],
          stand_in: ["none", "fallback", "none", "none"],
          read_repair: ["none", "none", "async", "none"],
          aae: ["disabled", "disabled", "disabled", { interval: "200ms", tree_depth: 6 }],
        },
      },
    },
    baseline: { "tags.repair": "nothing" },
  },
  repetitions: { count: 12 },
  measure: { interval: "250ms", divergence_scan: { every: "250ms", keys: "all" } },
  profiles: { smoke: { repetitions: { count: 6 } } },
});
const nothing = { repair: "nothing" };
const hints = { repair: "hints" };
const reads = { repair: "read repair" };
const trees = { repair: "anti-entropy" };

// %% how much
markdown(
  `${plain(split.operations)} operations, ${split.repetitions} repetitions of each configuration. Brackets in what follows are 95 % intervals of the median over repetitions.`,
);

// %% [markdown]
// ## Can clients still write?

// %% availability
const inOutage = (where: { repair: string }): number => {
  const outages = split.figures(where).flatMap(({ outages = [] }) => outages);
  return outages.reduce((sum, { ok }) => sum + ok, 0) / outages.reduce((sum, { due }) => sum + due, 0);
};
display(
  table(
    [nothing, hints].map((one) => ({
      "stand-ins": one === hints ? "yes, with hints" : "none",
      "succeeded during the partition": percent(inOutage(one)),
      "succeeded in all": split.words("availability", one),
      "stale reads": split.words("p_stale", one),
    })),
    "During the partition all repetitions together; else medians over repetitions",
  ),
);
display(chart.outcomes(split, { where: hints }));
answer(
  "Open when you have an answer to question 1",
  `
  Without stand-ins ${percent(inOutage(nothing))} of the requests made during the partition succeeded. The others were of two kinds. Some were for keys all of whose replicas stood on the other side: refused, *definitely*.
  Others were sent across before the failure detector had given the other side up; they got no answer, and nobody knows whether they happened: *indefinite*.

  With stand-ins it was ${percent(inOutage(hints))}: the first node down the ring that *can* be reached takes the place of the one that cannot, so hardly anything is refused, and what remains is
  the time until somebody is suspected. This is Dynamo's **sloppy quorum**, and this is what it was made for: *always writable*. Look at the last column for the price. A stand-in that is asked
  for a key it has never seen answers with what it has, and that is old, or nothing.
  `,
);
expect(
  "stand-ins keep more requests alive, beyond the intervals",
  split.metric("availability", hints).lo! > split.metric("availability", nothing).hi!,
);
expect(
  "and make more reads stale",
  split.metric("p_stale", hints).lo! > split.metric("p_stale", nothing).hi!,
  `${split.words("p_stale", hints)} and ${split.words("p_stale", nothing)}`,
);

// %% [markdown]
// ## How far do replicas drift apart, and who brings them back?
//
// Every quarter of a second all replicas are asked directly which writes they hold. A key is *divergent* when those that should hold it do not hold the same. The shaded stretch is the partition.

// %% divergence
display(chart.divergence(split));
display(
  table(split.cells(["divergent_keys_max", "divergent_keys_final", "repair_bytes_per_op"]), "Medians over repetitions"),
);

// %% divergence-explained
const finals = (where: { repair: string }): string => split.words("divergent_keys_final", where);
answer(
  "Open when you have an order",
  `
  What still differs at the end: ${finals(nothing)} with nothing, ${finals(reads)} with read repair alone, ${finals(hints)} with hints alone and ${finals(trees)} with anti-entropy alone.

  *Read repair* heals what is read, and popularity is skewed: the hot keys agree at once, the long tail waits for a reader who may never come.
  *Hints* heal what was known to be missed. A write that was sent in the half second before the failure detector gave the other side up has no hint,
  because nobody yet thought that one was needed.
  *Anti-entropy* needs neither a reader nor a suspicion. It compares and finds.
  `,
);
split.expect("divergent_keys_final == 0", trees);
expect(
  "every mechanism leaves fewer divergent keys than nothing, beyond the intervals",
  [hints, reads, trees].every(
    (one) => split.metric("divergent_keys_final", one).hi! < split.metric("divergent_keys_final", nothing).lo!,
  ),
  [hints, reads, trees, nothing].map((one) => `${one.repair} ${finals(one)}`).join(", "),
);

// %% [markdown]
// ## What do clients see meanwhile?
//
// Divergence is what replicas hold; staleness is what a reader gets. With R = 1 a read is answered by whichever replica is first, so a replica that missed writes goes on answering
// with old versions until something repairs it.

// %% staleness
display(chart.staleOverTime(split));
const after = (where: { repair: string }): readonly { readonly stale: number; readonly reads: number }[] =>
  split.figures(where).flatMap(({ staleByWindow = [] }) => staleByWindow.filter(({ window }) => window === "after"));
const share = (where: { repair: string }): number => {
  const windows = after(where);
  return windows.reduce((sum, { stale }) => sum + stale, 0) / windows.reduce((sum, { reads }) => sum + reads, 0);
};
display(
  table(
    [nothing, hints, reads, trees].map((one) => ({
      repair: one.repair,
      "stale reads after the partition": percent(share(one)),
    })),
    "All repetitions together",
  ),
);
markdown(`
  *During* the partition no mechanism helps: a reader in one zone cannot see what is written in the other. That is not a fault of this store; one that wanted no stale reads would
  have to refuse them on one side. *After* it the order is another one than above. Read repair, which leaves many keys divergent, serves readers best (${percent(share(reads))} stale, against ${percent(share(nothing))}
  with nothing), because the keys it leaves are those that hardly anybody reads. Anti-entropy, which leaves none, comes to a hot key no sooner than to a cold one (${percent(share(trees))}).
`);
expect(
  "read repair leaves fewer stale reads after the partition than nothing, in every repetition",
  after(reads).every(({ stale }, i) => stale < after(nothing)[i].stale),
  `${percent(share(reads))} and ${percent(share(nothing))}`,
);
expect(
  "and fewer than hints or anti-entropy, all repetitions together",
  share(reads) < share(hints) && share(reads) < share(trees),
);

// %% [markdown]
// ## What does healing cost?

// %% cost
display(chart.repairWork(split));
const bytes = (where: { repair: string }): string => split.words("repair_bytes_per_op", where);
answer(
  "Open when you have an answer to question 3",
  `
  For each client operation, hints sent ${bytes(hints)}, read repair ${bytes(reads)} and anti-entropy ${bytes(trees)}. A hint carries one missed write home, once. Read repair sends a version whenever a read meets an older one, and the same replica may be sent it by two reads at once. Anti-entropy pays for *comparing*, also when nothing differs: here many times a second, which no production store would do. Its interval is the knob between "soon" and "cheap".
  `,
);
expect(
  "anti-entropy sends the most, beyond the intervals",
  [hints, reads].every(
    (one) => split.metric("repair_bytes_per_op", one).hi! < split.metric("repair_bytes_per_op", trees).lo!,
  ),
);
split.expect("repair_bytes_per_op == 0", nothing);
split.expect("repair_bytes_per_op > 0", hints);

// %% [markdown]
// ## Why stores have all three
//
// They cover for each other. Hints make the common case cheap: a node restarts, and gets what it missed. Read repair makes hot keys right at once. Anti-entropy is there for everything that the other two
// missed: hints that were lost with the node that kept them, disks that were wiped, keys that nobody reads. A store that leaves anti-entropy off works well until the day it is needed.
//
// ## What this notebook does not say
//
// - Divergence was seen by looking at every replica at once, which only an experimenter can do.
// - One seed draws one workload; the intervals are over repetitions with other seeds, and over nothing else. Another popularity of keys moves read repair most.
// - The failure detector decides when hints begin. How it decides is a subject of its own: `quorumlab run detectors`.
//
// ## Exercises
//
// 1. Add a fifth configuration with hints *and* read repair (`stand_in: "fallback"`, `read_repair: "async"`). Predict its divergent keys at the end from the two alone. Were they additive?
// 2. Lower the detector's `timeout` from 500 ms to 200 ms. Which line of the divergence chart moves, and by how much should it?
// 3. Set `stand_in: "none"` and `r: 2, w: 2`. What happens to availability on the smaller side? What to stale reads?
// 4. Let the partition last 4 s and lower `hint_window` to 1 s. Who heals what is no longer hinted?
// 5. Change anti-entropy's `interval` to 1 s. Find the row in the table whose value you expect to change by a factor of about five, and check.
