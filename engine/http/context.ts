/**
 * What all handlers of one HTTP front share: the session with the node, the limits, and a little memory of buckets, because
 * nearly all requests are about a few of them and a bucket's prefix and its links are the same each time.
 */
import type { BucketProperties } from "../buckets/properties";
import { RingMaker } from "../ring/ring-maker";
import type { FrontLimits, FrontOptions } from "../riak/front";
import type { FrontSession } from "../riak/session";
import { bucketPrefix } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Octets } from "../vocabulary/octets";
import type { ApiVersion, Exchange } from "./exchange";
import { Random } from "../vocabulary/random";
import { Lately } from "./lately";
import { percentEncoded } from "./url";

/** What is the same of all keys of a bucket. */
export interface KnownBucket {
  /** What the addresses of its keys begin with. */
  readonly prefix: Octets;
  /** A link to it, as every object has one. */
  readonly up: string;
}

const MAX_KNOWN = 1_024;

export class HttpContext {
  /** By status: answers given. */
  readonly answers = new Map<number, number>();
  private readonly buckets: ReadonlyMap<ApiVersion, Map<Octets, Map<Octets, KnownBucket>>> = new Map([
    [1, new Map<Octets, Map<Octets, KnownBucket>>()],
    [2, new Map<Octets, Map<Octets, KnownBucket>>()],
    [3, new Map<Octets, Map<Octets, KnownBucket>>()],
  ]);
  private known = 0;
  /** Answers of this turn of the event loop. */
  private due: Exchange[] = [];
  private readonly sendNow = (): void => this.sendDue();
  private rings: RingMaker | undefined;
  /** On a loopback address: then names of other hosts are refused. */
  loopback = true;
  port = 0;

  readonly lately = new Lately();
  readonly started: Micros;

  constructor(
    readonly options: FrontOptions,
    readonly limits: FrontLimits,
    readonly session: FrontSession,
    /** Chooses a key for an object that has none. */
    readonly newKey: () => string,
  ) {
    this.started = options.now();
  }

  log(line: string): void {
    this.options.log(line);
  }

  /**
   * Answers leave together once all that has come in this turn is worked off, as messages between nodes do. To write each as it is
   * made wakes whoever waits for it between any two: on a machine with few processors that cost more than all the rest.
   */
  sendThisTurn(exchange: Exchange): void {
    this.due.push(exchange);
    if (this.due.length === 1) setImmediate(this.sendNow);
  }

  /** Answers that wait for the end of the turn leave now. */
  sendDue(): void {
    const { due } = this;
    if (due.length === 0) return;
    this.due = [];
    for (const exchange of due) {
      try {
        exchange.send();
      } catch (error) {
        exchange.fail(error);
      }
    }
  }

  answered(status: number): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }

  /** Undefined: there is no such type. */
  propertiesOf(type: Octets, bucket: Octets | undefined): BucketProperties | undefined {
    return this.options.node.buckets.propertiesOf(type, bucket);
  }

  /** How many tokens or partitions each member has, as Riak writes it: `[{'node-1',22},{'node-2',21},{'node-3',21}]`. */
  ownership(): string {
    const { node, settings } = this.options;
    this.rings ??= new RingMaker(settings, Random.fromSeed(settings.seed).fork("ring"));
    const tokens = new Map<number, number>();
    const ring = this.rings.of(node.ringState?.plan ?? this.rings.first);
    for (const { node: owner } of ring.tokens()) tokens.set(owner, (tokens.get(owner) ?? 0) + 1);
    const owned = [...tokens].sort(([a], [b]) => a - b);
    return `[${owned.map(([owner, count]) => `{'${settings.members[owner].id}',${String(count)}}`).join(",")}]`;
  }

  bucketOf(version: ApiVersion, type: Octets, bucket: Octets): KnownBucket {
    const ofVersion = this.buckets.get(version)!;
    const known = ofVersion.get(type)?.get(bucket);
    if (known !== undefined) return known;
    if (this.known >= MAX_KNOWN) {
      for (const map of this.buckets.values()) map.clear();
      this.known = 0;
    }
    this.known++;
    const path = version === 1 ? `/riak/${percentEncoded(bucket)}` : `/buckets/${percentEncoded(bucket)}`;
    const made: KnownBucket = { prefix: bucketPrefix(type, bucket), up: `<${path}>; rel="up"` };
    let ofType = ofVersion.get(type);
    if (ofType === undefined) ofVersion.set(type, (ofType = new Map<Octets, KnownBucket>()));
    ofType.set(bucket, made);
    return made;
  }
}
