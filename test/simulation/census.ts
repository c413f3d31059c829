/**
 * What a swarm really exercised: a test that never meets the path it was written for passes for ever. Everything that
 * could have fired is listed beforehand, so that the report can warn of what never did.
 */
import type { Note } from "../../engine/io";
import type { Message } from "../../engine/messages";
import type { SimulatedCluster } from "../../engine/sim/cluster";
import type { Party, Watcher } from "../../engine/sim/trace";
import { CLOCKS } from "../../engine/clocks/clock";
import { DETECTORS } from "../../engine/detectors/detector";
import { OUTCOMES } from "../../engine/vocabulary/outcomes";
import { DISTRIBUTIONS, FAULT_KINDS, REPAIR_TRAITS } from "./draw";

const MESSAGES: readonly Message["kind"][] = [
  "get",
  "put",
  "answer",
  "replica-get",
  "replica-get-reply",
  "replica-put",
  "replica-put-reply",
  "replica-update",
  "replica-updated",
  "scan",
  "scan-answer",
  "range",
  "range-reply",
  "heartbeat",
  "handoff",
  "handoff-reply",
  "tree",
  "tree-reply",
  "segments",
  "segments-reply",
  "stream",
  "stream-reply",
  "probe",
];
const NOTES: readonly Note["kind"][] = [
  "suspected",
  "trusted",
  "refused",
  "coordinating",
  "event",
  "answered",
  "read-repair",
  "storage-failed",
  "anti-entropy",
  "speculating",
  "reaping",
  "hint-delivery",
  "hint-refused",
  "hint-expired",
  // Not `tickets-full`: no run of a few seconds loses thousands of forwarded puts.
  "ignored",
];
const FATES = ["delivered", "lost", "cut", "node-down", "queue-full", "held"] as const;
const STATES = ["up", "down", "paused"] as const;

/** What network, disks and machines did to the protocol, whatever was injected for it. */
const WORLD = [
  "network: messages doubled",
  "network: messages put back",
  "disks: stores torn",
  "disks: stores that never reached the platter",
  "disks: records rotten",
  "disks: damaged records found by their checksum",
  "disks: stores refused, full",
  "disks: reads and writes failed",
  "disks: stores undone by a crash",
  "machines: pauses of their own",
  "machines: messages dropped by a full queue",
  "machines: lives after the first",
  "nodes: requests forwarded",
  "nodes: requests refused",
  "clients: reads that found siblings",
  "hints: written",
  "hints: delivered",
  "hints: expired",
  "anti-entropy: comparisons",
  "anti-entropy: comparisons of equal trees",
  "anti-entropy: trees built",
  "anti-entropy: keys repaired",
  "anti-entropy: copies streamed",
  "anti-entropy: copies streamed for nothing",
  "reads: repairs",
  "reads: repairs before the answer",
  "reads: digests",
  "reads: digests that differed",
  "reads: speculations",
  "reads: speculations that helped",
  "tombstones: removed",
] as const;
type WorldEvent = (typeof WORLD)[number];

/** Everything that a swarm should meet sooner or later, by section. `invalid`, `unsupported`: nobody asks for nonsense here. */
export const EXPECTED: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["messages", MESSAGES],
  ["fates", FATES],
  ["notes", NOTES],
  ["nodes", STATES],
  ["faults", FAULT_KINDS],
  ["gets", OUTCOMES.filter((outcome) => !["invalid", "unsupported", "too_many_siblings"].includes(outcome))],
  ["puts", OUTCOMES.filter((outcome) => !["invalid", "unsupported"].includes(outcome))],
  [
    "settings",
    [
      ...[...CLOCKS.keys()].map((name) => `clock ${name}`),
      ...[...DETECTORS.keys()].map((name) => `detector ${name}`),
      ...DISTRIBUTIONS.map((kind) => `delays ${kind}`),
      ...REPAIR_TRAITS,
    ],
  ],
  ["world", WORLD],
  [
    "checks",
    [
      "acknowledgements checked",
      "freshness: seen",
      "freshness: copies lost, excused",
      "freshness: not found by absences, excused",
      "durability: still there",
      "durability: all copies lost, excused",
      "healed: key works again",
      "healed: scans find all",
      "acknowledgements with stand-ins",
      "hint dropped: its home has it",
      "hint dropped: too old",
      "tombstone removed",
      "monotonic: seen again",
      "rest: hints are home",
      "rest: all primaries agree",
      "rest: keys differ, nothing compares",
    ],
  ],
]);

export class Census {
  private readonly sections = new Map<string, Map<string, number>>();

