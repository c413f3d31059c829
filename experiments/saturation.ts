/**
 * A search for the saturating rate as a run in stages: each curve of the experiment (every cell, but for the rate) asks its own
 * search what to try next, all that is wanted at once becomes a stage, and each rate tried is a cell on the axis
 * workload.rate. So the run's folder is that of any experiment with a sweep over the rate: it can be shown, reported and
 * verified, and the answer can be read off it by anybody.
 *
 * Retries of a trial that the machine spoilt are further repetitions: the same seed once more would be the same trial.
 */
import { axesOfCurve, curveKey, RATE_AXIS, type SaturationQuestion } from "../results/record/saturation";
import { nextStep, type SearchAnswer, type SearchReason } from "../results/statistics/saturation-search";
import { rateOf, triedRates, type TriedRate } from "../results/statistics/saturation";
import type { EndedTrial, Stage } from "./run-types";
import type { Cell, Experiment } from "./spec/experiment";

/** A rate whose trials have ended, or that is to be tried. */
export type SearchEvent =
  | { readonly kind: "judged"; readonly curve: string; readonly rate: TriedRate; readonly repetitions: number }
  | { readonly kind: "trying"; readonly curve: string; readonly ratePerSecond: number; readonly why: SearchReason }
  | { readonly kind: "over"; readonly curve: string; readonly answer: SearchAnswer };

/** The experiment with exactly these rates on its axis, in order. */
export type AtRates = (rates: readonly number[]) => Experiment;

interface Curve {
  readonly key: string;
  /** In messages; empty where there is only one. */
  readonly name: string;
  /** Rates that were asked for. */
  readonly rates: Set<number>;
  over: boolean;
}

export class SaturationRun {
  private readonly curves: readonly Curve[];
  private readonly told = new Set<string>();

  /** `cells`: one a curve, as they are without the axis of the rate. */
  constructor(
    cells: readonly Cell[],
    private readonly question: SaturationQuestion,
    private readonly atRates: AtRates,
    private readonly tell: (event: SearchEvent) => void,
  ) {
    this.curves = cells.map((cell) => ({
      key: curveKey(cell),
      name: cells.length === 1 ? "" : nameOf(cell),
      rates: new Set(),
      over: false,
    }));
  }

  /** The experiment before anything was tried: with the first rate. */
  first(): Experiment {
    return this.experimentAt([this.question.fromPerSecond]);
  }

  next(ended: readonly EndedTrial[]): Stage | undefined {
    let expected = 0;
    const wanted: { readonly curve: Curve; readonly ratePerSecond: number; readonly trials: number }[] = [];
    for (const curve of this.curves) {
      if (curve.over) continue;
      const tried = triedRates(
        ended.filter(({ record }) => curveKey(record) === curve.key),
        this.question,
      );
      for (const rate of tried) this.judged(curve, rate);
      const step = nextStep(tried, this.question);
      if (step.kind === "over") {
        curve.over = true;
        this.tell({ kind: "over", curve: curve.name, answer: step.answer });
        continue;
      }
      expected += step.expected;
      for (const one of step.wanted) {
        curve.rates.add(one.ratePerSecond);
        wanted.push({ curve, ...one });
        this.tell({ kind: "trying", curve: curve.name, ratePerSecond: one.ratePerSecond, why: one.why });
      }
    }
    if (wanted.length === 0) return undefined;
    const experiment = this.experimentAt([...new Set(this.curves.flatMap(({ rates }) => [...rates]))]);
    const cellOf = (key: string, rate: number): Cell => {
      const found = experiment.cells.find((cell) => curveKey(cell) === key && rateOf(cell.axes) === rate);
      if (found === undefined) throw new Error(`the experiment has no cell at ${rate}/s`);
      return found;
    };
    const trials = wanted.flatMap(({ curve, ratePerSecond, trials: count }) => {
      const { id } = cellOf(curve.key, ratePerSecond);
      const done = ended.filter(({ record }) => record.cell === id).length;
      return Array.from({ length: count }, (_, i) => ({ cell: id, repetition: done + i + 1 }));
    });
    return { experiment, trials, expected };
  }

  /** Once for each verdict. */
  private judged({ key, name }: Curve, rate: TriedRate): void {
    const mark = `${key} ${rate.ratePerSecond} ${rate.met + rate.failed + rate.undecided}`;
    if (this.told.has(mark)) return;
    this.told.add(mark);
    this.tell({ kind: "judged", curve: name, rate, repetitions: this.question.repetitions });
  }

  /** With the cells that were asked for and no others: two curves need not meet the same rates. */
  private experimentAt(rates: readonly number[]): Experiment {
    const experiment = this.atRates([...rates].sort((a, b) => a - b));
    const asked = (cell: Cell): boolean => {
      const curve = this.curves.find(({ key }) => key === curveKey(cell));
      return curve !== undefined && (curve.rates.size === 0 || curve.rates.has(rateOf(cell.axes) ?? NaN));
    };
    return {
      ...experiment,
      cells: experiment.cells.filter(asked),
      repetitions: this.question.repetitions,
      saturation: this.question,
    };
  }
}

function nameOf({ axes, id }: Cell): string {
  const parts = Object.entries(axesOfCurve(axes)).map(([axis, value]) => `${axis}=${String(value)}`);
  return parts.length === 0 ? id : parts.join(" ");
}

/** As an experiment file writes the axis. */
export function axisOfRates(rates: readonly number[]): string {
  return `sweep.axes.${RATE_AXIS}=[${rates.map((rate) => `${rate}/s`).join(", ")}]`;
}
