/**
 * Counters that many clients count on: a client reads one, merges the versions that came, counts one further and writes
 * with the context of the read. The simplest value whose merge loses nothing (Shapiro et al. 2011): what is missing from
 * it in the end was lost by the store, or by an application that resolved siblings in another way.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, MergeCounts, Workload } from "../operation";
import type { CounterSettings, WorkloadSettings } from "../settings";
import { COUNTERS, countTo, decodeCounter, emptyCounter, encodeCounter, type Counter } from "./counter-contents";
import type { MixStrategy } from "./mix";
import { Resolver } from "./resolver";

export const counters: MixStrategy = {
  name: "counters",
  prose:
    "Counters on which all clients count: read, merge the versions by the highest count of each client, count one further, write with the read's context.",
  create(settings, random) {
    assert(settings.mixture?.name === "counters", "a workload of counters has its settings");
    return new CounterWorkload(settings, settings.mixture, random.fork("counters"));
  },
};

class CounterWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare: number;
  readonly notes: readonly string[];
  private readonly settings: CounterSettings;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly places: Random;
  private readonly looks: Random;
  private readonly resolver: Resolver<Counter>;
  /** By counter and client: how far it has counted. */
  private readonly counted: Map<number, number>[];
  private change = 0;

  constructor(workload: WorkloadSettings, settings: CounterSettings, random: Random) {
    assert(settings.counters >= 1, "there is something to count on");
    this.name = workload.name;
    this.settings = settings;
    this.notes = workload.notes;
    this.loadCount = settings.counters;
    this.hottestKeyShare = 1 / settings.counters;
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.places = random.fork("places");
    this.looks = random.fork("looks");
    this.resolver = new Resolver(settings.resolver, COUNTERS);
    this.counted = Array.from({ length: settings.counters }, () => new Map<number, number>());
  }

  get merges(): MergeCounts {
    return this.resolver.counts;
  }

  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    return { ...this.drawn("insert", index), value: encodeCounter(emptyCounter(index)) };
  }

  next(client = 0): DrawnOperation {
    const number = this.places.nextBelow(this.settings.counters);
    if (this.looks.nextFloat() < this.settings.view) return this.drawn("read", number);
    const own = this.counted[number];
    const count = (own.get(client) ?? 0) + 1;
    own.set(client, count);
    const change = ++this.change;
    const merge = (payloads: readonly Octets[]): Octets =>
      encodeCounter(countTo(this.resolver.resolve(payloads) ?? emptyCounter(number), client, count, change));
    return { ...this.drawn("rmw", number), merge };
  }

  inserted(): void {
    // No key is chosen by popularity.
  }

  verify(key: KeyName, value: Octets): boolean {
    const found = decodeCounter(value);
    if (found === undefined || keyText(found.number) !== key.key || found.stamp > this.change) return false;
    const own = this.counted[found.number];
    return found.counts.every(({ client, count }) => count <= (own.get(client) ?? 0));
  }

  private drawn(kind: DrawnOperation["kind"], number: number): DrawnOperation {
    const key = { type: this.type, bucket: this.bucket, key: keyText(number) };
    return { kind, key, value: "", scanLength: 0, blind: false, insertNumber: -1 };
  }
}

function keyText(number: number): Octets {
  return `counter${String(number)}`;
}
