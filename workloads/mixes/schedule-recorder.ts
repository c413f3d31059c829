/**
 * Writes down what a driver had due: a trace for `mix_name: trace`. It is the schedule and not the history: operations are
 * there with their intended instants, whether they were sent, dropped, or failed. Clients of a closed loop that are behind
 * their rate draw operations whose instants have passed, so lines are put in order of time at the end; until then they are
 * kept, up to a bound.
 */
import { octetsFromText, textFromOctets, type Octets } from "../../engine/vocabulary/octets";
import type { DrawnOperation, DueOperation } from "../operation";
import {
  headerText,
  operationText,
  type TracedKind,
  type TracedOperation,
  type TraceForm,
  type TraceHeader,
} from "./trace-lines";

/** Operations kept at most. */
export const MOST_RECORDED = 2_000_000;

export class ScheduleRecorder {
  private readonly loads: string[] = [];
  private readonly lines: { readonly at: number; readonly text: string }[] = [];
  private left = 0;

  constructor(
    private readonly header: TraceHeader,
    private readonly form: TraceForm,
  ) {}

  /** Operations that came after the bound was reached, and are missing. */
  get leftOut(): number {
    return this.left;
  }

  get recorded(): number {
    return this.lines.length;
  }

  due({ operation, client, at }: DueOperation): void {
    if (this.lines.length + this.loads.length >= MOST_RECORDED) {
      this.left++;
      return;
    }
    const text = operationText(tracedOf(operation, client, at), this.form);
    if (at === undefined) this.loads.push(text);
    else this.lines.push({ at, text });
  }

  /** The trace in pieces; operations due at one instant stay in the order in which they were drawn. */
  *pieces(): Iterable<string> {
    yield headerText(this.header, this.form);
    yield* this.loads;
    for (const { text } of [...this.lines].sort((a, b) => a.at - b.at)) yield text;
  }
}

function tracedOf(operation: DrawnOperation, client: number, at: number | undefined): TracedOperation {
  const { kind, key, value, scanLength, scanEnd, keys, delimiter, blind, merge } = operation;
  const op: TracedKind = at === undefined ? "load" : kind;
  const writes = kind === "insert" || kind === "update" || (kind === "rmw" && merge === undefined);
  const scans = kind === "scan" || kind === "list";
  return {
    at,
    op,
    key: textOf(key.key),
    ...(writes ? { size: value.length } : {}),
    ...(client < 0 ? {} : { client }),
    ...(scans ? { scanLength } : {}),
    // A listing ends where its prefix does.
    ...(kind === "scan" && scanEnd !== undefined && scanEnd !== "" ? { scanEnd: textOf(scanEnd) } : {}),
    ...(kind === "multi-get" ? { keys: (keys ?? [key]).map((one) => textOf(one.key)) } : {}),
    ...(delimiter === undefined || delimiter === "" ? {} : { delimiter: textOf(delimiter) }),
    ...(blind && (kind === "update" || kind === "delete") ? { blind: true as const } : {}),
  };
}

/** Throws RangeError for octets that are no text; no workload of ours has such keys. */
function textOf(octets: Octets): string {
  const text = textFromOctets(octets);
  if (octetsFromText(text) !== octets)
    throw new RangeError("a key that is no UTF-8 text cannot be recorded in a trace");
  return text;
}
