/**
 * A recorded schedule once more: the operations of a trace, each at the instant at which it was due then, whatever the
 * store. It is an open load whatever recorded it; the clients of a closed loop waited for answers, and their instants
 * here are those that the store of *that* run allowed. Every cell of a sweep is offered the same operations to the
 * microsecond, which is what makes a trace worth more than a rate.
 *
 * Bytes follow from the seed, the key and the place in the trace, of the recorded size; a trace may say the very bytes
 * instead, and then they cannot be checked when read. A read-modify-write that was a merge has no size; it writes a
 * stand-in, as what it merged is not there to be merged.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert, InvariantViolated } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, Workload } from "../operation";
import type { Arrivals } from "../pacing";
import type { TraceSettings, WorkloadSettings } from "../settings";
import { listing } from "./listing";
import { MarkedValues, UNMARKED } from "./marked-values";
import type { MixStrategy } from "./mix";
import { TraceReader, type TracedOperation } from "./trace-lines";

export const trace: MixStrategy = {
  name: "trace",
  prose:
    "A recorded schedule: the operations of workload.trace (.jsonl or .csv), each due at its recorded instant. The same schedule for every cell of a sweep, and an open load whatever it was recorded from.",
  create(settings, random) {
    assert(settings.mixture?.name === "trace", "a workload of a trace has its settings");
    const { text } = settings.mixture;
    assert(text !== undefined, "whoever starts a trial of a trace has read it");
    return new TraceWorkload(settings, settings.mixture, random.fork("trace"), text);
  },
};

/** What is written where a trace does not know the size. */
export const STAND_IN_BYTES = 100;

class TraceWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare = undefined;
  readonly notes: readonly string[];
  readonly verify?: (key: KeyName, value: Octets) => boolean;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly speed: number;
  private readonly values: MarkedValues;
  private readonly loads: TraceReader;
  private readonly lines: TraceReader;
  /** The operation whose instant was told last. */
  private upcoming: Numbered | undefined;
  private loaded = 0;
  /** The highest line that was written. */
  private newest = 0;

  constructor(workload: WorkloadSettings, settings: TraceSettings, random: Random, recorded: string) {
    this.name = workload.name;
    this.notes = workload.notes;
    this.loadCount = settings.loads;
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.speed = settings.speed;
    const bytes = Math.max(settings.mostBytes, STAND_IN_BYTES);
    this.values = new MarkedValues({ dist: "uniform", minBytes: 0, maxBytes: bytes }, random.fork("values"));
    this.loads = new TraceReader(recorded, settings.form, true);
    this.lines = new TraceReader(recorded, settings.form, true);
    if (!settings.values) this.verify = (key, value) => this.mayHaveWritten(key, value);
  }

  loadOperation(index: number): DrawnOperation {
    assert(index === this.loaded && index < this.loadCount, "loads are asked for in their order");
    this.loaded++;
    const next = following(this.loads);
    assert(next?.operation.op === "load", "loads come first in a trace");
    return this.drawn(next);
  }

  /** In step with `next`: tells the instant of the operation that `next` then gives. */
  arrivals(): Arrivals {
    return {
      next: () => {
        do this.upcoming = following(this.lines);
        while (this.upcoming?.operation.op === "load");
        return this.upcoming === undefined ? Infinity : Math.round(this.upcoming.operation.at! / this.speed);
      },
    };
  }

  next(): DrawnOperation {
    const { upcoming } = this;
    assert(upcoming !== undefined, "an operation is asked for at its instant");
    return this.drawn(upcoming);
  }

  inserted(): void {
    // No key is chosen.
  }

  private drawn({ line, operation }: Numbered): DrawnOperation {
    const { op, key, client, scanLength = 0, scanEnd, keys, delimiter, blind } = operation;
    const name = this.nameOf(key);
    if (op === "list") {
      const prefix = octetsFromText(key);
      const { type, bucket } = this;
      const list = listing({ type, bucket, prefix, page: scanLength, delimiter: octetsFromText(delimiter ?? "") });
      return { ...list, ...(client === undefined ? {} : { client }) };
    }
    const writes = op === "load" || op === "insert" || op === "update" || op === "rmw";
    if (writes) this.newest = Math.max(this.newest, line);
    const value = writes ? this.valueOf(line, operation, name.key) : "";
    return {
      kind: op === "load" ? "insert" : op,
      key: name,
      value,
      scanLength,
      ...(scanEnd === undefined ? {} : { scanEnd: octetsFromText(scanEnd) }),
      ...(keys === undefined ? {} : { keys: keys.map((one) => this.nameOf(one)) }),
      blind: blind === true,
      insertNumber: -1,
      ...(client === undefined ? {} : { client }),
      // What a merge makes has no size beforehand, here as in the run that was recorded.
      ...(op === "rmw" && operation.size === undefined && operation.value === undefined ? { merge: () => value } : {}),
    };
  }

  private valueOf(line: number, { size, value }: TracedOperation, key: Octets): Octets {
    return value === undefined ? this.values.of(key, line, size ?? STAND_IN_BYTES) : octetsFromText(value);
  }

  private mayHaveWritten({ key }: KeyName, value: Octets): boolean {
    const mark = this.values.markOf(key, value);
    return mark !== undefined && (mark === UNMARKED || mark <= this.newest);
  }

  private nameOf(key: string): KeyName {
    return { type: this.type, bucket: this.bucket, key: octetsFromText(key) };
  }
}

interface Numbered {
  readonly line: number;
  readonly operation: TracedOperation;
}

function following(reader: TraceReader): Numbered | undefined {
  const next = reader.next();
  if (next === undefined || "operation" in next) return next;
  // Whoever gave the settings has read every line.
  throw new InvariantViolated(`line ${String(next.line)} of a trace that was checked ${next.problems[0]}`);
}
