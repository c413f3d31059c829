/**
 * The section on failure and repair: a sentence from the numbers; what clients saw before, during and after; five charts, those over time
 * on one axis with the same fault lanes; how many keys were still watched as they healed; what each mechanism did and cost; and what is
 * left at the end. It stands where something was done to the cluster, or where hints or anti-entropy had work, and nowhere else.
 */
import type { ChartCell } from "../charts/cells";
import type { ChartDefinition, ChartTable } from "../charts/chart";
import { convergence } from "../charts/convergence";
import { divergenceByKind } from "../charts/divergence-by-kind";
import { healedAt, healedOf, knowsTrouble } from "../charts/healing";
import { hintsOverTime } from "../charts/hints-over-time";
import { median, plain, trimmed, metricInWords, percent } from "../charts/numbers";
import { repairWork } from "../charts/repair-work";
import { staleOverTime } from "../charts/stale-over-time";
import type { WorldFigure } from "../charts/worlds-apart";
import type { FaultWindow, RepairFigures, StaleWindow } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { wilson } from "../statistics/wilson";
import type { ChartSectionOptions } from "./chart-section";
import { healingInWords, readsIn } from "./healing-verdict";
import { SectionParts } from "./section-parts";

/** In the order of the section. */
export const HEALING_CHARTS: readonly ChartDefinition[] = [
  staleOverTime,
  divergenceByKind,
  convergence,
  repairWork,
  hintsOverTime,
];

export const HEALING_SECTION = { id: "healing", name: "Failure and repair" } as const;

/** HTML. */
export function healingSection(
  run: LoadedRun,
  drawn: ReadonlyMap<string, readonly WorldFigure[]>,
  options: ChartSectionOptions,
): string {
  const parts = new SectionParts(run, drawn, options, ({ figures }) => figures.some(knowsTrouble), MOST_ROWS);
  return (
    `<h2>What did the failure do, and what did healing cost?</h2>` +
    parts.answers(healingInWords) +
    parts.table(
      "What clients saw before, during and after faults",
      windowsTable,
      "Reads of the measured phase by when they began: before the first fault, while any fault was active, or otherwise. All repetitions together; in brackets the 95 % Wilson interval of the reads as if they were independent, which bursts are not. How late and how far behind: of stale reads, median over repetitions. Reads that missed an own write or went back, of those that could.",
    ) +
    parts.chart(staleOverTime) +
    parts.chart(divergenceByKind) +
    parts.chart(
      convergence,
      parts.table(
        "Keys still watched, and the share of them still divergent",
        watchedTable,
        "Of keys whose replicas differed when a fault ended. Who is watched no longer (the next fault began, or the run ended) counts up to there and no further.",
      ),
    ) +
    parts.chart(repairWork, parts.table("What each mechanism did and cost", costTable, COST_NOTE)) +
    parts.chart(hintsOverTime) +
    `<div class="part">${parts.table("What is left at the end", leftTable, "By inspection of the replicas when the run has ended; median over repetitions. A write that waits in a hint is late and not lost.")}</div>`
  );
}

const MOST_ROWS = 60;
const COST_NOTE =
  "From the beginning of the measured phase to the end of the run, the drain included, as the nodes counted; median over repetitions. Bytes per operation are over the requests that ended in that time.";

const WINDOWS: readonly FaultWindow[] = ["before", "during", "after"];

function windowsTable(cells: readonly ChartCell[]): ChartTable {
  return {
    columns: [
      ...["configuration", "when", "reads", "stale", "95 %", "late, p50 (ms)", "late, p99 (ms)", "behind, p99"],
      ...["own writes missed", "went back"],
    ],
    rows: cells.flatMap((cell) =>
      WINDOWS.flatMap((window) => {
        const { reads, stale } = readsIn(cell, window);
        if (reads === 0) return [];
        const { lo, hi } = wilson(stale, reads);
        const of = (pick: (one: StaleWindow) => number | null): number | null =>
          middle(
            cell.figures.map(({ staleByWindow }) => {
              const found = staleByWindow?.find((one) => one.window === window);
              return found === undefined ? null : pick(found);
            }),
          );
        const sessions = cell.figures.flatMap(
          ({ sessionsByWindow }) => sessionsByWindow?.filter((one) => one.window === window) ?? [],
        );
        const outOf = (hits: "missedOwn" | "wentBack", judged: "judgedOwn" | "judgedBack"): string | null => {
          const total = sessions.reduce((sum, one) => sum + one[judged], 0);
          return total === 0 ? null : `${sessions.reduce((sum, one) => sum + one[hits], 0)} of ${total}`;
        };
        return [
          [
            ...[cell.label, window, reads, percent(stale / reads), `[${percent(lo)}, ${percent(hi)}]`],
            ...[
              of(({ missedP50Ms }) => missedP50Ms),
              of(({ missedP99Ms }) => missedP99Ms),
              of(({ behindP99 }) => behindP99),
            ],
            ...[outOf("missedOwn", "judgedOwn"), outOf("wentBack", "judgedBack")],
          ],
        ];
      }),
    ),
  };
}

