// %% [markdown]
// # Clocks and siblings
//
// *Two clients write the same key at once. Which write survives, and how does the store know that they were at once?*
//
// A store that takes writes on any replica cannot prevent concurrent writes; it can only notice them. What notices is a **logical clock**, stored
// with every version. If one version's clock says that its writer had seen the other version, the older one is replaced. If neither had seen
// the other, both are kept, and a read returns both as **siblings** for the application to merge. And if the store has no such clock, or one
// that says too little, it drops a write that it should have kept, or keeps versions that it should have dropped.
//
// This notebook watches three kinds of clock at that work. The recorder knows what each client had read before it wrote, whatever the store believes, so a
// clock can be caught being wrong.

// %% imports
import { answer, chart, count, display, expect, simulate, table } from "quorumlab/notebook";

// %% [markdown]
// ## Your prediction first
//
// Client A reads a key and writes it, again and again. Client B writes in between *without reading*. They take turns until 101 writes are done.
//
// 1. How many siblings can really be concurrent at the end? (Think about what each client's last write replaces.)
// 2. A *version vector* counts writes per server. Two clients write through the same servers. Will such a clock keep more siblings than that, or fewer?
// 3. *Last write wins* keeps the version with the latest timestamp. How many siblings does it return, and what is the price?

// %% explosion
const explosion = await simulate({
  name: "notebook-sibling-explosion",
  title: "Two clients, one key, 101 writes",
  question: "How many siblings does a read return under each clock?",
  seed: 20140604,
  cluster: { nodes: 3, storage: "memory" },
  network: { intra_zone: "1ms", client: "500us" },
  tunables: { n_val: 3, r: 2, w: 2, max_siblings: 10_000 },
  workload: { mix_name: "scripted", script: "explosion-1", context: "last-read", routing: "token-aware" },
  phases: { warmup: "0s", measure: "20s", drain: "500ms" },
  sweep: { axes: { clock: ["vv-server", "dvvset", "lww"] }, baseline: { clock: "dvvset" } },
  repetitions: { count: 1 },
  measure: { interval: "1s", divergence_scan: { every: "1s", keys: "all" } },
});
display(chart.siblingsByWrites(explosion));
display(table(explosion.cells(["siblings_max", "lost_updates", "false_conflicts", "context_bytes_mean"])));

// %% explained
const vector = { clock: "vv-server" };
const dotted = { clock: "dvvset" };
const wallTime = { clock: "lww" };
answer(
  "Open when you have your three answers",
  `
  **Two**, the last write of each client: whatever A wrote before, A's own later write had seen. \`dvvset\` (dotted version vector sets) keeps exactly
  ${count(explosion.value("siblings_max", dotted))}.

  The version vector keeps ${count(explosion.value("siblings_max", vector))}. It merges the clocks of all siblings into one vector, "everything that came through server 1, up to its latest", and with that it can no longer say *which* sibling carries which write. A client that had read only some of them is taken for one that had read none. Every write stays, and so
  ${count(explosion.value("false_conflicts", vector))} pairs were returned as siblings although one of the two had replaced the other. This happened to Riak; the cure was to give each version a **dot**, the
  single event that made it, beside the vector of what it had seen.

  Last write wins returns ${count(explosion.value("siblings_max", wallTime))}, always. The price is in the next column: ${count(explosion.value("lost_updates", wallTime))} acknowledged writes, which nobody had read or replaced, are gone.
  `,
);
explosion.expect("siblings_max == 101", vector);
explosion.expect("siblings_max == 2", dotted);
explosion.expect("lost_updates == 0", dotted);
explosion.expect("false_conflicts == 0", dotted);
explosion.expect("siblings_max == 1 and lost_updates > 0", wallTime);

// %% [markdown]
// ## Whose time is it?
//
// Last write wins needs no merging by the application, which is why so many stores offer it. It believes the wall time of machines. Suppose clients always read
// a key before they write it, so that almost no write is concurrent with another. Does last write wins lose anything then?
//
// **Predict:** with clocks of machines that differ by nothing, by 10 ms, by up to a second: how many of the acknowledged writes will be gone?

// %% skew
const skew = await simulate({
  name: "notebook-lost-updates",
  title: "Last write wins, and machines' times that differ",
  question: "How many acknowledged writes are gone at the end?",
  seed: 20131012,
  cluster: { nodes: 5, storage: "memory" },
  network: { intra_zone: { dist: "exponential", mean: "1ms" }, client: "500us" },
  tunables: { n_val: 3, r: "quorum", w: "quorum" },
  workload: {
    model: "open",
    rate: "300/s",
    arrivals: "poisson",
    clients: 16,
    mix: { rmw: 1 },
    keys: { count: 100, popularity: "uniform" },
    value_size: "20B",
    routing: "any",
  },
  phases: { warmup: "100ms", measure: "4s", drain: "500ms" },
  sweep: {
    axes: { clock: ["lww", "lww-hlc", "dvvset"], "node_model.clock_skew": ["0ms", "10ms", "1s"] },
    baseline: { clock: "dvvset", "node_model.clock_skew": "0ms" },
  },
  repetitions: { count: 12 },
  measure: { interval: "1s", divergence_scan: "none" },
  profiles: { smoke: { repetitions: { count: 6 }, "phases.measure": "1500ms" } },
});
display(
  table(
    skew.cells(["lost_updates", "missed_conflicts", "false_dominance", "siblings_max"]),
    "Medians over repetitions",
  ),
);
display(chart.anomalies(skew));

