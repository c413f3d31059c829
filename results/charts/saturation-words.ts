/**
 * What a search for the saturating rate came to, in words: always the interval between a rate that met every time and one that
 * never did, with how often each was tried; what lies grey between them, what below the answer did not meet, and where
 * nothing could be decided.
 */
import type { AxisValues, LoadedRun } from "../record/run-folder";
import { axesOfCurve, type SaturationQuestion, type SaturationTarget } from "../record/saturation";
import type { Saturation, TriedRate } from "../statistics/saturation";
import { otherAxes, WORLD_IN_WORDS, type World } from "../statistics/worlds";
import { axesInWords, isQuorumAxis } from "./cells";
import { counted, listed, plain, withUnit } from "./numbers";

const SIGNS: Readonly<Record<SaturationTarget["op"], string>> = { "<": "<", "<=": "≤", ">": ">", ">=": "≥" };

/** `read_p99_ms ≤ 20 ms`. */
export function targetInWords({ metric, op, value, unit }: SaturationTarget): string {
  return `${metric} ${SIGNS[op]} ${withUnit(value, unit)}`;
}

export function targetsInWords({ targets }: SaturationQuestion): string {
  return listed(targets.map(targetInWords));
}

/** `800 /s`, with as many digits as a rate that was tried has. */
export function rateInWords(rate: number): string {
  return withUnit(rate, "1/s").replace(plain(rate), exact(rate));
}

function exact(rate: number): string {
  const [whole, part] = String(rate).split(".");
  const grouped = whole.length > 3 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** What a curve is of; empty where the run has only one. */
export function curveInWords(
  { manifest }: Pick<LoadedRun, "manifest">,
  curve: { readonly axes: AxisValues; readonly world: World },
): string {
  const axes = otherAxes(axesOfCurve(curve.axes));
  const quorum = axesInWords(axes, isQuorumAxis);
  const others = axesInWords(axes, (key) => !isQuorumAxis(key));
  return [quorum, others, manifest.worlds.length > 1 ? WORLD_IN_WORDS[curve.world] : ""]
    .filter((part) => part !== "")
    .join(" · ");
}

/** `met in 3 of 3`, `met in 1 of 3`, `met in 0 of 3 (3 overloaded)`. */
export function tallyInWords({ met, failed, overloaded, undecided }: TriedRate): string {
  const silent = `${counted(undecided, "trial")} said nothing`;
  if (met + failed === 0) return silent;
  const notes = [...(overloaded > 0 ? [`${overloaded} overloaded`] : []), ...(undecided > 0 ? [silent] : [])];
  return `met in ${met} of ${met + failed}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

/** One sentence, and another for each doubt. */
export function answerInWords(curve: Saturation, question: SaturationQuestion): string {
  const { highestMet, lowestFailed, grey, notMetBelow, undecidedAt } = curve.answer;
  const tally = (rate: number): string => {
    const tried = curve.rates.find(({ ratePerSecond }) => ratePerSecond === rate);
    return tried === undefined ? rateInWords(rate) : `${rateInWords(rate)} (${tallyInWords(tried)})`;
  };
  const goal = targetsInWords(question);
  const notes = [
    ...(grey.length === 0 ? [] : [`Grey between them: ${listed(grey.map(tally))}.`]),
    ...(notMetBelow.length === 0
      ? []
      : [
          `Not every lower rate met it: ${listed(notMetBelow.map(tally))}; the latency of this configuration does not only rise with the load.`,
        ]),
  ];
  const silent = curve.rates.find(({ ratePerSecond }) => ratePerSecond === undecidedAt);
  const why = silent?.why[0];
  const bounds = (): string =>
    highestMet === undefined
      ? lowestFailed === undefined
        ? "Nothing is known yet"
        : `It is below ${tally(lowestFailed)}`
      : lowestFailed === undefined
        ? `It is at least ${tally(highestMet)}`
        : `It is between ${tally(highestMet)} and ${tally(lowestFailed)}`;
  const first = ((): string => {
    switch (curve.outcome) {
      case "found":
        return `The highest rate at which ${goal} holds lies between ${tally(highestMet!)} and ${tally(lowestFailed!)}.`;
      case "never-met":
        return grey.length > 0
          ? `No rate from ${rateInWords(question.fromPerSecond)} on met ${goal} every time; begin lower (--from).`
          : `${goal} does not hold even at ${tally(lowestFailed!)}, the lowest rate tried; begin lower (--from).`;
      case "never-failed":
        return highestMet === undefined
          ? `No rate up to ${rateInWords(question.toPerSecond)} met ${goal} every time, and none failed every time.`
          : `${goal} still holds at ${tally(highestMet)}, and no rate up to ${rateInWords(question.toPerSecond)} failed every time; go higher (--to).`;
      case "undecided":
        return undecidedAt === undefined
          ? `The search was given up after ${counted(curve.rates.length, "rate")}. ${bounds()}.`
          : `It could not be decided at ${rateInWords(undecidedAt)}: ${silent === undefined ? "" : `${silent.undecided} of ${counted(silent.met + silent.failed + silent.undecided, "trial")} said nothing`}${why === undefined ? "" : ` (${why})`}. ${bounds()}.`;
      case "unfinished":
        return `The search is not over. ${bounds()}.`;
    }
  })();
  return [first, ...notes].join(" ");
}
