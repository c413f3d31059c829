/**
 * `numbers.tex`: every number of the run that a paper would print, as a macro. A number that is typed by hand is right until
 * the experiment is run again; a macro is right, or the paper does not compile. Names are made of letters alone, because TeX
 * allows no others: `\resReadPNineNineMsROneWOne`. Beside the value stand its interval and how many repetitions it
 * rests on.
 */
import { headlines, describeMetric } from "../reports/headline";
import { inAxisOrder } from "../statistics/axis-order";
import type { MetricValue } from "../record/figures";
import type { CellSummary, LoadedRun } from "../record/run-folder";
import { inTex, intervalInTex, unitInTex } from "./values";
import { texComment } from "./tex";

const DIGITS = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/** `read_p99_ms` is `ReadPNineNineMs`. */
export function lettersOf(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join("")
    .replaceAll(/[0-9]/g, (digit) => DIGITS[Number(digit)]);
}

export interface Macro {
  /** Without its backslash. */
  readonly name: string;
  readonly metric: string;
  readonly cell: CellSummary;
}

/** Every headline metric of every cell that was measured, each under a name of its own. */
export function macrosOf(unordered: LoadedRun): readonly Macro[] {
  const run = inAxisOrder(unordered);
  const taken = new Set<string>();
  return headlines(run).flatMap(({ name: metric }) =>
    run.cells.flatMap((cell) => {
      const base = `res${lettersOf(metric)}${run.cells.length === 1 ? "" : lettersOf(cell.id)}`;
      let name = base;
      // Two cells may differ in nothing but punctuation.
      for (let i = 0; ["", "Lo", "Hi", "N", "CI"].some((end) => taken.has(name + end)); i++)
        name = `${base}${alphabetic(i)}`;
      for (const end of ["", "Lo", "Hi", "N", "CI"]) taken.add(name + end);
      // A cell without a value keeps its name, or its neighbour's number would slip under it in silence.
      const value = cell.metrics[metric]?.value;
      if (value === undefined || value === null || cell.validity.verdict === "invalid") return [];
      return [{ name, metric, cell }];
    }),
  );
}

/** A, B, …, Z, AA, … */
function alphabetic(i: number): string {
  return i < 26 ? String.fromCharCode(65 + i) : alphabetic(Math.floor(i / 26) - 1) + alphabetic(i % 26);
}

/** An end of an interval; a bound has none. */
function endInTex({ unit, atLeast }: MetricValue, end: number | null): string {
  return atLeast === true ? "--" : inTex({ value: end, unit });
}

export function numbersTex(run: LoadedRun): string {
  const { experiment, run: id } = run.manifest;
  const lines = [
    texComment(`Numbers of ${experiment}, run ${id}. Made by quorumlab export; do not edit: run it again.`),
    texComment("\\res…{} value with unit; …CI its interval; …Lo, …Hi its ends; …N repetitions"),
  ];
  for (const { name, metric, cell } of macrosOf(run)) {
    const value = cell.metrics[metric];
    const described = describeMetric(run, metric);
    lines.push(
      "",
      texComment(`${metric} (${value.unit === "" ? "no unit" : value.unit}), ${cell.id}, ${cell.world}, n=${value.n}`),
      `\\newcommand{\\${name}}{${inTex(value)}${unitInTex(value.unit)}}`,
      `\\newcommand{\\${name}CI}{${intervalInTex(value)}}`,
      `\\newcommand{\\${name}Lo}{${endInTex(value, value.lo)}}`,
      `\\newcommand{\\${name}Hi}{${endInTex(value, value.hi)}}`,
      `\\newcommand{\\${name}N}{${value.n}}`,
    );
    if (described === undefined) lines.push(texComment("this version does not know the metric; its name is the run's"));
  }
  return `${lines.join("\n")}\n`;
}