// %% skew-explained
const lost = (clock: string, by: string): string => skew.words("lost_updates", { clock, clock_skew: by });
answer(
  "Open when you have three numbers",
  `
  Under \`lww\` the median repetition lost ${lost("lww", "0ms")} acknowledged writes with clocks that agree, ${lost("lww", "10ms")} with 10 ms between them and ${lost("lww", "1s")} with up to a second.
  Nothing failed: no node crashed, no message was lost. A client read a version, changed it and wrote it, was told "done", and the store kept the version
  it had replaced, because the machine that stamped *that* one was ahead. That is what the column *false dominance* counts.

  A **hybrid logical clock** (\`lww-hlc\`) takes the larger of its own time and the newest timestamp it has seen, so a write is always later than what its writer had read:
  false dominance goes. What it still loses are true conflicts, where neither had read the other and one had to go: ${lost("lww-hlc", "1s")} here, whatever the skew.

  \`dvvset\` lost ${lost("dvvset", "1s")}. It pays with siblings, and somebody has to merge them.
  `,
);
skew.expect("lost_updates == 0", { clock: "dvvset" });
skew.expect("false_dominance == 0", { clock: "lww-hlc" });
expect(
  "skew changes nothing under hybrid logical clocks: every repetition loses as many as without",
  ["10ms", "1s"].every(
    (by) =>
      skew.values("lost_updates", { clock: "lww-hlc", clock_skew: by }).join() ===
      skew.values("lost_updates", { clock: "lww-hlc", clock_skew: "0ms" }).join(),
  ),
);
const wrongWinners = skew.values("false_dominance", { clock: "lww", clock_skew: "1s" });
expect(
  "with up to a second between machines, replaced versions win in more than half of the repetitions",
  wrongWinners.filter((count) => count > 0).length > wrongWinners.length / 2,
  `${wrongWinners.join(", ")} by repetition`,
);
const [apart, together] = ["1s", "0ms"].map((by) => skew.values("lost_updates", { clock: "lww", clock_skew: by }));
expect(
  "a second of skew loses more than clocks that agree, in most repetitions of the same seeds",
  apart.filter((lostThere, i) => lostThere > together[i]).length > apart.length / 2,
  `${apart.join(", ")} against ${together.join(", ")}`,
);

// %% [markdown]
// ## One lost write, looked at
//
// Counts convince; a case explains. Below is the history of one key around a write that was acknowledged and lost. Lines lead from the versions that a client had read to
// the version that it wrote.

// %% graph
display(chart.versionGraph(skew, { where: { clock: "lww", clock_skew: "1s" } }));

// %% [markdown]
// ## What a clock costs
//
// A causal clock must say who wrote, so it grows with the number of those who did: a vector with an entry per client with clients, one with an entry per server with the servers that
// ever coordinated a write of the key. The context that a client carries from a read to its write is the price on the wire.
//
// **Predict:** which is larger here, a timestamp or a dotted version vector?

// %% metadata
const agreeing = { clock_skew: "0ms" };
display(table(skew.where(agreeing).cells(["context_bytes_mean", "siblings_mean", "read_p99_ms", "write_p99_ms"])));
answer(
  "Open when you have chosen",
  `
  The timestamp: ${skew.words("context_bytes_mean", { clock: "lww", ...agreeing })}, because it carries the name of who stamped it to break ties, against ${skew.words("context_bytes_mean", { clock: "dvvset", ...agreeing })} for the dotted
  context. Only the replicas of a key coordinate its writes here, so a vector has at most as many entries as there are replicas. It grows when coordinators come and go:
  \`quorumlab run actor-explosion\` shows that.
  `,
);
expect(
  "with few coordinators a dotted context is smaller than a timestamp",
  skew.metric("context_bytes_mean", { clock: "dvvset", ...agreeing }).hi! <
    skew.metric("context_bytes_mean", { clock: "lww", ...agreeing }).lo!,
);

// %% [markdown]
// ## Words to keep apart
//
// - *Concurrent* is a fact about what clients knew: neither writer had seen the other's version. It has nothing to do with wall time.
// - A *sibling* is a version that the store returns beside another. It should be concurrent with it; where it is not, that is a **false conflict**.
// - A **lost update** is an acknowledged write that no later write had seen and that no replica holds any more. Where it was concurrent with what stands in its place, a conflict was missed; where it had *replaced* what stands in its place, the clock got the order wrong.
//
// ## Exercises
//
// 1. Add `"vv-client"` and `"riak-dvv"` to the axis `clock` of the first simulation. Which of them explodes? What grows instead under `vv-client`? (`context_bytes_mean`)
// 2. In the second simulation let clients write without reading: `mix: { update: 1 }` and `context: "none"`. How many siblings does `dvvset` keep now, and what bounds them?
// 3. `workload: { mix_name: "cart", resolver: "newest" }` is a shopping cart whose application takes the newest sibling and throws the rest away. Under `dvvset` nothing is lost by the *store*. Which metric shows that something is lost all the same? (`quorumlab explain merge_dropped`)
// 4. Set `timestamps: "client"` with `clock: "lww"`: now the clients' times count. Who should you trust less?
