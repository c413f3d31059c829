/**
 * A small world for tests of the node: virtual time, one queue of events, messages through the real codec, storage
 * that may be slow, and a crash that forgets what was not stored. No socket, no timer, no sleeping.
 */
import { NOBODY } from "../../engine/messages";
import { clockFor } from "../../engine/clocks/clock";
import { Host } from "../../engine/host/host";
import { MemoryStorage } from "../../engine/host/memory-storage";
import type { Alarm, Storage, StorageEvents, Transport } from "../../engine/host/ports";
import type { Note, RangeAsked } from "../../engine/io";
import type {
  AnswerMessage,
  BucketAnswer,
  ClientAnswer,
  ClientMessage,
  Inspection,
  Message,
  PeerMessage,
  PutRequest,
  RequestOptions,
  ScanAnswer,
  ScanRequest,
} from "../../engine/messages";
import { Node } from "../../engine/node";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import type { Micros } from "../../engine/vocabulary/micros";
import { ByteReader, ByteWriter } from "../../engine/vocabulary/octets";
import { Random } from "../../engine/vocabulary/random";
import type { EngineSettings, RingSettings } from "../../engine/vocabulary/settings";
import { Codec } from "../../engine/wire/codec";

export const SETTINGS: EngineSettings = {
  nVal: 3,
  r: "quorum",
  w: "quorum",
  pr: 0,
  pw: 0,
  dw: "one",
  notfoundOk: true,
  basicQuorum: false,
  coordinator: "replica",
  clock: "dvvset",
  maxSiblings: 100,
  readRepair: "async",
  readTimeoutMs: 200,
  writeTimeoutMs: 200,
  admission: 1000,
  detector: { name: "timeout", heartbeatIntervalMs: 100, timeoutMs: 500 },
};

export const RING: RingSettings = {
  strategy: "equal-partitions",
  partitions: 16,
  vnodesPerNode: 16,
  hash: "murmur3",
  distinctHosts: "walk",
};

export interface WorldOptions {
  readonly nodes?: number;
  readonly settings?: Partial<EngineSettings>;
  readonly ring?: Partial<RingSettings>;
  readonly seed?: number;
  /** One-way delay in microseconds; several to let the message arrive as often; undefined to lose it. */
  readonly delay?: (
    from: number,
    to: number,
    message: Message,
    random: Random,
  ) => Micros | readonly Micros[] | undefined;
  /** Microseconds until a store completes; undefined for immediate storage. */
  readonly storeDelay?: Micros;
  /** Nodes' messages to themselves travel as all others do. */
  readonly loopback?: boolean;
  /** Wall time of a node; that of the world when left out. */
  readonly wallTime?: (node: number, now: Micros) => Micros;
}

/** What a client was told. */
interface Box {
  answer: AnswerMessage | undefined;
  inspection: Inspection | undefined;
  scan: ScanAnswer | undefined;
  bucket: BucketAnswer | undefined;
}

interface Event {
  readonly at: Micros;
  readonly sequence: number;
  readonly act: () => void;
}

interface Machine {
  node: Node;
  host: Host;
  readonly disk: MemoryStorage;
  epoch: number;
  up: boolean;
  /** Raised at each crash: completions and wake-ups of an earlier life are void. */
  life: number;
}

/** Storage whose stores take time and may be lost in a crash. */
class SlowDisk implements Storage {
  readonly immediate = false;
  constructor(
    private readonly world: MiniWorld,
    private readonly machine: () => Machine,
    private readonly disk: MemoryStorage,
    private readonly delay: Micros,
  ) {}

  load(token: number, vnode: number, address: string, events: StorageEvents): void {
    this.disk.load(token, vnode, address, events);
  }

  store(token: number, vnode: number, address: string, state: unknown, events: StorageEvents): void {
    const { life } = this.machine();
    this.world.after(this.delay, () => {
      if (this.machine().life === life) this.disk.store(token, vnode, address, state, events);
    });
  }

