/**
 * Rows about how a load presses on a store: who decides when the next operation is sent, and how a rate changes over a
 * run. Open and closed loads answer different questions, and a partly open one stands between them (Schroeder, Wierman,
 * Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006).
 */
import type { Tunable } from "../tunable";

const OPEN = "Schroeder et al., Open Versus Closed, NSDI 2006";
const LATENCY = ["percentile spectrum", "latency over time", "throughput and outcomes"] as const;
const OVER_TIME = ["latency over time", "throughput and outcomes"] as const;

export const LOAD_ROWS: readonly Tunable[] = [
  {
    key: "workload.model",
    scope: "client",
    kind: { kind: "choice", values: ["closed", "open", "partly-open"], later: [] },
    default: "closed",
    title: "Who decides when the next operation is sent",
    buys: "open: a schedule does (needs workload.rate), and latency counts from the intended start. closed: each of the clients waits for its answer first. partly-open: sessions come by a schedule; each asks workload.session.requests times in the mean, waits for every answer, thinks, and leaves.",
    costs:
      "open: an overloaded store builds a queue without end. closed: a slow store is asked less, which hides how slow it is. partly-open: with few requests a session it behaves as open, with many as closed; latency counts from when the session came, or from when it had thought.",
    source: `${OPEN}; Tene, How NOT to Measure Latency`,
    names: {},
    charts: LATENCY,
  },
  {
    key: "workload.rate",
    scope: "client",
    kind: { kind: "rate", min: 0.01, max: 1_000_000 },
    default: "",
    title: "Operations due per second (models open and partly-open)",
    buys: "Higher: more load, up to the knee.",
    costs:
      "Beyond the knee the schedule falls behind, and the trial says so. A partly open load has so many sessions a second as make this rate at workload.session.requests each.",
    source: OPEN,
    names: {},
    charts: LATENCY,
  },
  {
    key: "workload.session.requests",
    scope: "client",
    kind: { kind: "number", min: 1, max: 1_000_000 },
    default: "5",
    title: "Requests of a session in the mean (model partly-open)",
    buys: "Fewer: closer to an open load, which 1 is. More: closer to a closed one.",
    costs: "The number is drawn from a geometric law, so that a session's past says nothing of its future.",
    source: `${OPEN}: the partly open system`,
    names: {},
    charts: LATENCY,
    short: "session-requests",
  },
  {
    key: "workload.arrivals",
    scope: "client",
    kind: {
      kind: "choice",
      values: ["constant", "poisson", "bursts", "diurnal", "ramp", "steps", "spike", "trace"],
      later: [],
    },
    default: "constant",
    title: "Spacing of an open workload",
    buys: "constant: evenly spaced. All others are independent users, so operations also arrive together. poisson: at a steady rate. bursts, diurnal, ramp, steps and spike: at a rate that changes over time, counted from the start of the warm-up. trace: at recorded instants (mix_name trace alone).",
    costs:
      "poisson adds queueing of its own to every percentile. Where the rate changes, percentiles over the measured phase are those of its mixture of rates: let it hold whole periods, or read latency over time.",
    source: "YCSB's target is constant; Dynamo, section 6, measures days; Lewis and Shedler 1979 for rates that change",
    names: {},
    charts: LATENCY,
  },
  part("bursts.on", "duration", "1s", "Length of a burst", "Longer: queues have more time to grow."),
  part("bursts.off", "duration", "4s", "Length of the lull after a burst", "Longer: higher bursts at the same rate."),
  {
    ...part(
      "bursts.lull",
      "duration",
      "0%",
      "Rate of a lull over that of a burst",
      "Higher: towards 100 %, where nothing changes. workload.rate is the mean over burst and lull.",
    ),
    kind: { kind: "ratio", max: 1 },
  },
  {
    key: "workload.diurnal.period",
    scope: "client",
    kind: { kind: "duration", minMs: 100, maxMs: 86_400_000 },
    default: "240s",
    title: "Length of a day (arrivals diurnal)",
    buys: "Longer: more operations at each hour of it, at the same rate.",
    costs: "Time. In a shorter day the same share of it holds fewer operations, so their counts scatter more.",
    source: "Dynamo, figures 4 to 6: 24 hours",
    names: {},
    charts: ["imbalance over time", "latency over time"],
    short: "period",
  },
  {
    key: "workload.diurnal.trough",
    scope: "client",
    kind: { kind: "ratio", max: 1 },
    default: "12.5%",
    title: "Lowest rate of the day over its highest (arrivals diurnal)",
    buys: "Lower: load differs more over the day.",
    costs: "Higher: towards 100 %, where the rate does not change at all.",
    source: "Dynamo, section 6.2: low load is 1/8 of the peak",
    names: {},
    charts: ["imbalance over time", "latency over time"],
    short: "trough",
  },
  {
    ...part(
      "ramp.from",
      "duration",
      "0.01/s",
      "Rate at which a ramp begins",
      "Higher than workload.rate: a ramp down. The rate goes to workload.rate in a straight line, and stays.",
    ),
    kind: { kind: "rate", min: 0.01, max: 1_000_000 },
  },
  part("ramp.over", "duration", "10s", "Length of the ramp", "Longer: the knee is met more slowly, and seen better."),
  {
    ...part(
      "steps",
      "duration",
      "",
      "Rates by the instant from which each holds",
      "More steps: more levels of load in one trial, each read off over time. The first begins at 0s; workload.rate has no place beside them.",
    ),
    kind: { kind: "structure", name: "rate-steps" },
  },
  part("spike.at", "duration", "5s", "When the spike begins", "Later: more of the steady state before it."),
  part("spike.for", "duration", "2s", "Length of the spike", "Longer: queues have more time to grow."),
  {
    ...part(
      "spike.factor",
      "duration",
      "5",
      "Rate of the spike over workload.rate",
      "Higher: a harder test of how the store sheds load and recovers.",
    ),
    kind: { kind: "number", min: 0.01, max: 1_000 },
  },
  {
    key: "workload.clients",
    scope: "client",
    kind: { kind: "integer", min: 1, max: 10_000 },
    default: "8",
    title: "Client sessions; in the closed model also the operations in flight",
    buys: "More sessions make more concurrency, and more conflicting writes.",
    costs: "In the closed model latency grows with it once a processor is full.",
    source: "Cooper et al., YCSB, SoCC 2010: threadcount",
    names: {},
    charts: [...LATENCY, "siblings"],
  },
  {
    key: "workload.pacing",
    scope: "client",
    kind: { kind: "choice", values: ["sleep", "spin"], later: [] },
    default: "sleep",
    title: "How a driver waits for the instant at which the next operation is due",
    buys: "spin: operations leave within some microseconds of it, because the driver looks at the time in every turn of its event loop. sleep: it leaves the processor to others until a timer wakes it.",
    costs:
      "spin: a processor of its own for the whole load, which nodes on the same machine then lack. sleep: operations leave up to two milliseconds late, those of a millisecond together. Latency counts from the intended start either way, and metric schedule_lag_p99_ms says how late they left. In simulation nothing is late and this changes nothing.",
    source: "YCSB's spin.sleep; Node's timers are whole milliseconds",
    names: {},
    charts: LATENCY,
  },
  {
    key: "workload.load_processes",
    scope: "client",
    kind: { kind: "integer", min: 1, max: 12 },
    default: "1",
    title: "Drivers that share the load",
    buys: "More: a load that one processor cannot make. Each is a process with connections of its own (in simulation a driver and a client), and has its part of the keys, of the clients, of the rate and of max_outstanding; warm-ups begin at one instant, and what they record is put in order by one time and judged as one history.",
    costs:
      "A processor each, on processes. Each draws from its own keys by the same popularity: as many hottest keys as drivers, and with latest the newest of its own. Needs a client and a key for each; scripts, traces, counters, robots and the mixes that keep account of their keys are made by one.",
    source: "YCSB's insertstart and insertcount, which split a load over clients",
    names: {},
    charts: LATENCY,
    short: "drivers",
  },
  {
    key: "workload.fan_out",
    scope: "client",
    kind: { kind: "integer", min: 1, max: 1_000 },
    default: "10",
    title: "Keys of a multi-get (mix.multi_get)",
    buys: "More: fewer round trips for the same keys.",
    costs: "More: the slowest of so many answers decides, so that rare slowness becomes the common case.",
    source: "Dean and Barroso, The Tail at Scale, CACM 2013",
    names: { voldemort: "getAll" },
    charts: ["percentile spectrum"],
    short: "fan-out",
  },
];

/** A part of `arrivals`, which has the name of the first word. */
function part(name: string, kind: "duration", fallback: string, title: string, buys: string): Tunable {
  const [group, last] = name.split(".");
  return {
    key: `workload.${name}`,
    scope: "client",
    kind: { kind, minMs: name === "spike.at" ? 0 : 1, maxMs: 86_400_000 },
    default: fallback,
    title: `${title} (arrivals ${group})`,
    buys,
    costs: "Percentiles over the whole measured phase mix what the rates bring; latency over time tells them apart.",
    source: OPEN,
    names: {},
    charts: OVER_TIME,
    short: last === undefined ? group : `${group}-${last}`,
  };
}
