/**
 * Reads that ask how soon a write can be seen: after a share of the acknowledged writes the same session reads the same
 * key once more, so much later. That is the t of t-visibility (Bailis et al., "Probabilistically bounded staleness", VLDB
 * 2012) set by hand, where ordinary reads only hit whatever t the mix happens to give them.
 *
 * A probe is an instrument and must not move what it measures. It draws from a stream of its own, takes no place among the
 * load's outstanding operations but has as many of its own, and leaves the session's contexts alone: a probe that came
 * back with an old context would otherwise turn the client's next write into a sibling.
 */
import { distributionOf, type Distribution } from "../engine/vocabulary/distributions";
import type { Micros } from "../engine/vocabulary/micros";
import type { Outcome } from "../engine/vocabulary/outcomes";
import type { Random } from "../engine/vocabulary/random";
import type { DrawnOperation, OperationKind } from "./operation";
import { Session } from "./session";
import type { WorkloadSettings } from "./settings";

/** Probes waiting for their instant at most; a write beyond it goes without, and is counted. */
export const MOST_WAITING_PROBES = 2 ** 18;

/** What writes nothing. */
const ASKS: ReadonlySet<OperationKind> = new Set<OperationKind>(["read", "scan", "multi-get", "list"]);

/** A read that is due some time after a write. */
export interface Probe {
  readonly kind: "probe";
  readonly session: Session;
  readonly operation: DrawnOperation;
}

export class Probes {
  /** See `DriverProgress.probes`. */
  readonly counted = { due: 0, ended: 0, failed: 0, dropped: 0, skipped: 0 };
  private readonly share: number;
  private readonly distance: Distribution;
  private readonly mostOutstanding: number;
  private readonly chance: Random;
  private readonly distances: Random;
  private waiting = 0;
  private out = 0;

  /** `random` is used for probes alone. The share has a stream and the distances have one, so that a smaller share probes a part of the same writes. */
  constructor(settings: NonNullable<WorkloadSettings["probe"]>, mostOutstanding: number, random: Random) {
    this.share = settings.share;
    this.distance = distributionOf(settings.after);
    this.mostOutstanding = mostOutstanding;
    this.chance = random;
    this.distances = random.fork("after");
  }

  get outstanding(): number {
    return this.out;
  }

  /** Draws for an operation that ended well: the probe of a write, and how long after; undefined for reads and most writes. */
  after(operation: DrawnOperation, by: Session): { readonly probe: Probe; readonly afterMicros: Micros } | undefined {
    if (ASKS.has(operation.kind)) return undefined;
    const afterMicros = this.distance.sample(this.distances);
    if (this.chance.nextFloat() >= this.share) return undefined;
    // The same number, and no memory for contexts. Not kept: identities may be as many as operations.
    const session = new Session(by.number, 0);
    const { key } = operation;
    const read: DrawnOperation = { kind: "read", key, value: "", scanLength: 0, blind: true, insertNumber: -1 };
    return { probe: { kind: "probe", session, operation: read }, afterMicros };
  }

  /** Whether another probe may wait for its instant; it is then counted as waiting until `waited`. */
  mayWait(): boolean {
    if (this.waiting >= MOST_WAITING_PROBES) {
      this.counted.skipped++;
      return false;
    }
    this.waiting++;
    return true;
  }

  /** One that waited is due now. */
  waited(): void {
    this.waiting--;
  }

  /** Whether a probe that is due may go out; it then counts as outstanding until it ended, else as dropped. */
  mayBegin(): boolean {
    this.counted.due++;
    if (this.out >= this.mostOutstanding) {
      this.counted.dropped++;
      return false;
    }
    this.out++;
    return true;
  }

  ended(outcome: Outcome): void {
    this.out--;
    this.counted.ended++;
    if (outcome !== "ok") this.counted.failed++;
  }
}
