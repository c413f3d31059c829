/**
 * What a check says, in three values. *No* comes with a witness: the few operations that cannot have happened together in
 * a store that keeps the promise, and why. *Unknown* is an answer and not a failure: the search met its bound, or the
 * history is not one that the promise speaks of. A checker that must say yes or no says yes when it gives up.
 */
import type { RegisterRead, RegisterWrite } from "./register-history";

export type Verdict =
  | { readonly verdict: "yes" }
  | {
      readonly verdict: "no";
      readonly witness: Witness;
      /** Reads found to contradict the promise; 1 where the check stops at the first contradiction. */
      readonly offending: number;
    }
  | { readonly verdict: "unknown"; readonly reason: string };

export interface Witness {
  /** One sentence a contradiction. */
  readonly because: string;
  /** In order of their beginning, each once. */
  readonly operations: readonly WitnessOperation[];
}

export interface WitnessOperation {
  /** `OperationRecord.id`. */
  readonly id: number;
  /** One line: who did what, when, and how it ended. */
  readonly words: string;
}

export function no(because: string, operations: readonly (RegisterWrite | RegisterRead)[], offending = 1): Verdict {
  const each = [...new Map(operations.map((operation) => [operation.operation, operation])).values()];
  each.sort((a, b) => a.start - b.start || a.operation - b.operation);
  const said = each.map((operation) => ({ id: operation.operation, words: wordsOf(operation) }));
  return { verdict: "no", witness: { because, operations: said }, offending };
}

export function unknown(reason: string): Verdict {
  return { verdict: "unknown", reason };
}

/** `w3.17`: the 17th write of session 3. */
export function nameOf(writeId: number): string {
  return `w${Math.floor(writeId / 2 ** 32)}.${writeId % 2 ** 32}`;
}

/** A write as its name, a read as what it returned: for sentences. */
export function shortly(operation: RegisterWrite | RegisterRead): string {
  if (operation.kind === "write") return `${operation.isDelete ? "the delete" : "the write"} ${nameOf(operation.id)}`;
  return `the read of ${versionsOf(operation)} by session ${operation.session}`;
}

function wordsOf(operation: RegisterWrite | RegisterRead): string {
  const { session, start, end } = operation;
  if (operation.kind === "read") return `${start}-${end} µs: session ${session} read ${versionsOf(operation)}`;
  const verb = operation.isDelete ? "deleted" : "wrote";
  const what = `session ${session} ${verb} (${nameOf(operation.id)})`;
  switch (operation.fate) {
    case "acknowledged":
      return `${start}-${end} µs: ${what}, acknowledged`;
    case "refused":
      return `${start} µs: ${what}, refused for certain`;
    case "indefinite":
      return `${start}-? µs: ${what}, outcome unknown`;
  }
}

function versionsOf(read: RegisterRead): string {
  return read.versions.length === 0 ? "nothing" : read.versions.map(nameOf).join(", ");
}
