/**
 * How long replicas take to agree once nothing is wrong any more. The time runs from the end of an outage (faults that overlap are one) and is
 * read off scans, so it is known to one scan interval and no better: what is given is the first scan that saw agreement, which is late by up to
 * that much. Of the whole: the first scan from which on no inspected key diverges. Of a key: the first scan from which on its primaries
 * agree, for the keys found divergent by the last scan of the outage or by the first after it. Both until the next fault begins or the run
 * ends; what had not come by then is right-censored: it took at least so long. Forgetting those, or taking the last scan for the answer,
 * would make the worst healings look like the best.
 *
 * Only what could be judged counts: a key with a write in flight, or with too few primaries reached, neither agrees nor differs. Divergence that
 * ordinary writes cause after the fault counts for the whole, because nobody can tell it from the fault's.
 */
import type { ConvergenceFigures, Healing, MetricValue } from "../record/figures";
import type { KeySnapshot, Micros, Snapshot } from "../record/history";
import { kaplanMeier, survivalQuantile, type Departures } from "../statistics/kaplan-meier";
import type { FaultTimes } from "./fault-times";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";

const MICROS_PER_SECOND = 1_000_000;
/** Outages followed one by one; later ones are counted as not observed. */
const MOST_HEALINGS = 1_000;

type Agreement = "agrees" | "differs" | "unjudged";

interface FollowedKey {
  agreedAt: Micros | undefined;
  /** The last scan that could judge it. */
  judgedAt: Micros;
}

interface OpenHealing {
  readonly faults: readonly string[];
  readonly endedAt: Micros;
  readonly keys: Map<string, FollowedKey>;
  scans: number;
  convergedAt: Micros | undefined;
  divergedUntil: Micros;
  observed: Micros;
}

export class ConvergenceMeasure implements Measure {
  readonly name = "convergence";
  private readonly grid: IntervalGrid;
  private readonly faults: FaultTimes;
  private readonly healings: Healing[] = [];
  private open: OpenHealing | undefined;
  private previous: { readonly at: Micros; readonly divergent: readonly string[] } | undefined;
  private resolution = 0;
  /** Scans of the run itself: the last look at everything, when all is over, is no measure of time. */
  private scans = 0;

  constructor(setup: Pick<MeasureSetup, "grid" | "faults">) {
    this.grid = setup.grid;
    this.faults = setup.faults;
  }

  operation(): void {
    // Judged from replicas alone.
  }

  snapshot(snapshot: Snapshot): void {
    if (snapshot.by === "clients") return;
    const { at, tookMicros } = snapshot;
    if (!snapshot.final) this.scans++;
    const outage = this.faults
      .outages()
      .filter(({ from }) => from <= at + tookMicros)
      .at(-1);
    const { previous } = this;
    const judged = snapshot.keys.map((key) => ({ key: key.key, agreement: agreementOf(key, snapshot.final) }));
    const divergent = judged.flatMap(({ key, agreement }) => (agreement === "differs" ? [key] : []));
    this.previous = { at, divergent };
    if (outage?.to === undefined || outage.to > at) {
      this.close();
      return;
    }
    if (this.open?.endedAt !== outage.to) {
      this.close();
      this.open = {
        faults: outage.faults,
        endedAt: outage.to,
        keys: new Map(),
        scans: 0,
        convergedAt: undefined,
        divergedUntil: outage.to,
        observed: outage.to,
      };
      // Only what the outage itself left behind: before it began other things were different.
      const during = previous !== undefined && previous.at >= outage.from && previous.at <= outage.to;
      for (const key of [...(during ? previous.divergent : []), ...divergent])
        this.open.keys.set(key, { agreedAt: undefined, judgedAt: outage.to });
    } else if (previous !== undefined) this.resolution = Math.max(this.resolution, at - previous.at);
    this.follow(this.open, at, judged, divergent.length);
  }

