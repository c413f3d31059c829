/**
 * The load phase: every record inserted once, so many at a time, before anything is measured. An insert that definitely
 * did not happen is tried again, after a pause that doubles, within a bound for each record and a budget for the whole
 * load: a cluster that is still forming gets its records, a dead one ends the load soon. An insert whose outcome is
 * indefinite is *not* tried again, because a second copy of a write that did happen would be a sibling of the first.
 *
 * Slots of the load are sessions of their own, so that no client begins with knowledge of what it never read.
 */
import { certainty, type Outcome } from "../engine/vocabulary/outcomes";
import { fromMs, type Micros } from "../engine/vocabulary/micros";
import type { DrawnOperation, Workload } from "./operation";
import type { Session } from "./session";

/** Records under way at once, unless the driver is told otherwise. */
export const LOAD_CONCURRENCY = 32;
export const LOAD_ATTEMPTS = 6;
/** The first pause before another attempt. */
export const LOAD_PAUSE_MS = 20;

/** One record on its way. */
export interface LoadSlot {
  readonly kind: "load";
  readonly session: Session;
  operation: DrawnOperation | undefined;
  attempts: number;
}

/** What a slot does next. */
export type LoadStep = "send" | { readonly waitUntil: Micros } | "idle";

export class Loader {
  readonly total: number;
  readonly slots: readonly LoadSlot[];
  private readonly workload: Workload;
  private nextIndex = 0;
  private settled = 0;
  private retriesLeft: number;
  /** Records whose insert ended definitely and indefinitely without success. */
  private refusedRecords = 0;
  private doubtfulRecords = 0;

  constructor(workload: Workload, sessions: readonly Session[]) {
    this.workload = workload;
    this.total = workload.loadCount;
    this.slots = sessions.map((session) => ({ kind: "load", session, operation: undefined, attempts: 0 }));
    this.retriesLeft = 1000 + Math.ceil(this.total / 10);
  }

  get done(): boolean {
    return this.settled === this.total;
  }

  get progress(): {
    readonly records: number;
    readonly settled: number;
    readonly refused: number;
    readonly doubtful: number;
  } {
    return { records: this.total, settled: this.settled, refused: this.refusedRecords, doubtful: this.doubtfulRecords };
  }

  /** Gives `slot` its next record; false when there are no more. */
  fill(slot: LoadSlot): boolean {
    slot.attempts = 0;
    slot.operation = this.nextIndex < this.total ? this.workload.loadOperation(this.nextIndex++) : undefined;
    return slot.operation !== undefined;
  }

  /** The insert of `slot` ended. */
  ended(slot: LoadSlot, outcome: Outcome, now: Micros): LoadStep {
    slot.attempts++;
    const worthAnother = certainty(outcome) === "definite" && WORTH_ANOTHER.has(outcome);
    if (worthAnother && slot.attempts < LOAD_ATTEMPTS && this.retriesLeft > 0) {
      this.retriesLeft--;
      return { waitUntil: now + fromMs(LOAD_PAUSE_MS * 2 ** (slot.attempts - 1)) };
    }
    this.settled++;
    if (certainty(outcome) === "definite") this.refusedRecords++;
    if (certainty(outcome) === "indefinite") this.doubtfulRecords++;
    return this.fill(slot) ? "send" : "idle";
  }
}

/** Refusals that time may cure; `invalid`, `unsupported` and `too_many_siblings` stay what they are. */
const WORTH_ANOTHER: ReadonlySet<Outcome> = new Set<Outcome>(["unavailable", "overloaded", "not_sent"]);
