/**
 * The reference of keys, tunables, faults and metrics, made from the rows that the programs use themselves; a test holds the
 * file to this text. `node -r ts-node/register experiments/reference.ts` writes it and the editor schema anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiText } from "../engine/http/openapi-document";
import { ANY_REQUEST, ROUTES } from "../engine/http/routes";
import {
  FAULT_KINDS,
  FAULT_PARAMETERS,
  faultParts,
  FAULTS_PROSE,
  type FaultKindRow,
} from "../engine/vocabulary/rows/fault-kinds";
import { TUNABLES, type Tunable } from "../engine/vocabulary/tunables";
import { rangeText } from "../engine/vocabulary/value-kinds";
import { METRICS } from "../results/record/metrics";
import { thresholdInWords, VALIDITY_KINDS, type ValidityKind } from "../results/statistics/validity";
import { packageRoot } from "./catalogue";
import { experimentSchemaText } from "./spec/json-schema";
import { allKeys, PARTS, PLAIN_KEYS, REFUSED } from "./spec/keys";

/** Generated files by their path from the package's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["experiments/REFERENCE.md", referenceText()],
    ["experiments/spec/experiment.schema.json", experimentSchemaText()],
    ["engine/http/openapi.json", openApiText(ROUTES, ANY_REQUEST, packageVersion())],
  ]);
}

function packageVersion(): string {
  const content = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { readonly version: string };
  return content.version;
}

export function referenceText(): string {
  const sections = [
    "# Reference\n\nMade from the rows in `engine/vocabulary/rows/`, `experiments/spec/keys.ts`, `results/record/metrics.ts` and `results/statistics/validity.ts` by `experiments/reference.ts`; edit those. `quorumlab explain <name>` prints the same.\n",
    "Any tunable may be an axis of a sweep: those under `tunables` by their last name, others by their dotted key; so may `tags.<name>`. Units are part of every duration, rate and size.\n",
    `## Keys of the experiment\n\n${keyTable()}`,
    `## Tunables\n\n${TUNABLES.map(tunableText).join("\n")}`,
    `## Faults\n\n${faultsText()}\n${FAULT_KINDS.map(faultText).join("\n")}`,
    `## Known, and not supported by this version yet\n\n${allKeys()
      .later.map((key) => `\`${key}\``)
      .join(", ")}\n`,
    `## Refused\n\n${[...REFUSED].map(([key, why]) => `- \`${key}\` ${why}`).join("\n")}\n`,
    `## Metrics\n\n${metricTable()}`,
    `## Validity\n\n${VALIDITY_PROSE}\n\n${VALIDITY_KINDS.map(validityText).join("\n")}`,
  ];
  return sections.join("\n");
}

function keyTable(): string {
  const rows = [
    ...PLAIN_KEYS.map((row) => [
      `\`${row.key}\``,
      row.default === "" ? "" : `\`${row.default}\``,
      rangeText(row.kind),
      row.title,
    ]),
    ...[...PARTS].map(([name, title]) => [`\`${name}\``, "", "", title]),
  ];
  return table(["key", "default", "allowed", "meaning"], rows);
}

function tunableText(row: Tunable): string {
  const names = Object.entries(row.names).map(
    ([system, called]) => `${system[0].toUpperCase()}${system.slice(1)}: \`${called}\``,
  );
  return [
    `### \`${row.key}\``,
    "",
    `${row.title}. Scope: ${row.scope}. Default: ${row.default === "" ? "none" : `\`${row.default}\``}. Allowed: ${rangeText(row.kind)}.`,
    "",
    `- Buys: ${row.buys}`,
    `- Costs: ${row.costs}`,
    ...(names.length === 0 ? [] : [`- Elsewhere: ${names.join(", ")}`]),
    `- Source: ${row.source}`,
    `- Charts: ${row.charts.join(", ")}`,
    "",
  ].join("\n");
}

function faultsText(): string {
  const [first, ...rest] = PARTS.get("faults") ?? "";
  const forms = FAULTS_PROSE.map(
    ([label, text]) => `- ${label[0].toUpperCase()}${label.slice(1)}: ${text.replaceAll("<", "\\<")}\n`,
  );
  const parts = FAULT_PARAMETERS.map(({ name, text }) => [`\`${name}\``, text.replaceAll("<", "\\<")]);
  return `\`faults\` is ${first.toLowerCase()}${rest.join("")}.\n\n${forms.join("")}\n${table(["part", "what it is"], parts)}`;
}

function faultText(row: FaultKindRow): string {
  const { needs, may } = faultParts(row);
  const optional = may.map((name) => {
    const fallback = row.takes.find((part) => part.name === name)?.default;
    return fallback === undefined ? name : `${name} (${String(fallback)})`;
  });
  return [
    `### \`${row.kind}\``,
    "",
    `${row.title}. ${row.shows}`,
    "",
    "```yaml",
    `- ${row.example}`,
    "```",
    "",
    `- Needs: ${["at", ...needs].join(", ")}`,
    `- May have: ${["id", ...optional].join(", ")}`,
    `- On real processes: ${row.processes}`,
    `- Source: ${row.source}`,
    `- Charts: ${row.charts.join(", ")}`,
    "",
  ].join("\n");
}

function metricTable(): string {
  return table(
    ["metric", "unit", "better", "meaning"],
    METRICS.map((metric) => [`\`${metric.name}\``, metric.unit, metric.better, metric.definition]),
  );
}

const VALIDITY_PROSE =
  "Every trial is `valid`, `doubtful` or `invalid`. A doubtful one counts and is shown with its doubts; an invalid one is marked, shown and never averaged. A configuration without a valid trial has no values, and its run ends with exit code 4.";

function validityText(row: ValidityKind): string {
  const where = {
    trial: "every trial",
    machine: "trials on real processes",
    configuration: "the repetitions of a configuration together",
  };
  return [
    `### \`${row.kind}\``,
    "",
    `${row.title}. Judged in ${where[row.about]}.`,
    "",
    `- Lets through: ${row.letsThrough}`,
    `- Doubtful: ${thresholdInWords(row, row.doubtful)}`,
    `- Invalid: ${thresholdInWords(row, row.invalid)}`,
    `- Why: ${row.why}`,
    `- Advice: ${row.advice}`,
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

if (require.main === module) {
  for (const [path, text] of generatedFiles()) writeFileSync(join(packageRoot(), path), text);
}
