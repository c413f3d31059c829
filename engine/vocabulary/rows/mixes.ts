/**
 * Rows of the mixes that ask for keys in an order or a rhythm of their own: time series, keys that come and go, the index
 * of an object store, and operations that were recorded.
 */
import type { Tunable } from "../tunable";

type Row = Pick<Tunable, "kind" | "default" | "title" | "buys" | "costs"> & Partial<Tunable>;

const SERIES = "Cassandra's data models for time series; YCSB, workload E";
const QUEUES = "DataStax, Cassandra anti-patterns: queues and queue-like datasets";
const OBJECTS = "Amazon S3, ListObjectsV2; S3 says since 2020 that its listings miss nothing that was acknowledged";
const TRACES = "Schroeder et al., Open Versus Closed, NSDI 2006: trace-based generators are open";

const OUTCOMES = ["throughput and outcomes"] as const;

function rowsOf(group: string, source: string): (name: string, row: Row) => Tunable {
  return (name, row) => ({
    key: group === "" ? `workload.${name}` : `workload.${group}.${name}`,
    scope: "client",
    source,
    names: {},
    charts: OUTCOMES,
    ...row,
  });
}

const series = rowsOf("time_ordered", SERIES);
const deletes = rowsOf("delete_heavy", QUEUES);
const objects = rowsOf("object_index", OBJECTS);
const recorded = rowsOf("", TRACES);

