/**
 * YCSB's core workload: a mix of kinds drawn by weight, a key from the chooser, bytes for the writes. A native workload
 * of an experiment is the same thing with one field. Source: YCSB's CoreWorkload.
 *
 * Kinds, keys and values have a stream each, so that adding deletes to the mix does not ask for other keys, and longer
 * values do not shift the mix: cells that are compared under one seed stay comparable.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, textFromOctets, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, OperationKey, Workload } from "../operation";
import { hashOfKey } from "../session";
import type { KeyNumbering, MixSettings, WorkloadSettings } from "../settings";
import { AcknowledgedKeys } from "./acknowledged-keys";
import { createChooser, type KeyChooser } from "./chooser";
import { KeyNamer, MAX_KEY_NUMBER } from "./key-number";
import { rangeChooser, recordValues, type RecordValues } from "./record-values";

/** Settings are taken as checked; a broken bound is an assertion. */
export function coreWorkload(settings: WorkloadSettings, random: Random): Workload {
  return new CoreWorkload(settings, random);
}

type Kind = keyof MixSettings;

/** The order in which weights are laid end to end: YCSB's five, then ours. */
const KINDS: readonly Kind[] = ["read", "update", "insert", "scan", "rmw", "delete", "blindWrite", "multiGet"];

class CoreWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly notes: readonly string[];
  private readonly operations: Random;
  private readonly keys: Random;
  private readonly scans: Random;
  private readonly kinds: readonly Kind[];
  private readonly bounds: readonly number[];
  private readonly chooser: KeyChooser;
  private readonly acknowledged: AcknowledgedKeys;
  private readonly values: RecordValues;
  private readonly loadValues: RecordValues;
  private readonly scanLength: (random: Random) => number;
  private readonly firstLoaded: number;
  private readonly numbering: KeyNumbering | undefined;
  private readonly fanOut: number;
  private readonly namer: KeyNamer;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly names: (OperationKey | undefined)[] = [];

  constructor(settings: WorkloadSettings, random: Random) {
    const { records, mix } = settings;
    const { kinds, bounds } = cumulativeWeights(mix);
    assert(kinds.length > 0, "a mix has at least one weight above 0");
    assert(records.insertCount >= 1, "a workload has at least one record");
    assert(
      records.recordCount >= records.insertStart + records.insertCount,
      "the loaded range lies within the record count",
    );
    this.name = settings.name;
    this.loadCount = records.insertCount;
    this.firstLoaded = records.insertStart;
    this.numbering = records.numbering;
    this.fanOut = records.fanOut ?? 1;
    assert((mix.multiGet ?? 0) === 0 || this.fanOut <= records.insertCount, "a multi-get asks for keys there are");
    this.kinds = kinds;
    this.bounds = bounds;
    this.operations = random.fork("operations");
    this.keys = random.fork("keys");
    this.scans = random.fork("scans");
    this.values = recordValues(records, random.fork("values"));
    this.loadValues = recordValues(records, random.fork("load"));
    this.scanLength = rangeChooser(records.scan.dist, records.scan.min, records.scan.max);
    this.acknowledged = new AcknowledgedKeys(records.recordCount);
    const insertShare = mix.insert / bounds[bounds.length - 1];
    const expectedInserts = Math.floor(records.operationCount * mix.insert * 2);
    assert(this.numberOf(records.recordCount + expectedInserts) < MAX_KEY_NUMBER, "key numbers stay below 2^36");
    this.chooser = createChooser(records.chooser, {
      first: records.insertStart,
      count: records.insertCount,
      recordCount: records.recordCount,
      expectedInserts,
      growing: insertShare > 0,
      acknowledged: this.acknowledged,
    });
    this.namer = new KeyNamer({
      prefix: octetsFromText(records.keyPrefix),
      hashed: records.hashedOrder,
      zeroPadding: records.zeroPadding,
    });
    this.type = octetsFromText(settings.bucketType);
    this.bucket = octetsFromText(settings.bucket);
    this.notes = notesOf(settings);
  }

  get hottestKeyShare(): number | undefined {
    return this.chooser.hottestShare();
  }

  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    const key = this.keyName(this.firstLoaded + index);
    return drawn("insert", key, this.loadValues.whole(key.key));
  }

  next(): DrawnOperation {
    const kind = this.nextKind();
    if (kind === "insert") {
      const number = this.acknowledged.take();
      // A million inserts in flight: the only honest operation left is an update of what is there.
      if (number === undefined) return this.write("update", false);
      const key = this.keyName(number);
      return { kind, key, value: this.values.whole(key.key), scanLength: 0, blind: false, insertNumber: number };
    }
    switch (kind) {
      case "read":
      case "delete":
        return drawn(kind, this.chosenKey(), "");
      case "scan":
        return { ...drawn(kind, this.chosenKey(), ""), scanLength: this.scanLength(this.scans) };
      case "update":
      case "rmw":
        return this.write(kind, false);
      case "blindWrite":
        return this.write("update", true);
      case "multiGet":
        return this.multiGet();
    }
  }

  inserted(insertNumber: number): void {
    this.acknowledged.acknowledge(insertNumber);
  }

  verify(key: KeyName, value: Octets): boolean {
    return this.values.verify(key.key, value);
  }

  private write(kind: "update" | "rmw", blind: boolean): DrawnOperation {
    const key = this.chosenKey();
    return { kind, key, value: this.values.updated(key.key), scanLength: 0, blind, insertNumber: -1 };
  }

  /** As many keys as the fan-out says, all different: one that was drawn already gives way to the next number. */
  private multiGet(): DrawnOperation {
    const newest = this.acknowledged.newest;
    const numbers = new Set<number>();
    while (numbers.size < this.fanOut) {
      let number = this.chooser.next(this.keys);
      while (numbers.has(number)) number = number >= newest ? this.firstLoaded : number + 1;
      numbers.add(number);
    }
    const keys = [...numbers].map((number) => this.keyName(number));
    return { ...drawn("multi-get", keys[0], ""), keys };
  }

  private nextKind(): Kind {
    const draw = this.operations.nextFloat() * this.bounds[this.bounds.length - 1];
    let at = 0;
    while (at < this.bounds.length - 1 && draw >= this.bounds[at]) at++;
    return this.kinds[at];
  }

  private chosenKey(): OperationKey {
    return this.keyName(this.chooser.next(this.keys));
  }

  /** Names of low key numbers are kept: hashing and printing 64 bits costs more than the rest of a draw. */
  private keyName(number: number): OperationKey {
    if (number >= KEPT_NAMES) return this.newName(number);
    let name = this.names[number];
    if (name === undefined) {
      name = this.newName(number);
      while (this.names.length <= number) this.names.push(undefined);
      this.names[number] = name;
    }
    return name;
  }

  private newName(number: number): OperationKey {
    const key = this.namer.name(this.numberOf(number));
    const printed = textFromOctets(key);
    // Of a name that is not kept it may be that nobody wants the hash.
    const hash = number < KEPT_NAMES ? hashOfKey(printed) : undefined;
    return { type: this.type, bucket: this.bucket, key, printed, hash };
  }

  /** Among the keys of all drivers. */
  private numberOf(number: number): number {
    const { numbering } = this;
    if (numbering === undefined) return number;
    const { first, loaded, inserted, step } = numbering;
    return number < loaded ? first + number : inserted + (number - loaded) * step;
  }
}

function drawn(kind: DrawnOperation["kind"], key: OperationKey, value: Octets): DrawnOperation {
  return { kind, key, value, scanLength: 0, blind: false, insertNumber: -1 };
}

function cumulativeWeights(mix: MixSettings): { kinds: Kind[]; bounds: number[] } {
  const kinds: Kind[] = [];
  const bounds: number[] = [];
  let sum = 0;
  for (const kind of KINDS) {
    const weight = mix[kind] ?? 0;
    if (weight <= 0) continue;
    sum += weight;
    kinds.push(kind);
    bounds.push(sum);
  }
  return { kinds, bounds };
}

function notesOf(settings: WorkloadSettings): readonly string[] {
  const { records, mix } = settings;
  const notes = [...settings.notes];
  if (records.fieldCount > 1 && !records.writeAllFields && mix.update + mix.rmw + mix.blindWrite > 0) {
    notes.push(
      `records are single values: an update replaces the ${records.fieldCount} joined fields by the one field it writes`,
    );
  }
  if (!records.readAllFields) notes.push("readallfields=false: a read brings the whole value all the same");
  return notes;
}

/** Bounds the memory of kept names to a few tens of megabytes. */
const KEPT_NAMES = 131_072;
