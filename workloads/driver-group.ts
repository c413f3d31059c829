/**
 * Several drivers looked at as one: sums of what they did, and the keys that any of them wrote. Whoever shows progress,
 * inspects replicas or judges the end of a trial needs not know how many there are. Their warm-ups begin together: one that
 * has loaded its part waits for the slowest.
 */
import type { Micros } from "../engine/vocabulary/micros";
import { PHASES } from "../results/record/history";
import type { Driver, DriverProgress } from "./driver";
import type { KeyActivity } from "./key-activity";
import type { ListingCounts, MergeCounts } from "./operation";

/** What others want to know of whoever makes the load: one driver, several, or several in processes of their own. */
export interface LoadSource {
  readonly phaseStarts: Driver["phaseStarts"];
  /** By printable names; those that a write was sent for. */
  readonly keysWritten: ReadonlyMap<string, KeyActivity>;
  writesInFlight(key: string): boolean;
  lastWriteActivity(key: string): Micros;
  progress(): DriverProgress;
  done(): boolean;
}

export class DriverGroup implements LoadSource {
  private readonly written = new Map<string, KeyActivity>();
  /** Of each driver the entries that are in `written` already: how many, and where to go on. */
  private readonly taken: { count: number; readonly entries: IterableIterator<[string, KeyActivity]> }[];

  constructor(private readonly drivers: readonly Driver[]) {
    this.taken = drivers.map((driver) => ({ count: 0, entries: driver.keysWritten.entries() }));
  }

  /** Lets all begin their warm-up at `now` once every one has loaded its part; true when that happens. */
  releaseWhenLoaded(now: Micros): boolean {
    if (!this.drivers.every((driver) => driver.loaded)) return false;
    for (const driver of this.drivers) driver.release(now);
    return true;
  }

  get phaseStarts(): Driver["phaseStarts"] {
    return this.drivers[0].phaseStarts;
  }

  get keysWritten(): ReadonlyMap<string, KeyActivity> {
    this.drivers.forEach(({ keysWritten }, i) => {
      const { entries } = this.taken[i];
      // A map's iterator goes on with what was added since, as long as it was never asked beyond the last.
      for (; this.taken[i].count < keysWritten.size; this.taken[i].count++) {
        const [key, activity] = entries.next().value as [string, KeyActivity];
        this.written.set(key, activity);
      }
    });
    return this.written;
  }

  writesInFlight(key: string): boolean {
    return this.drivers.some((driver) => driver.writesInFlight(key));
  }

  lastWriteActivity(key: string): Micros {
    return Math.max(...this.drivers.map((driver) => driver.lastWriteActivity(key)));
  }

  progress(): DriverProgress {
    return sumOfProgress(this.drivers.map((driver) => driver.progress()));
  }

  done(): boolean {
    return this.drivers.every((driver) => driver.done());
  }
}

/** Of drivers of one load; the phase is that of the one least far. */
export function sumOfProgress(all: readonly DriverProgress[]): DriverProgress {
  const sum = (of: (one: DriverProgress) => number): number => all.reduce((total, one) => total + of(one), 0);
  const merges = all.flatMap((one) => one.merges ?? []);
  const listings = all.flatMap((one) => one.listings ?? []);
  return {
    phase: PHASES[Math.min(...all.map(({ phase }) => PHASES.indexOf(phase)))],
    operations: sum((one) => one.operations),
    failed: sum((one) => one.failed),
    outstanding: sum((one) => one.outstanding),
    dropped: sum((one) => one.dropped),
    measured: {
      due: sum((one) => one.measured.due),
      ended: sum((one) => one.measured.ended),
      dropped: sum((one) => one.measured.dropped),
    },
    unsent: sum((one) => one.unsent),
    probes: {
      due: sum((one) => one.probes.due),
      ended: sum((one) => one.probes.ended),
      failed: sum((one) => one.probes.failed),
      dropped: sum((one) => one.probes.dropped),
      skipped: sum((one) => one.probes.skipped),
    },
    load: {
      records: sum((one) => one.load.records),
      settled: sum((one) => one.load.settled),
      refused: sum((one) => one.load.refused),
      doubtful: sum((one) => one.load.doubtful),
    },
    integrity: {
      confirmed: sum((one) => one.integrity.confirmed),
      broken: sum((one) => one.integrity.broken),
    },
    visitsCut: sum((one) => one.visitsCut),
    stepsLeft: sum((one) => one.stepsLeft),
    identities: {
      renewed: sum((one) => one.identities.renewed),
      outlived: sum((one) => one.identities.outlived),
    },
    merges: merges.length === 0 ? undefined : sumOfMerges(merges),
    listings: listings.length === 0 ? undefined : sumOfListings(listings),
  };
}

function sumOfMerges(all: readonly MergeCounts[]): MergeCounts {
  const sum = (of: (one: MergeCounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    reads: sum((one) => one.reads),
    versions: sum((one) => one.versions),
    dropped: sum((one) => one.dropped),
    undone: sum((one) => one.undone),
  };
}

function sumOfListings(all: readonly ListingCounts[]): ListingCounts {
  const sum = (of: (one: ListingCounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    listings: sum((one) => one.listings),
    pages: sum((one) => one.pages),
    due: sum((one) => one.due),
    missing: sum((one) => one.missing),
    gone: sum((one) => one.gone),
    ghosts: sum((one) => one.ghosts),
  };
}