  add(section: string, what: string, count = 1): void {
    let counts = this.sections.get(section);
    if (counts === undefined) this.sections.set(section, (counts = new Map<string, number>()));
    counts.set(what, (counts.get(what) ?? 0) + count);
  }

  count(section: string, what: string): number {
    return this.sections.get(section)?.get(what) ?? 0;
  }

  /** What a cluster went through, at its end. Nothing is entered that did not happen. */
  world(cluster: SimulatedCluster): void {
    const add = (what: WorldEvent, count: number): void => {
      if (count > 0) this.add("world", what, count);
    };
    const { network, machines } = cluster;
    add("network: messages doubled", network.doubled);
    add("network: messages put back", network.reordered);
    machines.forEach(({ disk, collections, queueDrops, epoch }, index) => {
      if (disk !== undefined) {
        const { torn, lost, corrupt, mismatches, full, errors, undone } = disk.mishaps;
        add("disks: stores torn", torn);
        add("disks: stores that never reached the platter", lost);
        add("disks: records rotten", corrupt);
        add("disks: damaged records found by their checksum", mismatches);
        add("disks: stores refused, full", full);
        add("disks: reads and writes failed", errors);
        add("disks: stores undone by a crash", undone);
      }
      add("machines: pauses of their own", collections);
      add("machines: messages dropped by a full queue", queueDrops);
      add("machines: lives after the first", epoch - 1);
      const counts = cluster.counts(index);
      add("nodes: requests forwarded", counts?.forwarded ?? 0);
      add("nodes: requests refused", counts?.refused ?? 0);
      add("hints: written", counts?.hintsWritten ?? 0);
      add("hints: delivered", counts?.hintsDelivered ?? 0);
      add("hints: expired", counts?.hintsExpired ?? 0);
      add("anti-entropy: comparisons", counts?.exchanges ?? 0);
      add("anti-entropy: comparisons of equal trees", counts?.exchangesEqual ?? 0);
      add("anti-entropy: trees built", counts?.treesBuilt ?? 0);
      add("anti-entropy: keys repaired", counts?.keysRepairedByAae ?? 0);
      add("anti-entropy: copies streamed", counts?.keysStreamed ?? 0);
      add("anti-entropy: copies streamed for nothing", counts?.keysOverstreamed ?? 0);
      add("reads: repairs", counts?.readRepairs ?? 0);
      add("reads: repairs before the answer", counts?.blockingRepairs ?? 0);
      add("reads: digests", counts?.digestReads ?? 0);
      add("reads: digests that differed", counts?.digestMismatches ?? 0);
      add("reads: speculations", counts?.speculations ?? 0);
      add("reads: speculations that helped", counts?.speculationsHelped ?? 0);
      add("tombstones: removed", counts?.reaped ?? 0);
    });
  }

  read(versions: number): void {
    if (versions > 1) this.add("world", "clients: reads that found siblings" satisfies WorldEvent);
  }

  merge(other: Census): void {
    for (const [section, counts] of other.sections) {
      for (const [what, count] of counts) this.add(section, what, count);
    }
  }

  /** What was expected and never seen, as `section: what`. */
  missing(): readonly string[] {
    return [...EXPECTED].flatMap(([section, expected]) =>
      expected.filter((what) => this.count(section, what) === 0).map((what) => `${section}: ${what}`),
    );
  }

  lines(): readonly string[] {
    return [...this.sections].flatMap(([section, counts]) => [
      section,
      ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `  ${String(count).padStart(9)}  ${what}`), // prettier-ignore
    ]);
  }
}

/** Counts all that a watcher is told. */
export class CountingWatcher implements Watcher {
  private nextId = 1;

  constructor(
    private readonly census: Census,
    private readonly nodeChanged: (node: number, state: "up" | "down" | "paused") => void,
    private readonly faultBegins: (id: string) => void,
    private readonly ringChanged: (node: number) => void,
  ) {}

  sent(_at: number, _from: Party, _to: Party, message: Message): number {
    this.census.add("messages", message.kind);
    return this.nextId++;
  }

  arrived(): void {
    this.census.add("fates", "delivered");
  }

  failed(_id: number, _at: number, fate: string): void {
    this.census.add("fates", fate);
  }

  stored(): void {
    this.census.add("nodes", "stores");
  }

  noted(_at: number, node: number, note: Note): void {
    this.census.add("notes", note.kind);
    if (note.kind === "ring") this.ringChanged(node);
  }

  node(_at: number, node: number, state: "up" | "down" | "paused"): void {
    this.census.add("nodes", state);
    this.nodeChanged(node, state);
  }

  fault(_at: number, id: string, phase: "begin" | "end"): void {
    if (phase === "end") return;
    this.census.add("faults", id.replace(/-\d+$/, ""));
    this.faultBegins(id);
  }
}