export const MIX_ROWS: readonly Tunable[] = [
  series("series", {
    kind: { kind: "integer", min: 1, max: 100_000 },
    default: "100",
    title: "Time series, each a range of keys sensor/<series>/<time> (mix_name time-ordered)",
    buys: "More: inserts spread over more ranges.",
    costs:
      "Fewer: what is new is in few places. A ring by hash spreads the points of a series over all nodes all the same, and a scan has to ask for it everywhere.",
    short: "series",
  }),
  series("initial", {
    kind: { kind: "integer", min: 0, max: 100_000 },
    default: "20",
    title: "Points of each series that are written before the warm-up",
    buys: "As many as a window holds: scans find a full one from the beginning.",
    costs: "Time of the preload.",
  }),
  series("insert", {
    kind: { kind: "ratio", max: 1 },
    default: "50%",
    title: "Share of operations that add a point at the end of a series",
    buys: "More: more of the store's work is at the end of ranges.",
    costs: "More: fewer reads and scans, which make up the rest. Deletes of keep come on top.",
  }),
  series("scan", {
    kind: { kind: "ratio", max: 1 },
    default: "10%",
    title: "Share of operations that scan the recent window of a series",
    buys: "More: more ranges are read while their ends move.",
    costs: "A scan costs what the ranges of all nodes cost.",
  }),
  series("latest", {
    kind: { kind: "integer", min: 1, max: 10_000 },
    default: "5",
    title: "A read asks for one of so many points at the end of a series",
    buys: "Fewer: reads follow writes more closely, which is where stale reads and misses are.",
    costs: "More: a memory of the driver for each series.",
  }),
  series("window", {
    kind: { kind: "integer", min: 1, max: 10_000 },
    default: "20",
    title: "Points that a scan asks for, up to the end of its series",
    buys: "More: longer scans.",
    costs: "More: a memory of the driver for each series.",
    short: "window",
  }),
  series("keep", {
    kind: { kind: "integer", min: 1, max: 100_000 },
    default: "",
    title: "Points of a series beyond which its oldest is deleted; for ever when left out",
    buys: "Retention: a store that does not grow, and a tombstone at the beginning of a range for every point at its end.",
    costs: "One delete more for each insert, in the same stream of operations.",
    short: "keep",
  }),
  deletes("keys", {
    kind: { kind: "integer", min: 2, max: 10_000_000 },
    default: "1000",
    title: "Keys that come and go (mix_name delete-heavy)",
    buys: "Fewer: a key is created again sooner after its delete, within the grace.",
    costs: "More: a longer life and a longer absence of each key at the same rate.",
    short: "delete-keys",
  }),
  deletes("alive", {
    kind: { kind: "ratio", max: 1 },
    default: "50%",
    title: "Share of the keys that are there at a time",
    buys: "Lower: more tombstones for each value.",
    costs: "At least one key is there, and one is gone.",
  }),
  deletes("read", {
    kind: { kind: "ratio", max: 1 },
    default: "50%",
    title: "Share of operations that read; the rest are creations and deletes in turn",
    buys: "More: more chances to see what came back.",
    costs: "More: less churn.",
  }),
  deletes("read_gone", {
    kind: { kind: "ratio", max: 1 },
    default: "20%",
    title: "Share of reads that ask for a key that was deleted",
    buys: "More: whether deletes hold is asked where they can fail.",
    costs: "More: reads that find nothing where all is well.",
    charts: ["siblings", "throughput and outcomes"],
  }),
  objects("objects", {
    kind: { kind: "integer", min: 1, max: 1_000_000 },
    default: "10000",
    title: "Names of objects there are to put (mix_name object-index); all are put before the warm-up",
    buys: "More: longer listings.",
    costs: "Time of the preload; a few numbers of the driver for each.",
    short: "objects",
  }),
  objects("folders", {
    kind: { kind: "integer", min: 1, max: 100_000 },
    default: "100",
    title: "Folders that the objects are spread over evenly; a listing is of one of them",
    buys: "Fewer: more objects in a listing.",
    costs: "Fewer: each listing costs more scans.",
    short: "folders",
  }),
  objects("subfolders", {
    kind: { kind: "integer", min: 1, max: 1_000 },
    default: "10",
    title: "Folders in each folder",
    buys: "What a listing with a delimiter shows, instead of the objects.",
    costs: "More: fewer objects in each, so that a delimiter saves less.",
  }),
  objects("put", {
    kind: { kind: "ratio", max: 1 },
    default: "20%",
    title: "Share of operations that put an object, new or not",
    buys: "More: listings meet more that is under way.",
    costs: "More: fewer gets, which make up the rest.",
  }),
  objects("delete", {
    kind: { kind: "ratio", max: 1 },
    default: "5%",
    title: "Share of operations that delete an object",
    buys: "More: more objects that a listing must not show.",
    costs:
      "Under a causal clock a delete takes away what its context says and no more: with context: read-first that is what was there.",
  }),
  objects("list", {
    kind: { kind: "ratio", max: 1 },
    default: "10%",
    title: "Share of operations that list a folder, page by page",
    buys: "More: more is known of how complete listings are.",
    costs: "Each is as many scans as it has pages, one after the other.",
    short: "list-share",
  }),
  objects("page", {
    kind: { kind: "integer", min: 1, max: 1_000 },
    default: "100",
    title: "Keys of a page at most",
    buys: "More: fewer round trips.",
    costs: "More: longer scans, each of which may fail and end the listing.",
    names: {},
    short: "page",
  }),
  objects("delimiter", {
    kind: { kind: "choice", values: ["none", "slash"], later: [] },
    default: "none",
    title: "Whether a listing shows subfolders instead of what is in them",
    buys: "slash: names up to the next /, each once; what is behind it is jumped over, so pages are fewer.",
    costs: "slash: only objects on the pages that were read are judged, about one page a subfolder.",
    short: "delimiter",
  }),
  recorded("trace", {
    kind: { kind: "text", maxLength: 500 },
    default: "",
    title: "Recorded operations (mix_name trace): a .jsonl or .csv file, relative to the experiment",
    buys: "The identical schedule for every cell: each operation is due at its recorded instant, whatever the store. run --record-trace makes one.",
    costs:
      "An open load, also where it was recorded from a closed loop, whose clients waited for the store of that run. At most 256 MiB.",
    charts: ["percentile spectrum", "latency over time", "throughput and outcomes"],
  }),
  recorded("trace_speed", {
    kind: { kind: "number", min: 0.001, max: 1_000 },
    default: "1",
    title: "So many times as fast as it was recorded (mix_name trace)",
    buys: "Higher: the same operations at a higher rate, with all their bursts.",
    costs: "Higher: the trace ends sooner.",
    charts: ["percentile spectrum", "latency over time", "throughput and outcomes"],
    short: "speed",
  }),
];
