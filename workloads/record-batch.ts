/**
 * Records of operations as numbers, for the way from one process to another: an object a record costs more to copy than to
 * make. A key's name travels once and is a number from then on, up to a bound; names beyond it travel each time.
 */
import { OUTCOMES } from "../engine/vocabulary/outcomes";
import { assert } from "../engine/vocabulary/assert";
import { OPERATION_KINDS, PHASES, type OperationRecord } from "../results/record/history";

export interface RecordBatch {
  readonly count: number;
  /** Of each record its fixed columns, then versions and seen. */
  readonly numbers: Float64Array;
  /** Names that are numbers from now on, in order. */
  readonly names: readonly string[];
  /** Names of this batch alone; their number is -1 and less. */
  readonly once: readonly string[];
}

/** Keys whose names are known to both sides. */
export const MOST_NAMES = 131_072;
const COLUMNS = 16;

export class RecordPacker {
  private readonly known = new Map<string, number>();
  private numbers = new Float64Array(64 * COLUMNS);

  constructor(private readonly mostNames = MOST_NAMES) {}

  pack(records: readonly OperationRecord[]): RecordBatch {
    const names: string[] = [];
    const once: string[] = [];
    let at = 0;
    for (const record of records) {
      const { versions, seen } = record;
      this.makeRoom(at + COLUMNS + versions.length + seen.length);
      const { numbers } = this;
      numbers[at++] = record.id;
      numbers[at++] = PHASES.indexOf(record.phase);
      numbers[at++] = OPERATION_KINDS.indexOf(record.kind);
      numbers[at++] = this.numberOf(record.key, names, once);
      numbers[at++] = record.session;
      numbers[at++] = record.intended;
      numbers[at++] = record.start;
      numbers[at++] = record.end;
      numbers[at++] = OUTCOMES.indexOf(record.outcome);
      numbers[at++] = record.writeId;
      numbers[at++] = record.values;
      numbers[at++] = record.contextInBytes;
      numbers[at++] = record.contextOutBytes;
      numbers[at++] = record.coordinator;
      numbers[at++] = versions.length;
      numbers[at++] = seen.length;
      for (const version of versions) numbers[at++] = version;
      for (const version of seen) numbers[at++] = version;
    }
    return { count: records.length, numbers: this.numbers.slice(0, at), names, once };
  }

  private numberOf(key: string, names: string[], once: string[]): number {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size >= this.mostNames) return -once.push(key);
    names.push(key);
    this.known.set(key, this.known.size);
    return this.known.size - 1;
  }

  private makeRoom(wanted: number): void {
    if (wanted <= this.numbers.length) return;
    const larger = new Float64Array(Math.max(wanted, this.numbers.length * 2));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

/** Of one packer's batches, in order. */
export class RecordUnpacker {
  private readonly known: string[] = [];

  unpack({ count, numbers, names, once }: RecordBatch): OperationRecord[] {
    this.known.push(...names);
    const records: OperationRecord[] = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const key = numbers[at + 3];
      const lists = at + COLUMNS;
      const versions = numbers[at + 14];
      const seen = numbers[at + 15];
      records.push({
        id: numbers[at],
        phase: PHASES[numbers[at + 1]],
        kind: OPERATION_KINDS[numbers[at + 2]],
        key: key < 0 ? once[-key - 1] : this.known[key],
        session: numbers[at + 4],
        intended: numbers[at + 5],
        start: numbers[at + 6],
        end: numbers[at + 7],
        outcome: OUTCOMES[numbers[at + 8]],
        writeId: numbers[at + 9],
        versions: versions === 0 ? NONE : Array.from(numbers.subarray(lists, lists + versions)),
        values: numbers[at + 10],
        seen: seen === 0 ? NONE : Array.from(numbers.subarray(lists + versions, lists + versions + seen)),
        contextInBytes: numbers[at + 11],
        contextOutBytes: numbers[at + 12],
        coordinator: numbers[at + 13],
      });
      at = lists + versions + seen;
    }
    assert(at === numbers.length, "a batch is as long as its records");
    return records;
  }
}

const NONE: readonly number[] = [];
