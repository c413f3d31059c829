/**
 * Operations on their way from the thread that is measured to the one that writes them: as numbers in one array and keys in
 * one text, because turning an operation into a line of JSON costs more than all else that is done for it, and copying an
 * object from thread to thread as much. Columns stand in order of the fields of {@link OperationRecord}.
 */
import {
  OPERATION_KINDS,
  PHASES,
  RECORDED_OUTCOMES,
  type OperationKind,
  type OperationRecord,
  type Phase,
  type RecordedOutcome,
} from "./history";

export interface HistoryBlock {
  readonly count: number;
  /** Of each operation its columns, then its versions and those it had seen; what is behind the last one means nothing. */
  readonly numbers: Float64Array;
  /** Keys one behind the other; how long each is stands in its column. */
  readonly keys: string;
}

export const OPERATIONS_OF_BLOCK = 2_048;
const COLUMNS = 14;
const MOST_SPARE = 8;
/** More than there are phases, kinds or outcomes. */
const PLACES = 16;

/** Puts operations into blocks. */
export class HistoryPacker {
  private numbers: Float64Array;
  private at = 0;
  private readonly keys: string[] = [];
  /** Operations that follow each other are mostly of one kind and end alike. */
  private readonly last: { phase: Phase; kind: OperationKind; outcome: RecordedOutcome; code: number } = {
    phase: PHASES[0],
    kind: OPERATION_KINDS[0],
    outcome: RECORDED_OUTCOMES[0],
    code: 0,
  };

  /** Arrays of blocks that were read, to be used again: fresh memory costs more than what is written into it. */
  private readonly spare: Float64Array[] = [];

  constructor() {
    this.numbers = freshNumbers();
  }

  get full(): boolean {
    return this.keys.length >= OPERATIONS_OF_BLOCK;
  }

  add(operation: OperationRecord): void {
    const { phase, kind, outcome, versions, seen } = operation;
    const needed = this.at + COLUMNS + versions.length + seen.length;
    if (needed > this.numbers.length) this.grow(needed);
    const { numbers, last } = this;
    if (phase !== last.phase || kind !== last.kind || outcome !== last.outcome) {
      last.code = codeOf(phase, kind, outcome);
      last.phase = phase;
      last.kind = kind;
      last.outcome = outcome;
    }
    let at = this.at;
    numbers[at++] = operation.id;
    numbers[at++] = last.code;
    numbers[at++] = operation.key.length;
    numbers[at++] = operation.session;
    numbers[at++] = operation.intended;
    numbers[at++] = operation.start;
    numbers[at++] = operation.end;
    numbers[at++] = operation.writeId;
    numbers[at++] = versions.length;
    numbers[at++] = operation.values;
    numbers[at++] = seen.length;
    numbers[at++] = operation.contextInBytes;
    numbers[at++] = operation.contextOutBytes;
    numbers[at++] = operation.coordinator;
    for (let i = 0; i < versions.length; i++) numbers[at++] = versions[i];
    for (let i = 0; i < seen.length; i++) numbers[at++] = seen[i];
    this.at = at;
    this.keys.push(operation.key);
  }

  /** What was added since the last block. */
  take(): HistoryBlock {
    const block = { count: this.keys.length, numbers: this.numbers, keys: this.keys.join("") };
    this.numbers = this.spare.pop() ?? freshNumbers();
    this.keys.length = 0;
    this.at = 0;
    return block;
  }

  /** The array of a block that is not needed any more. */
  giveBack(numbers: Float64Array): void {
    if (this.spare.length < MOST_SPARE) this.spare.push(numbers);
  }

  private grow(needed: number): void {
    const larger = new Float64Array(Math.max(needed, this.numbers.length * 2));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

/** The operations of a block, in order. */
export function* operationsOf({ count, numbers, keys }: HistoryBlock): Generator<OperationRecord> {
  let at = 0;
  let keyAt = 0;
  for (let i = 0; i < count; i++) {
    const code = numbers[at + 1];
    const keyEnd = keyAt + numbers[at + 2];
    const lists = at + COLUMNS;
    const versions = lists + numbers[at + 8];
    const seen = versions + numbers[at + 10];
    yield {
      id: numbers[at],
      phase: PHASES[Math.floor(code / (PLACES * PLACES))],
      kind: OPERATION_KINDS[Math.floor(code / PLACES) % PLACES],
      key: keys.slice(keyAt, keyEnd),
      session: numbers[at + 3],
      intended: numbers[at + 4],
      start: numbers[at + 5],
      end: numbers[at + 6],
      outcome: RECORDED_OUTCOMES[code % PLACES],
      writeId: numbers[at + 7],
      versions: Array.from(numbers.subarray(lists, versions)),
      values: numbers[at + 9],
      seen: Array.from(numbers.subarray(versions, seen)),
      contextInBytes: numbers[at + 11],
      contextOutBytes: numbers[at + 12],
      coordinator: numbers[at + 13],
    };
    keyAt = keyEnd;
    at = seen;
  }
}

function freshNumbers(): Float64Array {
  return new Float64Array(OPERATIONS_OF_BLOCK * (COLUMNS + 2));
}

function codeOf(phase: Phase, kind: OperationKind, outcome: RecordedOutcome): number {
  const places = [PHASES.indexOf(phase), OPERATION_KINDS.indexOf(kind), RECORDED_OUTCOMES.indexOf(outcome)];
  if (places.includes(-1)) throw new RangeError(`no operation of a history: ${phase}, ${kind}, ${outcome}`);
  return (places[0] * PLACES + places[1]) * PLACES + places[2];
}