  finish(): Findings {
    this.close();
    const { healings } = this;
    const ended = this.faults.outages().filter(({ to }) => to !== undefined).length;
    if (ended === 0) return {};
    if (this.scans === 0) healings.length = 0;
    const convergence: ConvergenceFigures = {
      resolutionS: this.resolution / MICROS_PER_SECOND,
      unobserved: ended - healings.length,
      healings,
    };
    const keys = healings.flatMap((one) => departuresOf(one));
    const followed = keys.reduce((sum, { events, censored }) => sum + events + censored, 0);
    return {
      metrics: {
        convergence_s: worst(healings),
        convergence_keys_p50_s: quantile(keys, followed, 0.5),
        convergence_keys_p90_s: quantile(keys, followed, 0.9),
        unconverged_faults: {
          ...{ value: healings.filter(({ convergedS }) => convergedS === null).length, lo: null, hi: null },
          ...{ n: healings.length, unit: "count" },
          ...(healings.length === 0 ? { value: null } : {}),
        },
      },
      figures: { convergence },
    };
  }

  private follow(
    open: OpenHealing,
    at: Micros,
    judged: readonly { readonly key: string; readonly agreement: Agreement }[],
    divergent: number,
  ): void {
    open.scans++;
    open.observed = at;
    if (divergent > 0) {
      open.convergedAt = undefined;
      open.divergedUntil = at;
    } else if (judged.some(({ agreement }) => agreement === "agrees")) open.convergedAt ??= at;
    for (const { key, agreement } of judged) {
      const followed = open.keys.get(key);
      if (followed === undefined || agreement === "unjudged") continue;
      followed.judgedAt = at;
      if (agreement === "differs") followed.agreedAt = undefined;
      else followed.agreedAt ??= at;
    }
  }

  private close(): void {
    const { open } = this;
    this.open = undefined;
    if (open === undefined || this.healings.length >= MOST_HEALINGS) return;
    const after = (at: Micros): number => (at - open.endedAt) / MICROS_PER_SECOND;
    const byTime = new Map<number, { converged: number; censored: number }>();
    for (const { agreedAt, judgedAt } of open.keys.values()) {
      const atS = after(agreedAt ?? judgedAt);
      let cell = byTime.get(atS);
      if (cell === undefined) byTime.set(atS, (cell = { converged: 0, censored: 0 }));
      if (agreedAt === undefined) cell.censored++;
      else cell.converged++;
    }
    const times = [...byTime].sort(([a], [b]) => a - b);
    this.healings.push({
      faults: open.faults,
      endedAtS: (open.endedAt - this.grid.phases.startOfWarmup) / MICROS_PER_SECOND,
      convergedS: open.convergedAt === undefined ? null : after(open.convergedAt),
      divergedUntilS: after(open.divergedUntil),
      observedS: after(open.observed),
      keys: {
        atS: times.map(([atS]) => atS),
        converged: times.map(([, { converged }]) => converged),
        censored: times.map(([, { censored }]) => censored),
      },
    });
  }
}

/** As many left at each instant, for the estimator. */
export function departuresOf({ keys }: Healing): Departures[] {
  return keys.atS.map((at, i) => ({ at, events: keys.converged[i], censored: keys.censored[i] }));
}

/** The longest of all; a lower bound where one had not come. */
function worst(healings: readonly Healing[]): MetricValue {
  if (healings.length === 0) return notMeasured("s");
  const value = Math.max(...healings.map(({ convergedS, observedS }) => convergedS ?? observedS));
  const never = healings.some(({ convergedS }) => convergedS === null);
  const lo = never ? value : Math.max(...healings.map(({ divergedUntilS }) => divergedUntilS));
  return { value, lo, hi: never ? null : value, n: healings.length, unit: "s", ...(never ? { atLeast: true } : {}) };
}

function quantile(keys: readonly Departures[], followed: number, p: number): MetricValue {
  if (followed === 0) return notMeasured("s");
  const { value, lo, hi, observed } = survivalQuantile(kaplanMeier(keys), p);
  if (value === null) return { value: observed, lo: lo ?? observed, hi: null, n: followed, unit: "s", atLeast: true };
  return { value, lo, hi, n: followed, unit: "s" };
}

function agreementOf({ busy, replicas }: KeySnapshot, final: boolean): Agreement {
  if (busy && !final) return "unjudged";
  const reached = replicas.filter((replica) => replica !== "unreachable");
  if (reached.length === 0 || (reached.length === 1 && replicas.length > 1)) return "unjudged";
  return reached.every((replica) => sameSet(replica, reached[0])) ? "agrees" : "differs";
}

function sameSet(a: readonly number[], b: readonly number[]): boolean {
  if (a.length === b.length && a.every((id, i) => id === b[i])) return true;
  const [one, other] = [new Set(a), new Set(b)];
  return one.size === other.size && [...one].every((id) => other.has(id));
}