/** At some round times, the same for all. */
function watchedTable(cells: readonly ChartCell[]): ChartTable {
  const healed = cells.flatMap((cell) => {
    const one = healedOf(cell);
    return one === undefined ? [] : [{ cell, one }];
  });
  const end = Math.max(0, ...healed.map(({ one }) => one.steps.at(-1)!.at));
  const times = roundTimes(end);
  return {
    columns: ["configuration", ...times.map((at) => `${plain(at)} s`)],
    rows: healed.map(({ cell, one }) => [
      cell.label,
      ...times.map((at) => {
        const { atRisk, survival } = healedAt(one, at);
        return atRisk === 0 ? null : `${atRisk} (${percent(survival)})`;
      }),
    ]),
  };
}

/** From 0 on, five or six steps of 1, 2 or 5. */
function roundTimes(end: number): number[] {
  if (end <= 0) return [0];
  const raw = end / 5;
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw)!;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => trimmed(i * step));
}

const MECHANISMS = [
  {
    cause: "read-repair",
    name: "read repair",
    did: [["read_repairs", "replicas repaired"]],
  },
  {
    cause: "hint",
    name: "hints",
    did: [
      ["hints_written", "written"],
      ["hints_delivered", "delivered"],
      ["hints_expired", "expired"],
      ["hints_refused", "refused"],
    ],
  },
  {
    cause: "anti-entropy",
    name: "anti-entropy",
    did: [
      ["exchanges", "exchanges"],
      ["exchanges_equal", "of them equal"],
      ["keys_compared", "keys compared"],
      ["keys_repaired", "repaired"],
      ["keys_streamed", "streamed"],
      ["keys_overstreamed", "for nothing"],
    ],
  },
] as const;

function costTable(cells: readonly ChartCell[]): ChartTable {
  return {
    columns: ["configuration", "mechanism", "messages", "bytes", "bytes per operation", "what it did"],
    rows: cells.flatMap((cell) => {
      const repairs = cell.figures.flatMap(({ repair }) => repair ?? []);
      if (repairs.length === 0) return [];
      return MECHANISMS.map(({ cause, name, did }) => {
        const of = (pick: (one: RepairFigures) => number | null | undefined): number | null =>
          middle(repairs.map((one) => pick(one) ?? null));
        const sent = (one: RepairFigures): RepairFigures["byCause"][number] | undefined =>
          one.byCause.find((each) => each.cause === cause);
        const known = did.flatMap(([total, words]) => {
          const value = of(({ totals }) => totals[total]);
          return value === null ? [] : [{ value, words }];
        });
        const idle = known.every(({ value }) => value === 0);
        const done = idle ? "nothing" : known.map(({ value, words }) => `${plain(value)} ${words}`).join(", ");
        return [
          ...[cell.label, name, of((one) => sent(one)?.messages), of((one) => sent(one)?.bytes)],
          of((one) => {
            const bytes = sent(one)?.bytes ?? null;
            return bytes === null || one.requests === 0 ? null : bytes / one.requests;
          }),
          known.length === 0 ? null : done,
        ];
      });
    }),
  };
}

const LEFT = [
  ["divergent_keys_final", "keys that differ"],
  ["missing_keys_final", "of them missing a copy"],
  ["stale_keys_final", "stale"],
  ["conflicting_keys_final", "conflicting"],
  ["lost_updates", "lost updates"],
  ["hinted_writes_final", "writes in hints alone"],
  ["resurrected_deletes", "deletes that came back"],
] as const;

function leftTable(cells: readonly ChartCell[]): ChartTable {
  const known = LEFT.filter(([name]) => cells.some(({ summary }) => (summary.metrics[name]?.value ?? null) !== null));
  if (known.length === 0) return { columns: [], rows: [] };
  return {
    columns: ["configuration", ...known.map(([, words]) => words)],
    rows: cells.map(({ label, summary }) => [
      label,
      ...known.map(([name]) => {
        const metric = summary.metrics[name];
        return metric === undefined || metric.value === null ? null : metricInWords(metric);
      }),
    ]),
  };
}

function middle(values: readonly (number | null)[]): number | null {
  const value = median(values.filter((one) => one !== null));
  return value === undefined ? null : trimmed(value);
}
