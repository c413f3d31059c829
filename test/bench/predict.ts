/**
 * What a prediction costs: one model and one (R, W) at a million trials, beside a bare loop over the same draws. The ratio
 * tells how much of it is the model's own arithmetic (order statistics, windows, sorting) on any machine. Seconds are of
 * the processor, not of the clock on the wall, because others may be using the machine too.
 */
import { distributionOf } from "../../engine/vocabulary/distributions";
import { Random } from "../../engine/vocabulary/random";
import { MODELS } from "../../results/predictions/models";
import { predict } from "../../results/predictions/prediction";

export interface PredictionFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const TRIALS = 1_000_000;
const ROUNDS = 3;
/** A prediction that takes longer is no answer to a question asked at a terminal. */
const LONGEST_S = 3;

function seconds(work: () => void): number {
  const began = process.cpuUsage();
  work();
  return process.cpuUsage(began).user / 1e6;
}

function least(work: () => void): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => seconds(work)));
}

/** Prints a table and returns the figures. */
export function measurePredictions(): readonly PredictionFigure[] {
  console.log(
    `\nquorumlab predict: ${String(TRIALS)} trials, N=3, R=W=1; processor time, least of ${String(ROUNDS)} rounds; at most ${String(LONGEST_S)} s are allowed`,
  );
  console.log("model          prediction   bare draws   ratio   trials/s");
  const figures: PredictionFigure[] = [];
  for (const [name, model] of MODELS) {
    const whole = least(() => void predict({ model, n: 3, r: 1, w: 1, trials: TRIALS, seed: 1 }));
    let sum = 0;
    const bare = least(() => {
      const { w, a, r, s } = model.legs;
      for (const settings of [w, a, r, s]) {
        const { fromUniform } = distributionOf(settings);
        const random = Random.fromSeed(1);
        for (let i = 0; i < 3 * TRIALS; i++) sum += fromUniform(random.nextFloat());
      }
    });
    // Printed nowhere, but a loop without a result may be left out by the compiler.
    if (!(sum > 0)) throw new Error("nothing was drawn");
    console.log(
      [
        name.padEnd(13),
        `${whole.toFixed(2)} s`.padStart(10),
        `${bare.toFixed(2)} s`.padStart(10),
        (whole / bare).toFixed(2).padStart(6),
        `${(TRIALS / whole / 1e6).toFixed(2)} M`.padStart(8),
        whole > LONGEST_S ? "  too slow" : "",
      ].join("  "),
    );
    const note = `${String(TRIALS)} trials, N=3, R=W=1, processor time, least of ${String(ROUNDS)} rounds`;
    figures.push({ name: `predict ${name}`, value: whole, unit: "s", note });
    figures.push({ name: `predict/draws ${name}`, value: whole / bare, unit: "ratio", note });
  }
  return figures;
}
