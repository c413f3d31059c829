/**
 * Histories of one key as lines of text, one operation a line, times in microseconds:
 *
 *     write a 0-10           acknowledged; "write b 3-? " has an unknown outcome, "write c 4-5 refused" did not happen
 *     delete d 20-30
 *     read a,b 12-14         "-" for nothing
 *
 * A write's "sees a,b" is the context it carried.
 */
import type { OperationRecord } from "../../../results/record/history";
import type { Witness } from "../../../results/checks/verdict";

/** The letter's write id: session 1, 2, … for a, b, … */
export function idOf(letter: string): number {
  return letter === "-" ? 0 : (letter.charCodeAt(0) - 96) * 2 ** 32 + 1;
}

export function history(text: string, key = "k"): OperationRecord[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").map((line, i) => record(line, i + 1, key));
}

function record(line: string, id: number, key: string): OperationRecord {
  const match = /^(write|delete|read) (\S+) (\d+)-(\d+|\?)( refused| failed)?(?: sees (\S+))?$/.exec(line);
  if (match === null) throw new Error(`not an operation: ${line}`);
  const [, verb, names, start, end, failed, sees] = match;
  const isRead = verb === "read";
  const letters = names === "-" ? [] : names.split(",");
  const outcome = end === "?" || failed === " failed" ? "timeout" : failed === " refused" ? "unavailable" : "ok";
  return operation({
    id,
    key,
    kind: isRead ? "read" : verb === "write" ? "update" : "delete",
    session: isRead ? 0 : letters[0].charCodeAt(0) - 96,
    start: Number(start),
    end: end === "?" ? Number(start) + 1 : Number(end),
    outcome,
    writeId: isRead ? 0 : idOf(letters[0]),
    versions: isRead ? letters.map(idOf) : [],
    seen: (sees ?? "")
      .split(",")
      .filter((letter) => letter !== "")
      .map(idOf),
  });
}

export function operation(
  given: Partial<OperationRecord> & Pick<OperationRecord, "id" | "kind" | "start" | "end">,
): OperationRecord {
  return {
    phase: "measure",
    key: "k",
    session: 0,
    intended: given.start,
    outcome: "ok",
    writeId: 0,
    versions: [],
    values: given.versions?.length ?? 0,
    seen: [],
    contextInBytes: 0,
    contextOutBytes: 0,
    coordinator: -1,
    ...given,
  };
}

/** Line numbers of the witness, from 1. */
export function linesOf(witness: Witness): number[] {
  return witness.operations.map(({ id }) => id).sort((a, b) => a - b);
}
