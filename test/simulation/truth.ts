/**
 * What really happened, as far as clients can know it: every write with its outcome and with everything its writer had
 * seen. Whether one write *covers* another is decided here, from recorded contexts alone, never by asking a clock: a
 * write covers what its writer had read, and all that those had read in turn.
 */
import type { Version } from "../../engine/clocks/clock";
import type { RequestOptions } from "../../engine/messages";
import type { Address } from "../../engine/vocabulary/address";
import type { Micros } from "../../engine/vocabulary/micros";
import { certainty, type Outcome } from "../../engine/vocabulary/outcomes";

export interface Write {
  readonly version: Version;
  readonly address: Address;
  readonly session: number;
  readonly options: RequestOptions | undefined;
  readonly startedAt: Micros;
  /** Writes that come before this one in the recorded causal past, transitively. */
  readonly past: ReadonlySet<number>;
  /** Undefined while it is under way. */
  outcome: Outcome | undefined;
  endedAt: Micros | undefined;
}

export class Truth {
  private readonly writes: Write[] = [];

  /** The next write's id: 1, 2, 3, … */
  get nextId(): number {
    return this.writes.length + 1;
  }

  /** `seen`: the write ids that came with the context that goes with this write. */
  began(write: Omit<Write, "past" | "outcome" | "endedAt">, seen: Iterable<number>): Write {
    const past = new Set<number>();
    for (const id of seen) this.addCovered(id, past);
    const begun: Write = { ...write, past, outcome: undefined, endedAt: undefined };
    this.writes.push(begun);
    return begun;
  }

  write(id: number): Write | undefined {
    return this.writes[id - 1];
  }

  all(): readonly Write[] {
    return this.writes;
  }

  /** All writes that `ids` are or cover. */
  covered(ids: Iterable<number>): ReadonlySet<number> {
    const covered = new Set<number>();
    for (const id of ids) this.addCovered(id, covered);
    return covered;
  }

  private addCovered(id: number, into: Set<number>): void {
    into.add(id);
    for (const earlier of this.write(id)?.past ?? []) into.add(earlier);
  }

  describe(id: number): string {
    const write = this.write(id);
    if (write === undefined) return `w${String(id)} (never written)`;
    const { outcome, startedAt, endedAt, session, past, version } = write;
    const until = endedAt === undefined ? "…" : String(endedAt);
    const knew = past.size === 0 ? "" : ` after ${[...past].sort((a, b) => a - b).map((p) => `w${String(p)}`).join(",")}`; // prettier-ignore
    const verb = version.tombstone ? "deleted" : "put";
    return `w${String(id)} ${verb} by s${String(session)} ${String(startedAt)}–${until} ${outcome ?? "under way"}${knew}`;
  }
}

export function definitelyFailed(write: Write): boolean {
  return write.outcome !== undefined && certainty(write.outcome) === "definite";
}
