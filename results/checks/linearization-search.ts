/**
 * The search for a linearization where it is not known which write a read saw: Wing and Gong's (1993), which takes one
 * operation after the other from those that nothing still to come precedes, with Lowe's memory of states that led
 * nowhere ("Testing for linearizability", 2017). A state is which operations have been taken and what the register then
 * holds; the number of states is bounded, and reaching the bound is "unknown".
 *
 * Two rules keep the search short. A read that agrees with the register is taken at once: it can only get harder. And a
 * value is not overwritten while a read that names it is still to come: it could never be satisfied.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Micros, WriteId } from "../record/history";
import type { RegisterHistory, RegisterRead, RegisterWrite } from "./register-history";

type Operation = RegisterRead | RegisterWrite;

interface State {
  /** Of the operations that must happen, in order of beginning: all before `next` are taken, `next` is not. */
  readonly next: number;
  /** Taken ones after `next`, ascending. */
  readonly beyond: readonly number[];
  /** Taken writes that need not happen, ascending. */
  readonly extra: readonly number[];
  /** What the register holds; undefined at the start. */
  readonly held: RegisterWrite | undefined;
}

/** States that may still be visited; searches that share one take from it. */
export interface SearchBudget {
  states: number;
}

/** At most one version a read, every one of a write that may have happened: the callers have looked. */
export function searchLinearization(history: RegisterHistory, budget: SearchBudget): "yes" | "no" | "unknown" {
  return new Search(history).run(budget);
}

class Search {
  /** Must happen: reads and acknowledged writes, in order of beginning. */
  private readonly certain: readonly Operation[];
  /** May happen: indefinite writes that a read named, or that may explain a read of nothing. */
  private readonly possible: readonly RegisterWrite[];
  /** Positions in `certain` of the reads that name a write. */
  private readonly readers = new Map<WriteId, number[]>();

  constructor({ writes, reads }: RegisterHistory) {
    const byStart = (a: Operation, b: Operation): number => a.start - b.start || a.operation - b.operation;
    const acknowledged = writes.filter(({ fate }) => fate === "acknowledged");
    this.certain = [...reads, ...acknowledged].sort(byStart);
    this.certain.forEach((operation, at) => {
      if (operation.kind !== "read" || operation.versions.length === 0) return;
      assert(operation.versions.length === 1, "a register holds one version");
      const [id] = operation.versions;
      const readers = this.readers.get(id);
      if (readers === undefined) this.readers.set(id, [at]);
      else readers.push(at);
    });
    this.possible = writes
      .filter(({ fate, isDelete, id }) => fate === "indefinite" && (isDelete || this.readers.has(id)))
      .sort(byStart);
  }

  run(budget: SearchBudget): "yes" | "no" | "unknown" {
    const visited = new Set<string>();
    const stack: State[] = [{ next: 0, beyond: [], extra: [], held: undefined }];
    while (stack.length > 0) {
      const state = this.takeReads(stack.pop()!);
      if (state.next === this.certain.length) return "yes";
      const key = `${state.next}|${state.beyond.join()}|${state.extra.join()}|${state.held?.id ?? 0}`;
      if (visited.has(key)) continue;
      if (budget.states-- <= 0) return "unknown";
      visited.add(key);
      if (this.isAwaited(state)) continue;
      // The last one pushed is tried first: writes that must happen, the earliest beginning first.
      const deadline = this.deadline(state);
      for (let i = this.possible.length - 1; i >= 0; i--) {
        const write = this.possible[i];
        if (write.start > deadline || state.extra.includes(i)) continue;
        stack.push({ ...state, extra: [...state.extra, i].sort((a, b) => a - b), held: write });
      }
      const writes = this.candidates(state, deadline).filter((at) => this.certain[at].kind === "write");
      for (let i = writes.length - 1; i >= 0; i--) stack.push(this.take(state, writes[i]));
    }
    return "no";
  }

  /** The earliest end of what is still to come: what begins after it cannot be next. */
  private deadline(state: State): Micros {
    let earliest = Infinity;
    for (let at = state.next; at < this.certain.length; at++) {
      // Whatever begins later also ends later.
      if (this.certain[at].start > earliest) break;
      if (!state.beyond.includes(at)) earliest = Math.min(earliest, this.certain[at].end);
    }
    return earliest;
  }

  private candidates(state: State, deadline: Micros): number[] {
    const found: number[] = [];
    for (let at = state.next; at < this.certain.length && this.certain[at].start <= deadline; at++) {
      if (!state.beyond.includes(at)) found.push(at);
    }
    return found;
  }

  private takeReads(state: State): State {
    for (;;) {
      const agreeing = this.candidates(state, this.deadline(state)).find((at) => agrees(this.certain[at], state.held));
      if (agreeing === undefined) return state;
      state = this.take(state, agreeing);
    }
  }

  private take(state: State, at: number): State {
    const operation = this.certain[at];
    const held = operation.kind === "write" ? operation : state.held;
    if (at !== state.next) return { ...state, held, beyond: [...state.beyond, at].sort((a, b) => a - b) };
    let next = at + 1;
    let taken = 0;
    while (taken < state.beyond.length && state.beyond[taken] === next) {
      next++;
      taken++;
    }
    return { ...state, held, next, beyond: state.beyond.slice(taken) };
  }

  /** Whether a read still to come names what the register holds. */
  private isAwaited({ next, beyond, held }: State): boolean {
    if (held === undefined) return false;
    const readers = this.readers.get(held.id);
    if (readers === undefined) return false;
    for (let i = readers.length - 1; i >= 0 && readers[i] >= next; i--) if (!beyond.includes(readers[i])) return true;
    return false;
  }
}

function agrees(operation: Operation, held: RegisterWrite | undefined): boolean {
  if (operation.kind === "write") return false;
  if (operation.versions.length === 0) return held === undefined || held.isDelete;
  return held !== undefined && held.id === operation.versions[0];
}
