/**
 * Is a stored run what its seeds say it is? Every simulated trial is run again and its digest compared with the one on record; where
 * they differ, the first checkpoint that differs tells between which events to look, and two further executions tell
 * whether the simulation differs from itself or only from the build that made the run.
 *
 * The cell is taken from the run's folder, and believed only if it hashes to the trial's own id.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import type { SimulationRecord, TrialRecord } from "../results/record/run-folder";
import { type PlannedTrial, trialId } from "./plan";
import { fromFolder } from "./recorded-operations";
import { SimulatedTrial } from "./simulated-trial";
import type { Cell } from "./spec/experiment";
import type { TrialOutput } from "./trial";

export const CELLS_FILE = "provenance/cells.json";

/** A trial that did not come out as recorded. */
export interface Mismatch {
  readonly trial: string;
  readonly cell: string;
  readonly repetition: number;
  /** One sentence. */
  readonly what: string;
  /** The first event that may differ, in words; undefined where there is none to name. */
  readonly firstEvent: string | undefined;
}

/** The planned trial that a record stands for, or why there is none. */
export function plannedFrom(folder: string, record: TrialRecord): PlannedTrial | string {
  const file = join(folder, CELLS_FILE);
  if (!existsSync(file)) return `the run's folder has no ${CELLS_FILE}: it was made by an older version`;
  let cells: unknown;
  try {
    cells = (JSON.parse(readFileSync(file, "utf8")) as { cells?: unknown }).cells;
  } catch {
    return `${CELLS_FILE} is not JSON`;
  }
  const cell = Array.isArray(cells) ? (cells as Partial<Cell>[]).find((one) => one?.id === record.cell) : undefined;
  if (cell === undefined) return `${CELLS_FILE} does not have the cell ${record.cell}`;
  if (record.semanticsVersion !== SEMANTICS_VERSION) {
    return `it was made under semantics ${record.semanticsVersion}; this version has ${SEMANTICS_VERSION}, under which the same seed may give another history`;
  }
  const { id, repetition, seed } = record;
  let hash: string;
  try {
    hash = trialId(cell as Cell, seed, "");
  } catch {
    return `${CELLS_FILE} does not describe the cell ${record.cell}`;
  }
  if (hash !== id) return `the cell on record hashes to ${hash}, not to the trial's id: one of them was changed`;
  const whole = cell as Cell;
  return { id, index: 0, cell: { ...whole, workload: fromFolder(folder, whole.workload) }, repetition, seed };
}

/** The first checkpoint at which two executions differ, as a span of event numbers; undefined when none does. */
export function firstDifference(
  a: Pick<SimulationRecord, "every" | "checkpoints" | "events">,
  b: Pick<SimulationRecord, "every" | "checkpoints" | "events">,
): { readonly after: number; readonly upTo: number } | undefined {
  const every = Math.max(a.every, b.every);
  const at = (one: typeof a, event: number): number | undefined => one.checkpoints[event / one.every - 1];
  const last = Math.max(a.events, b.events);
  for (let event = every; event <= last; event += every) {
    if (at(a, event) !== at(b, event)) return { after: event - every, upTo: Math.min(event, last) };
    if (at(a, event) === undefined) break;
  }
  const common = Math.floor(Math.min(a.events, b.events) / every) * every;
  return a.events === b.events ? undefined : { after: common, upTo: last };
}

/** Compares a fresh output with the record. Undefined: they agree. */
export async function compareWithRecord(
  planned: PlannedTrial,
  record: TrialRecord,
  output: TrialOutput,
  signal: AbortSignal,
): Promise<Mismatch | undefined> {
  const stored = record.simulation;
  const fresh = output.simulation;
  const { id: trial, cell, repetition } = record;
  const named = { trial, cell, repetition };
  if (stored === undefined || fresh === undefined) {
    return { ...named, what: "there is no digest on record", firstEvent: undefined };
  }
  if (stored.digest === fresh.digest && stored.events === fresh.events) return undefined;
  const span = firstDifference(stored, fresh);
  const digests = `digest ${stored.digest} after ${String(stored.events)} events on record, ${fresh.digest} after ${String(fresh.events)} now`;
  if (span === undefined) {
    return {
      ...named,
      what: `${digests}; every checkpoint agrees, so the record itself was changed`,
      firstEvent: undefined,
    };
  }
  const first = await eventsBetween(planned, span, signal);
  const second = await eventsBetween(planned, span, signal);
  // Half a list differs from a whole one.
  if (signal.aborted) return undefined;
  const differs = first.findIndex((line, i) => line !== second[i]);
  if (differs >= 0) {
    return {
      ...named,
      what: `${digests}; two executions now differ from each other too: the simulation is not deterministic`,
      firstEvent: `${first[differs]}   against   ${second[differs] ?? "nothing"}`,
    };
  }
  const width = span.upTo - span.after;
  return {
    ...named,
    what: `${digests}; executions now agree with each other, so the record is of other code or was changed; it differs within ${String(width)} event${width === 1 ? "" : "s"} after number ${String(span.after)}`,
    firstEvent: first[0],
  };
}

/** Events of a span, in words. */
async function eventsBetween(
  trial: PlannedTrial,
  span: { readonly after: number; readonly upTo: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const simulated = new SimulatedTrial(
    trial,
    { begun: () => undefined, record: () => undefined, snapshot: () => undefined },
    {
      observe: (event, at, text) => {
        if (event > span.after && event <= span.upTo && lines.length < MAX_LINES) {
          lines.push(`event ${String(event)} at ${(at / 1e6).toFixed(6)} s: ${text()}`);
        }
      },
    },
  );
  while (!simulated.over && simulated.cluster.digest.events < span.upTo) {
    simulated.advance(10_000);
    // A signal is only seen when the program's own loop gets a turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) break;
  }
  return lines;
}

const MAX_LINES = 100_000;
