/**
 * Checks the history of a run, key by key. A key is checked whole or not at all, because a history with holes convicts the
 * innocent; so the records are gone through twice, once to count and once to keep. What does not fit the bound is left out,
 * the keys with the fewest operations first, and the result says how much that was: what was not looked at is not "yes".
 */
import { assert } from "../../engine/vocabulary/assert";
import type { OperationRecord } from "../record/history";
import { STATES_SEARCHED } from "./linearizable";
import { checkRegister, PROMISES, type PromiseName } from "./register";
import { tells } from "./register-history";
import type { Witness } from "./verdict";

/** Operations kept at most, about 200 bytes each. */
export const OPERATIONS_HELD = 1_000_000;
/** Keys counted at most; operations of further ones are left out. */
export const KEYS_COUNTED = 1_000_000;
/** Witnesses reported of each promise. */
export const WITNESSES_SHOWN = 10;

export interface HistoryBounds {
  readonly operations: number;
  readonly keys: number;
  /** States that the search of one key may visit. */
  readonly states: number;
}

export interface PromiseTally {
  /** Keys by verdict. */
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
  /** The first so many, in order of keys checked. */
  readonly violations: readonly { readonly key: string; readonly offending: number; readonly witness: Witness }[];
  /** Why keys are unknown, and how many. */
  readonly reasons: Readonly<Record<string, number>>;
}

export interface HistoryCheck {
  readonly keys: { readonly checked: number; readonly leftOut: number };
  /** Operations that say something: writes, and reads that were answered. */
  readonly operations: { readonly checked: number; readonly leftOut: number };
  /** Keys beyond the bound on keys were not counted: `keys.leftOut` is a lower bound. */
  readonly uncountedKeys: boolean;
  readonly promises: Readonly<Record<PromiseName, PromiseTally>>;
}

/** For records that are read from a file twice: every one to `count`, then every one to `keep`, then `finish`. */
export class HistoryChecker {
  private readonly counts = new Map<string, number>();
  private readonly bounds: HistoryBounds;
  private operations = 0;
  private chosen: Map<string, OperationRecord[]> | undefined;
  private uncountedKeys = false;

  constructor(bounds: Partial<HistoryBounds> = {}) {
    this.bounds = { operations: OPERATIONS_HELD, keys: KEYS_COUNTED, states: STATES_SEARCHED, ...bounds };
  }

  count(record: OperationRecord): void {
    assert(this.chosen === undefined, "counting comes before keeping");
    if (!tells(record)) return;
    this.operations++;
    const count = this.counts.get(record.key);
    if (count !== undefined) this.counts.set(record.key, count + 1);
    else if (this.counts.size < this.bounds.keys) this.counts.set(record.key, 1);
    else this.uncountedKeys = true;
  }

  keep(record: OperationRecord): void {
    this.chosen ??= this.choose();
    if (tells(record)) this.chosen.get(record.key)?.push(record);
  }

  finish(): HistoryCheck {
    const chosen = this.chosen ?? this.choose();
    const tallies = { linearizable: tally(), regular: tally(), multiValue: tally() };
    let checked = 0;
    for (const [key, records] of chosen) {
      assert(records.length === this.counts.get(key), "the same records are counted and kept");
      checked += records.length;
      const verdicts = checkRegister(records, this.bounds.states);
      for (const promise of PROMISES) {
        const verdict = verdicts[promise];
        const into = tallies[promise];
        into[verdict.verdict]++;
        if (verdict.verdict === "unknown") into.reasons[verdict.reason] = (into.reasons[verdict.reason] ?? 0) + 1;
        if (verdict.verdict !== "no" || into.violations.length === WITNESSES_SHOWN) continue;
        into.violations.push({ key, offending: verdict.offending, witness: verdict.witness });
      }
    }
    return {
      keys: { checked: chosen.size, leftOut: this.counts.size - chosen.size },
      operations: { checked, leftOut: this.operations - checked },
      uncountedKeys: this.uncountedKeys,
      promises: tallies,
    };
  }

  /** The keys with most operations that fit together, most first. */
  private choose(): Map<string, OperationRecord[]> {
    const keys = [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const chosen = new Map<string, OperationRecord[]>();
    let room = this.bounds.operations;
    for (const [key, count] of keys) {
      if (count > room) continue;
      room -= count;
      chosen.set(key, []);
    }
    return chosen;
  }
}

/** `records` is gone through twice. */
export function checkHistory(records: Iterable<OperationRecord>, bounds: Partial<HistoryBounds> = {}): HistoryCheck {
  const checker = new HistoryChecker(bounds);
  for (const record of records) checker.count(record);
  for (const record of records) checker.keep(record);
  return checker.finish();
}

/** Short stable text: what was checked, each promise, and the first witness of each one broken. */
export function describeHistoryCheck({ keys, operations, uncountedKeys, promises }: HistoryCheck): string {
  const lines = [`checked ${keys.checked} keys with ${operations.checked} operations`];
  if (operations.leftOut > 0) {
    const others = `${uncountedKeys ? "at least " : ""}${keys.leftOut} keys`;
    lines.push(`left out ${others} and ${operations.leftOut} operations, more than the bound allows`);
  }
  for (const promise of PROMISES) {
    const { yes, no, unknown, violations, reasons } = promises[promise];
    lines.push(`${PROMISE_WORDS[promise]}: ${yes} yes, ${no} no, ${unknown} unknown`);
    for (const [reason, count] of Object.entries(reasons)) lines.push(`  ${count} unknown: ${reason}`);
    if (violations.length === 0) continue;
    const [{ key, witness }] = violations;
    lines.push(`  key ${key}: ${witness.because}`);
    for (const { words } of witness.operations) lines.push(`    ${words}`);
  }
  return lines.join("\n");
}

const PROMISE_WORDS: Readonly<Record<PromiseName, string>> = {
  linearizable: "linearizable",
  regular: "regular",
  multiValue: "regular with siblings",
};

type Growing = {
  yes: number;
  no: number;
  unknown: number;
  violations: { key: string; offending: number; witness: Witness }[];
  reasons: Record<string, number>;
};

function tally(): Growing {
  return { yes: 0, no: 0, unknown: 0, violations: [], reasons: {} };
}
