/**
 * The index of an object store in the manner of S3: objects with names like paths are put, got and deleted, and folders
 * are listed in pages. A listing crosses many keys, and with them many replicas, so it shows what a single get hides: an
 * object that a client put and that is not there, one that is gone and still shown. Both are counted (`object-ledger.ts`).
 *
 * Names are numbers in disguise, `f0003/s02/000123`, whose order as octets is their order as numbers: what a prefix covers
 * is a stretch of numbers, and no list of names is kept. A put may be of an object that is there (it replaces it) or is
 * not; which object, and whose folder is listed, follows the popularity.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, ListingCounts, Workload } from "../operation";
import type { ObjectIndexSettings, WorkloadSettings } from "../settings";
import { chooserOver, type KeyChooser } from "../ycsb/chooser";
import { listing, type ListedPage, type ListingRequest } from "./listing";
import { MarkedValues, UNMARKED } from "./marked-values";
import type { MixStrategy } from "./mix";
import { ObjectLedger, type LedgerEntry, type WriteKind } from "./object-ledger";

export const objectIndex: MixStrategy = {
  name: "object-index",
  prose:
    "An object store's index, as S3 has one: put, get and delete objects with names like paths, and list folders in pages, with a delimiter or without. Counts what listings miss and what they show although it was deleted.",
  create(settings, random) {
    assert(settings.mixture?.name === "object-index", "a workload of objects has its settings");
    return new ObjectIndexWorkload(settings, settings.mixture, random.fork("object-index"));
  },
};

/** A write, and what the ledger wants to have back of it. */
interface ObjectWrite extends DrawnOperation {
  readonly entry: LedgerEntry;
}

/** A write of the load. */
interface LoadedObject extends DrawnOperation {
  readonly loads: number;
}

class ObjectIndexWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare: number | undefined;
  readonly notes: readonly string[];
  private readonly settings: ObjectIndexSettings;
  private readonly names: ObjectNames;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly kinds: Random;
  private readonly places: Random;
  private readonly folders: Random;
  private readonly objects: KeyChooser;
  private readonly values: MarkedValues;
  private readonly loadValues: MarkedValues;
  private readonly ledger: ObjectLedger;
  private writes: number;

  constructor(workload: WorkloadSettings, settings: ObjectIndexSettings, random: Random) {
    const { objects, put, remove, list } = settings;
    assert(put + remove + list <= 1 + 1e-9, "shares are parts of one");
    this.name = workload.name;
    this.notes = workload.notes;
    this.settings = settings;
    this.names = new ObjectNames(settings);
    this.loadCount = objects;
    this.writes = objects;
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.kinds = random.fork("kinds");
    this.places = random.fork("places");
    this.folders = random.fork("folders");
    this.objects = chooserOver(settings.popularity, objects);
    this.hottestKeyShare = this.objects.hottestShare();
    this.values = new MarkedValues(workload.records.fieldLength, random.fork("values"));
    this.loadValues = new MarkedValues(workload.records.fieldLength, random.fork("values"));
    this.ledger = new ObjectLedger(objects);
  }

  get listings(): ListingCounts {
    return this.ledger.counts;
  }

  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    const key = this.names.of(index);
    const operation = { ...this.drawn("insert", key), value: this.loadValues.drawn(key, index + 1), loads: index };
    return operation satisfies LoadedObject;
  }

  next(): DrawnOperation {
    const kind = this.kinds.nextFloat();
    const { put, remove, list } = this.settings;
    // Folders have a stream of their own: more listings ask for no other objects.
    if (kind < list) return this.list(this.names.folderOf(this.objects.next(this.folders)));
    const object = this.objects.next(this.places);
    const key = this.names.of(object);
    if (kind < list + put) {
      const value = this.values.drawn(key, ++this.writes);
      return this.write("put", object, { ...this.drawn("update", key), value });
    }
    if (kind < list + put + remove) return this.write("delete", object, this.drawn("delete", key));
    return this.drawn("read", key);
  }

  inserted(): void {
    // No key is chosen by what was inserted.
  }

  ended(operation: DrawnOperation, outcome: Outcome): void {
    const { entry } = operation as Partial<ObjectWrite>;
    const { loads } = operation as Partial<LoadedObject>;
    if (entry !== undefined) this.ledger.ended(entry, outcome);
    else if (loads !== undefined) this.ledger.loaded(loads, outcome);
  }

  verify({ key }: KeyName, value: Octets): boolean {
    const mark = this.values.markOf(key, value);
    if (mark === undefined || this.names.numberOf(key) === undefined) return false;
    return mark === UNMARKED || mark <= this.writes;
  }

  private write(kind: WriteKind, object: number, operation: DrawnOperation): ObjectWrite {
    return { ...operation, entry: this.ledger.began(kind, object) };
  }

  private list(folder: number): DrawnOperation {
    const { page, delimiter } = this.settings;
    const began = this.ledger.listingBegan();
    const request: ListingRequest = {
      type: this.type,
      bucket: this.bucket,
      prefix: this.names.prefixOf(folder),
      page,
      delimiter: octetsFromText(delimiter),
      seen: (listed) => this.judge(listed, began),
    };
    return listing(request);
  }

  /** Object by object, also where a delimiter shows folders only: the pages bring the keys. */
  private judge({ from, to, records }: ListedPage, began: number): void {
    const shown = new Set(records.map(({ key }) => this.names.numberOf(key)));
    this.ledger.page(began, this.names.firstFrom(from), this.names.firstFrom(to), (object) => shown.has(object));
  }

  private drawn(kind: DrawnOperation["kind"], key: Octets): DrawnOperation {
    const name = { type: this.type, bucket: this.bucket, key };
    return { kind, key: name, value: "", scanLength: 0, blind: false, insertNumber: -1 };
  }
}

/** Between numbers below `objects` and names whose order is theirs. */
export class ObjectNames {
  private readonly objects: number;
  private readonly perFolder: number;
  private readonly perSubfolder: number;

  constructor({ objects, folders, subfolders }: Pick<ObjectIndexSettings, "objects" | "folders" | "subfolders">) {
    this.objects = objects;
    this.perFolder = Math.ceil(objects / folders);
    this.perSubfolder = Math.ceil(this.perFolder / subfolders);
  }

  of(object: number): Octets {
    const folder = this.folderOf(object);
    const subfolder = Math.floor((object % this.perFolder) / this.perSubfolder);
    return `${this.prefixOf(folder)}s${padded(subfolder, 4)}/${padded(object, 8)}`;
  }

  folderOf(object: number): number {
    return Math.floor(object / this.perFolder);
  }

  prefixOf(folder: number): Octets {
    return `f${padded(folder, 6)}/`;
  }

  /** Undefined for what is no object's name. */
  numberOf(key: Octets): number | undefined {
    const object = Number(/\/(\d{8})$/.exec(key)?.[1]);
    return object < this.objects && this.of(object) === key ? object : undefined;
  }

  /** The first object whose name is not before `name`; "" is behind them all. */
  firstFrom(name: Octets): number {
    if (name === "") return this.objects;
    let low = 0;
    let high = this.objects;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.of(middle) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}