  scan(token: number, cursor: unknown, limit: number, events: StorageEvents): void {
    this.disk.scan(token, cursor, limit, events);
  }

  range(token: number, asked: RangeAsked, events: Pick<StorageEvents, "ranged">): void {
    this.disk.range(token, asked, events);
  }

  count(): number {
    return this.disk.count();
  }
}

export class MiniWorld {
  now: Micros = 1_000_000;
  readonly ring: Ring;
  readonly settings: EngineSettings;
  readonly machines: Machine[] = [];
  readonly notes: { readonly node: number; readonly at: Micros; readonly note: Note }[] = [];
  readonly sent: { readonly from: number; readonly to: number; readonly message: Message }[] = [];
  private events: Event[] = [];
  private sequence = 0;
  private readonly random: Random;
  private readonly codec: Codec;
  private readonly sessions = new Map<number, (message: ClientAnswer) => void>();
  private nextSession = 1;
  private nextWrite = 1;

  constructor(private readonly options: WorldOptions = {}) {
    const count = options.nodes ?? 3;
    this.settings = { ...SETTINGS, ...options.settings };
    this.random = Random.fromSeed(options.seed ?? 1);
    this.codec = new Codec(clockFor(this.settings));
    const members = Array.from({ length: count }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 }));
    this.ring = Ring.build({ ...RING, ...options.ring }, members, this.random.fork("ring"));
    for (let i = 0; i < count; i++) {
      const disk = new MemoryStorage();
      this.machines.push({ node: undefined!, host: undefined!, disk, epoch: 0, up: false, life: 0 });
      this.boot(i);
    }
  }

  /** (Re)starts node `i` on what its disk holds, under its next epoch. */
  boot(i: number): void {
    const machine = this.machines[i];
    machine.epoch++;
    machine.life++;
    machine.up = true;
    const { life } = machine;
    const slow = this.options.storeDelay;
    const storage = slow === undefined ? machine.disk : new SlowDisk(this, () => machine, machine.disk, slow);
    machine.node = new Node(
      {
        index: i,
        epoch: machine.epoch,
        ring: this.ring,
        settings: this.settings,
        seed: 1,
        storageIsImmediate: storage.immediate,
        loopback: this.options.loopback ?? false,
        tracing: true,
        wallTime: (now) => this.options.wallTime?.(i, now) ?? now,
      },
      this.now,
    );
    const transport: Transport = {
      send: (to, message) => this.carry(i, to, message),
      answer: (session, message) => this.sessions.get(session)?.(this.recode(message) as ClientAnswer),
    };
    const alarm: Alarm = {
      now: () => this.now,
      set: (at, wake) =>
        this.after(Math.max(0, at - this.now), () => {
          if (machine.life === life && machine.up) wake();
        }),
    };
    machine.host = new Host(machine.node, {
      transport,
      storage,
      alarm,
      note: (note) => this.notes.push({ node: i, at: this.now, note }),
    });
    machine.host.start();
  }

  /** The process is gone; what its disk had not yet stored is lost. */
  crash(i: number): void {
    this.machines[i].up = false;
    this.machines[i].life++;
    this.machines[i].host.stop();
  }

  after(delay: Micros, act: () => void): void {
    const event: Event = { at: this.now + delay, sequence: this.sequence++, act };
    let at = this.events.length;
    while (at > 0 && this.events[at - 1].at > event.at) at--;
    this.events.splice(at, 0, event);
  }

  /** Runs events until `until` holds or `micros` have passed. Returns whether `until` held. */
  run(micros: Micros, until: () => boolean = () => false): boolean {
    const end = this.now + micros;
    while (!until()) {
      const event = this.events[0];
      if (event === undefined || event.at > end) {
        this.now = end;
        return until();
      }
      this.events.shift();
      this.now = event.at;
      event.act();
    }
    return true;
  }

  /** Asks node `node` as a new client; returns a box that is filled with the answer. */
  ask(node: number, message: ClientMessage): Box {
    const box: Box = { answer: undefined, inspection: undefined, scan: undefined, bucket: undefined };
    const session = this.nextSession++;
    this.sessions.set(session, (reply) => {
      if (reply.kind === "answer") box.answer = reply;
      else if (reply.kind === "scan-answer") box.scan = reply;
      else if (reply.kind === "bucket-answer") box.bucket = reply;
      else if (reply.kind === "inspection") box.inspection = reply;
    });
    if (this.machines[node].up)
      this.machines[node].host.deliver({ kind: "asked", session, message: this.recode(message) as ClientMessage });
    return box;
  }

  put(node: number, key: string, value: string, context = "", options?: RequestOptions): AnswerMessage {
    const box = this.ask(node, this.putMessage(key, value, context, options));
    this.run(1_000_000, () => box.answer !== undefined);
    if (box.answer === undefined) throw new Error("no answer to a put within a second");
    return box.answer;
  }

  putMessage(key: string, value: string, context = "", options?: RequestOptions): PutRequest {
    const version = { writeId: this.nextWrite++, value, tombstone: false };
    return {
      kind: "put",
      id: 7,
      forwarded: false,
      address: address(key),
      context,
      version,
      writer: NOBODY,
      options,
    };
  }

  get(node: number, key: string, options?: RequestOptions): AnswerMessage {
    const box = this.ask(node, { kind: "get", id: 8, forwarded: false, address: address(key), options });
    this.run(1_000_000, () => box.answer !== undefined);
    if (box.answer === undefined) throw new Error("no answer to a get within a second");
    return box.answer;
  }

  /** One page of the keys of the default bucket. */
  scan(node: number, range: Partial<Omit<ScanRequest, "kind" | "id">> = {}): ScanAnswer {
    const usual = { bucket: address(""), start: "", end: "", limit: 100, options: undefined };
    const box = this.ask(node, { kind: "scan", id: 9, ...usual, ...range });
    this.run(1_000_000, () => box.scan !== undefined);
    if (box.scan === undefined) throw new Error("no answer to a scan within a second");
    return box.scan;
  }

  /** Nodes of a key's preference list. */
  owners(key: string): readonly number[] {
    return this.ring.preferenceList(address(key), this.settings.nVal).map(({ node }) => node);
  }

  /** A node that holds no replica of the key. */
  stranger(key: string): number {
    const owners = this.owners(key);
    return this.machines.findIndex((_, i) => !owners.includes(i));
  }

  /** State stored by node `i` for `key`, as the clock describes it. */
  stored(i: number, key: string, vnode = 0): string | undefined {
    let text: string | undefined;
    this.machines[i].disk.load(0, vnode, address(key), {
      loaded: (_token, state) => {
        text = state === undefined ? undefined : clockFor(this.settings).describe(state);
      },
      loadFailed: () => undefined,
      stored: () => undefined,
      storeFailed: () => undefined,
      scanned: () => undefined,
      ranged: () => undefined,
    });
    return text;
  }

  private carry(from: number, to: number, message: PeerMessage): void {
    const copy = this.recode(message) as PeerMessage;
    this.sent.push({ from, to, message: copy });
    const { delay } = this.options;
    const delays = delay === undefined ? 1_000 : (delay(from, to, copy, this.random) ?? []);
    for (const one of typeof delays === "number" ? [delays] : delays) {
      // Whichever life of the receiver it meets.
      this.after(one, () => {
        if (this.machines[to].up) this.machines[to].host.deliver({ kind: "received", from, message: copy });
      });
    }
  }

  /** What the bytes say: nothing is shared between nodes. */
  private recode(message: Message): Message {
    const writer = new ByteWriter();
    this.codec.encode(message, writer);
    return this.codec.decode(new ByteReader(writer.view().slice()));
  }
}

/** The address of a key in the default bucket. */
export function address(key: string): string {
  return encodeAddress({ type: "default", bucket: "test", key });
}
