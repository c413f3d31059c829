/**
 * Is a history of one register linearizable (Herlihy and Wing 1990): could every operation have happened at one instant
 * between its beginning and its end? In general that is NP-complete; where it is known which write each read saw, it is
 * sorting (Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 1997).
 *
 * A write and its readers must stand together, as a block, in any order of instants. Block A must stand before block B
 * when some operation of A ended before one of B began, that is, when A's earliest end comes before B's latest
 * beginning. The history is linearizable unless two blocks must each stand before the other: longer circles always contain a circle
 * of two. In the paper's words: a block whose earliest end comes before its latest beginning spans a *forward zone*
 * during which the register certainly held its value; no two of those overlap, and no other block lies inside one.
 *
 * A read of nothing saw the initial state, unless the key was deleted: then it is not known which delete it saw, and a
 * bounded search decides (`linearization-search.ts`). "Before" is strict to the microsecond.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Micros, WriteId } from "../record/history";
import { impossibleReads } from "./impossible-reads";
import { searchLinearization } from "./linearization-search";
import { writesById, type RegisterHistory, type RegisterRead, type RegisterWrite } from "./register-history";
import { checkRegular, SIBLINGS } from "./regular";
import { shrunk } from "./shrink";
import { no, shortly, unknown, type Verdict } from "./verdict";

type Operation = RegisterRead | RegisterWrite;

/** States that the search may visit, unless told otherwise. */
export const STATES_SEARCHED = 100_000;
/** A witness may be made smaller for so many times the states of the search itself. */
const SEARCHES_TO_SHRINK = 2;

export function checkLinearizable(history: RegisterHistory, states: number = STATES_SEARCHED): Verdict {
  if (history.reads.some(({ versions }) => versions.length > 1)) return unknown(SIBLINGS);
  const byId = writesById(history);
  const impossible = impossibleReads(history, byId);
  if (impossible !== undefined) return { ...impossible, offending: 1 };
  if (!isAmbiguous(history)) return checkBlocks(history, byId);
  // What is not regular is not linearizable either, and that is seen at once, with a smaller witness.
  const regular = checkRegular(history);
  if (regular.verdict === "no") return { ...regular, offending: 1 };
  const found = searchLinearization(history, { states });
  if (found === "unknown") return unknown(`the search for an order met its bound of ${states} states`);
  if (found === "yes") return { verdict: "yes" };
  const budget = { states: states * SEARCHES_TO_SHRINK };
  const few = shrunk(history, (part) => searchLinearization(part, budget) === "no");
  return no("no order of these operations, each between its beginning and its end, explains what was read", [
    ...few.writes.map(({ id }) => byId.get(id)!),
    ...few.reads,
  ]);
}

/** Whether some read of nothing may have seen a delete. */
function isAmbiguous({ writes, reads }: RegisterHistory): boolean {
  let lastEmptyEnd = -Infinity;
  for (const read of reads) if (read.versions.length === 0) lastEmptyEnd = Math.max(lastEmptyEnd, read.end);
  return writes.some(({ isDelete, fate, start }) => isDelete && fate !== "refused" && start <= lastEmptyEnd);
}

/** A write that happened, or the initial state, with the reads that saw it. */
interface Block {
  /** Undefined for the initial state, which began and ended before everything. */
  readonly write: RegisterWrite | undefined;
  readonly reads: RegisterRead[];
  firstEnd: Micros;
  lastStart: Micros;
}

function checkBlocks(history: RegisterHistory, byId: ReadonlyMap<WriteId, RegisterWrite>): Verdict {
  const blocks = blocksOf(history, byId);
  const forward = blocks.filter((block) => block.firstEnd < block.lastStart);
  forward.sort((a, b) => a.firstEnd - b.firstEnd);
  for (let i = 1; i < forward.length; i++) {
    // Those before do not overlap, so the last of them ends last.
    if (forward[i].firstEnd < forward[i - 1].lastStart) return conflict(forward[i - 1], forward[i]);
  }
  for (const block of blocks) {
    if (block.firstEnd < block.lastStart) continue;
    const around = lastEndingBefore(forward, block.lastStart);
    if (around !== undefined && block.firstEnd < around.lastStart) return conflict(around, block);
  }
  return { verdict: "yes" };
}

function blocksOf(history: RegisterHistory, byId: ReadonlyMap<WriteId, RegisterWrite>): Block[] {
  const initial: Block = { write: undefined, reads: [], firstEnd: -Infinity, lastStart: -Infinity };
  const blocks = new Map<WriteId, Block>([[0, initial]]);
  const blockOf = (write: RegisterWrite): Block => {
    let block = blocks.get(write.id);
    if (block === undefined) {
      block = { write, reads: [], firstEnd: write.end, lastStart: write.start };
      blocks.set(write.id, block);
    }
    return block;
  };
  // An indefinite write that nobody read need not have happened.
  for (const write of history.writes) if (write.fate === "acknowledged") blockOf(write);
  for (const read of history.reads) {
    const block = read.versions.length === 0 ? blocks.get(0)! : blockOf(byId.get(read.versions[0])!);
    block.reads.push(read);
    block.firstEnd = Math.min(block.firstEnd, read.end);
    block.lastStart = Math.max(block.lastStart, read.start);
  }
  return [...blocks.values()];
}

/** `forward` in order of their earliest ends. */
function lastEndingBefore(forward: readonly Block[], instant: Micros): Block | undefined {
  let low = 0;
  let high = forward.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (forward[middle].firstEnd < instant) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : forward[low - 1];
}

/** Each of `a` and `b` must stand before the other. */
function conflict(a: Block, b: Block): Verdict {
  const there = orderOf(a, b);
  const back = orderOf(b, a);
  const operations = [a.write, b.write, ...there.operations, ...back.operations];
  return no(
    `${there.because}, and ${back.because}`,
    operations.filter((operation) => operation !== undefined),
  );
}

/** Why `a` stands before `b`: by their writes where these tell, else by the earliest reads that do. */
function orderOf(a: Block, b: Block): { readonly because: string; readonly operations: readonly Operation[] } {
  const value = nameOfBlock(a);
  const next = nameOfBlock(b);
  if (a.write === undefined) return { because: `${value} comes before ${next} by definition`, operations: [] };
  const beginners = b.reads.filter(({ start }) => start > a.firstEnd);
  const later = b.write !== undefined && b.write.start > a.firstEnd ? b.write : earliest(beginners);
  const earlier = a.write.end < later.start ? a.write : earliest(a.reads);
  const fact = `${shortly(earlier)} ended before ${shortly(later)} began`;
  const plain = earlier === a.write && later === b.write;
  return {
    because: plain ? fact : `${value} must come before ${next}, because ${fact}`,
    operations: [earlier, later],
  };
}

function nameOfBlock({ write }: Block): string {
  return write === undefined ? "the initial state" : shortly(write);
}

function earliest(reads: readonly RegisterRead[]): RegisterRead {
  assert(reads.length > 0, "a block that must stand before another has an operation that says so");
  return reads.reduce((first, read) => (read.end < first.end ? read : first));
}
