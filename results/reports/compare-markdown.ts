/**
 * A comparison as Markdown, for a pull request: the verdict sentence first, one table of verdicts, the rest folded away where the
 * site can fold. Text that people wrote is escaped, for a title may hold pipes, and links are none of ours.
 */
import type { RunComparison } from "../comparison/run-comparison";
import {
  differenceInWords,
  geometricMeansInWords,
  methodInWords,
  pInWords,
  relativeInWords,
  sideInWords,
  valueInWords,
  verdictInFull,
  verdictSentences,
  WEIGHT_IN_WORDS,
} from "./compare-words";
import { utc } from "./method";

export interface ComparisonMarkdownOptions {
  readonly all?: boolean;
  readonly geometricMeans?: boolean;
}

/** Ends with a line break. */
export function renderComparisonMarkdown(comparison: RunComparison, options: ComparisonMarkdownOptions = {}): string {
  const { sides, groups, rows, comparability, unmatched } = comparison;
  const several = groups.length > 1;
  const parameters = comparison.parameters.filter(({ differs }) => differs || options.all === true);
  const parts = [
    `## ${escape(sides.slice(1).map(sideInWords).join(", "))} against ${escape(sideInWords(sides[0]))}`,
    ...verdictSentences(comparison).map(escape),
    ...(comparability.comparable ? [] : ["**These runs may not be compared:**"]),
    ...(comparability.differences.length === 0
      ? []
      : [
          comparability.differences
            .map(({ weight, text }) => `- ${WEIGHT_IN_WORDS[weight]}: ${escape(text)}`)
            .join("\n"),
        ]),
    ...(rows.length === 0
      ? []
      : [
          table(
            [
              ...(several ? ["configuration"] : []),
              "metric",
              "side",
              "A",
              "other",
              "difference [95 % CI]",
              "of A",
              "p adj.",
              "verdict",
            ],
            rows.map((row) => [
              ...(several ? [groups.find(({ id }) => id === row.group)?.label ?? ""] : []),
              ...[`${row.title}${row.better === "neutral" ? "" : ` (${row.better} is better)`}`, row.letter],
              ...[
                valueInWords(row.baseline),
                valueInWords(row.value),
                differenceInWords(row),
                relativeInWords(row),
                pInWords(row),
              ],
              row.verdict === "better" || row.verdict === "worse" ? `**${verdictInFull(row)}**` : verdictInFull(row),
            ]),
          ),
          escape(methodInWords(comparison)),
        ]),
    ...(options.geometricMeans === true ? geometricMeansInWords(comparison).map(escape) : []),
    ...(unmatched.length === 0
      ? []
      : [
          `Not compared, on one side only:\n\n${unmatched.map(({ letter, label, why }) => `- ${letter}: ${escape(label)} (${escape(why)})`).join("\n")}`,
        ]),
    `<details><summary>Parameters that differ (${comparison.sameParameters} are the same)</summary>\n\n${
      parameters.length === 0
        ? "none"
        : table(
            ["parameter", ...sides.map(({ letter }) => letter)],
            parameters.map(({ key, values }) => [key, ...values]),
          )
    }\n\n</details>`,
    table(
      ["side", "what", "experiment", "run", "started (UTC)", "profile", "trials"],
      sides.map(({ letter, name, experiment, run, startedAt, profile, trials }) => [
        ...[letter, name, experiment, run, utc(startedAt), profile, String(trials)],
      ]),
    ),
  ];
  return `${parts.join("\n\n").replace(/\u00a0|\u202f/g, " ")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], ready = false): string =>
    `| ${cells.map((cell) => (ready ? cell : escapeCell(cell))).join(" | ")} |`;
  return [
    line(head),
    line(
      head.map(() => "---"),
      true,
    ),
    ...rows.map((row) => line(row)),
  ].join("\n");
}

/** `**` of a verdict stays. */
function escapeCell(text: string): string {
  const bold = /^\*\*(.*)\*\*$/.exec(text);
  return bold === null ? escape(text) : `**${escape(bold[1])}**`;
}

function escape(text: string): string {
  return text
    .replace(/[\u0000-\u001f]/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/([\\|*_`[\]#])/g, "\\$1");
}
