/**
 * From the client's history to YCSB's measurements, record by record in order of completion. Names: `READ`, `UPDATE`,
 * `INSERT`, `SCAN`, `DELETE`; the two halves of a read-modify-write are counted under their own names and the pair under
 * `READ-MODIFY-WRITE`. With a target rate the pair's update is timed from when the *pair* was due, so that its intended
 * latency includes the read before it; without one, intended and sent are the same instant, as in YCSB.
 *
 * A read that finds nothing is `NOT_FOUND`, which YCSB counts as failed. An empty scan is OK and adds nothing to
 * `SCAN-LATENCY-PER-RECORD`; YCSB divides by zero there and ends.
 */
import { certaintyOf, type OperationKind, type OperationRecord, type RecordedOutcome } from "../record/history";
import { INDEFINITE, type Latencies, type Measurements, OK } from "./measurements";

const NAMES: Partial<Record<OperationKind, string>> = {
  read: "READ",
  update: "UPDATE",
  insert: "INSERT",
  scan: "SCAN",
  delete: "DELETE",
};
export const PAIR = "READ-MODIFY-WRITE";
export const PER_RECORD = "SCAN-LATENCY-PER-RECORD";
export const VERIFY = "VERIFY";
export const CLEANUP = "CLEANUP";

/** Of refusals: what they are called in YCSB's table of statuses. */
const DEFINITE: Partial<Record<RecordedOutcome, string>> = {
  unavailable: "SERVICE_UNAVAILABLE",
  overloaded: "SERVICE_UNAVAILABLE",
  not_sent: "SERVICE_UNAVAILABLE",
  invalid: "BAD_REQUEST",
  unsupported: "NOT_IMPLEMENTED",
  too_many_siblings: "ERROR",
};

/** The status that YCSB would print for it. */
export function statusOf({ kind, outcome, values }: Pick<OperationRecord, "kind" | "outcome" | "values">): string {
  if (outcome === "ok") return kind === "read" && values === 0 ? "NOT_FOUND" : OK;
  return certaintyOf(outcome) === "indefinite" ? INDEFINITE : (DEFINITE[outcome] ?? "ERROR");
}

export interface RecorderOptions {
  readonly measurements: Measurements;
  /** A target rate is asked for. */
  readonly paced: boolean;
  /** `dataintegrity=true`: a read that brings nothing to verify is an error of verification. */
  readonly verifies: boolean;
  /** When the run began. */
  readonly began: number;
}

export class YcsbRecorder {
  /** An update that may turn out to be the end of a pair: the pair's own record follows it at once. */
  private held: OperationRecord | undefined;
  private lastMs = 0;

  constructor(private readonly options: RecorderOptions) {}

  /** Of the run itself: not of the silent load before it. */
  operation(record: OperationRecord): void {
    const { held } = this;
    this.lastMs = this.at(record);
    this.held = undefined;
    if (held !== undefined) {
      const closes = record.kind === "rmw" && record.session === held.session && record.end === held.end;
      this.single(held, closes ? record.intended : held.intended);
    }
    if (record.kind === "rmw") {
      const { measurements } = this.options;
      // YCSB measures the pair under one name, whatever came of it.
      measurements.measure(PAIR, this.latencies(record, record.intended), this.at(record));
      measurements.status(PAIR, statusOf(record));
    } else if (record.kind === "update") this.held = record;
    else this.single(record, record.intended);
  }

  /** Nothing follows what is held. */
  settle(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.single(held, held.intended);
  }

  /** A value that a read brought was compared with what may have been written there. */
  verified(matches: boolean, micros: number): void {
    this.verify(matches ? OK : "UNEXPECTED_STATE", micros, this.lastMs);
  }

  private single(record: OperationRecord, intended: number): void {
    const { measurements, verifies } = this.options;
    const name = NAMES[record.kind];
    if (name === undefined) return;
    const status = statusOf(record);
    const latencies = this.latencies(record, intended);
    measurements.operation(name, status, latencies, this.at(record));
    if (record.kind === "scan" && status === OK && record.values > 0) {
      const each = (micros: number): number => Math.floor(micros / record.values);
      const shares = { fromSend: each(latencies.fromSend), fromIntended: each(latencies.fromIntended) };
      measurements.measure(PER_RECORD, shares, this.at(record));
    }
    if (record.kind === "read" && verifies && status !== OK) this.verify("ERROR", 0, this.at(record));
  }

  private verify(status: string, micros: number, atMs: number): void {
    const { measurements } = this.options;
    measurements.measure(VERIFY, { fromSend: micros, fromIntended: micros }, atMs);
    measurements.status(VERIFY, status);
  }

  private latencies({ start, end }: OperationRecord, intended: number): Latencies {
    return { fromSend: end - start, fromIntended: end - (this.options.paced ? intended : start) };
  }

  private at({ end }: OperationRecord): number {
    return (end - this.options.began) / 1_000;
  }
}
