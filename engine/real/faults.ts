/**
 * Faults on real processes: the verbs are those of the simulation and so is how several compose (`engine/host/faults.ts`);
 * here they are carried out with signals, folders and control messages. What is different is that real acts take time.
 * Acts on the life of one node are queued, so a start after a kill waits until the old process is gone; and a fault stands
 * in the record as it really was: from the first of its acts to the last of those that ended it. A kill is over when its
 * nodes are up again and linked, a partition when every node that runs lets messages pass.
 *
 * The mistake this avoids is a chart whose lane ends where the experiment's file says while the node still starts. A node
 * that does not start again fails the trial: what follows would be measured on another cluster than the one described.
 */
import { type DiskCondition, Faults, type FaultWorld, type LinkRule, type PartitionRule } from "../host/faults";
import { harmOf, isCut } from "../host/link-harm";
import { NO_REQUESTS, type OverloadStream } from "../host/overload";
import type { OperatorVerb } from "../io";
import type { FaultOccurrence, FaultSettings, OverloadCounts } from "../vocabulary/faults";
import { fromMs, MICROS_PER_MS, type Micros } from "../vocabulary/micros";
import type { MemberSettings } from "../vocabulary/settings";
import { wallErrorOfNode } from "../vocabulary/wall-error";
import type { RealCluster } from "./cluster";
import { wallFrom } from "./condition";
import { Flood, overloads } from "./flood";
import { monotonicMicros } from "./monotonic";

export interface RealFaultOptions {
  readonly cluster: RealCluster;
  readonly faults: readonly FaultSettings[];
  /** Their times count from here, by the machine's monotonic time: the start of the warm-up. */
  readonly origin: Micros;
  /** An act could not be carried out; the message says which and why. Told once. */
  readonly failed: (why: string) => void;
  /** Who is cut off from whom, from now on: for clients. */
  readonly partitioned?: (partitions: readonly PartitionRule[]) => void;
  /** A node runs again, perhaps at another address. */
  readonly revived?: (node: number) => void;
  readonly log?: (line: string) => void;
  /** Where faults overload nodes: what sends, made ready before; else it starts now, and such a fault begins when it has. */
  readonly flood?: Flood;
}

/** A node that is to be killed has so long to say what it has counted; a busy one is killed without. */
const LAST_WORDS_MS = 50;
/** Timers may be early by so much. */
const EARLY: Micros = 500;

/** From now on the faults happen to the cluster. */
export function scheduleFaults(options: RealFaultOptions): RunningRealFaults {
  return new RunningRealFaults(options);
}

interface Due {
  readonly at: Micros;
  readonly act: () => void;
}

/** When a fault really began and ended; undefined while it is on its way there. */
interface Reality {
  from: Micros | undefined;
  to: Micros | undefined;
  /** Its end was asked for. */
  ending: boolean;
}

export class RunningRealFaults {
  private readonly world: RealFaultWorld;
  private readonly faults: Faults;
  private readonly due: Due[];
  private next = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Parallel to the occurrences. */
  private readonly real: Reality[] = [];
  private readonly begunFaults: FaultSettings[] = [];
  private readonly pending = new Set<Promise<void>>();

  constructor(options: RealFaultOptions) {
    const { faults, origin, log } = options;
    this.world = new RealFaultWorld(options);
    this.faults = new Faults(this.world, monotonicMicros, ({ id, action }, phase, what) =>
      log?.(`fault ${id} ${phase === "begin" ? "begins" : "ends"}: ${action.kind} ${what}`),
    );
    // Beginnings first: where one fault ends as another begins, a node that both hold down does not start in between.
    const begins = faults.map((fault) => ({
      at: origin + fromMs(fault.atMs),
      act: () => this.begin(fault),
    }));
    const ends = faults.flatMap((fault) =>
      fault.forMs === undefined
        ? []
        : { at: origin + fromMs(fault.atMs + fault.forMs), act: () => this.carryOut(() => this.faults.end(fault)) },
    );
    this.due = [...begins, ...ends].sort((a, b) => a.at - b.at);
    this.arm();
  }

  /** What really happened so far, in order of beginning; what has not ended yet has no end. */
  occurrences(): readonly FaultOccurrence[] {
    return this.faults.occurrences().map((occurrence, i) => {
      const { from, to, ending } = this.real[i];
      return {
        ...occurrence,
        fromMicros: from ?? occurrence.fromMicros,
        toMicros: ending ? to : undefined,
      };
    });
  }

  /** Begins a fault now. */
  begin(fault: FaultSettings): void {
    this.begunFaults.push(fault);
    this.carryOut(() => this.faults.begin(fault));
  }

  /** Ends all that is under way now; nothing else begins. */
  finish(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.next = this.due.length;
    for (const fault of this.begunFaults) this.carryOut(() => this.faults.end(fault));
  }

  /** Resolves when all that was begun so far is done, and what became of the requests of overloads is known. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    await this.world.flood?.refresh();
  }

  /** Processor time that the requests of overloads took on this side, so far. */
  async loadCpuMs(): Promise<number> {
    const { flood } = this.world;
    await flood?.refresh();
    return flood?.cpuMs ?? 0;
  }

  /** Nothing begins any more, and no node is started again. */
  stop(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.next = this.due.length;
    this.world.stop();
  }

  private arm(): void {
    if (this.next >= this.due.length) return;
    const ms = Math.min(LONGEST_TIMER_MS, Math.ceil((this.due[this.next].at - monotonicMicros()) / MICROS_PER_MS));
    this.timer = setTimeout(
      () => {
        while (this.next < this.due.length && this.due[this.next].at <= monotonicMicros() + EARLY) {
          const { act } = this.due[this.next++];
          act();
        }
        this.arm();
      },
      Math.max(0, ms),
    );
  }

  private carryOut(change: () => void): void {
    const asked = monotonicMicros();
    const acts = this.world.during(change);
    const done = Promise.all(acts.map((act) => act.done)).then(() => undefined);
    this.pending.add(done);
    this.faults.occurrences().forEach((occurrence, i) => {
      const begins = i >= this.real.length;
      if (begins) this.real.push({ from: undefined, to: undefined, ending: false });
      const reality = this.real[i];
      const ends = occurrence.toMicros !== undefined && !reality.ending;
      if (ends) reality.ending = true;
      if (!begins && !ends) return;
      void done.then(() => {
        if (begins) reality.from = acts.reduce((first, { began }) => Math.min(first, began), Infinity);
        if (begins && reality.from === Infinity) reality.from = asked;
        if (ends) reality.to = monotonicMicros();
      });
    });
    void done.then(() => this.pending.delete(done));
  }
}

/** Something that is being done to the cluster. */
interface Act {
  /** When it really began; Infinity before. */
  began: Micros;
  /** Never rejects. */
  done: Promise<void>;
}

class RealFaultWorld implements FaultWorld {
  readonly members: readonly MemberSettings[];
  private readonly cluster: RealCluster;
  /** By node: the last act on its life. */
  private readonly lives: Promise<void>[];
  private readonly own: readonly number[];
  /** By node: what faults have made of its wall time. */
  private readonly offsets: Micros[];
  private rules: readonly LinkRule[] = [];
  private cuts: readonly PartitionRule[] = [];
  private acts: Act[] = [];
  private stopped = false;
  /** Where a fault may overload somebody: a process that needs to be there when it begins. */
  readonly flood: Flood | undefined;

  constructor(private readonly options: RealFaultOptions) {
    this.cluster = options.cluster;
    const { settings } = options.cluster;
    this.members = settings.members;
    this.lives = this.members.map(() => Promise.resolve());
    this.offsets = this.members.map(() => 0);
    this.own = this.members.map((_, i) => wallErrorOfNode(settings, i).ppm);
    this.flood = options.flood;
    if (overloads(options.faults))
      this.flood ??= new Flood({ settings, addresses: this.cluster.addresses(), failed: options.failed });
  }

  /** The acts that `change` leads to. */
  during(change: () => void): readonly Act[] {
    this.acts = [];
    change();
    return this.acts;
  }

  stop(): void {
    this.stopped = true;
    this.flood?.stop();
  }

  overload(node: number, streams: readonly OverloadStream[]): void {
    const act: Act = { began: Infinity, done: Promise.resolve() };
    // It really begins when the process that sends has started.
    act.done = (this.flood?.send(node, streams) ?? act.done).then(() => {
      act.began = monotonicMicros();
    });
    this.acts.push(act);
  }

  requestsOf(fault: string): OverloadCounts {
    return this.flood?.requestsOf(fault) ?? NO_REQUESTS;
  }

  kill(node: number): void {
    this.inTurn(node, async () => {
      await this.cluster.lastWords(node, LAST_WORDS_MS);
      await this.cluster.kill(node);
    });
  }

  start(node: number): void {
    this.inTurn(node, async () => {
      if (this.cluster.running(node)) return;
      await this.cluster.revive(node);
      this.flood?.moved(this.cluster.addresses());
      this.options.revived?.(node);
    });
  }

  operate(node: number, verb: OperatorVerb): void {
    this.inTurn(node, () => this.cluster.operate(node, verb));
  }

  wipe(node: number): void {
    this.inTurn(node, () => this.cluster.wipe(node));
  }

  pause(node: number): void {
    this.inTurn(node, () => this.cluster.pause(node));
  }

  resume(node: number): void {
    this.inTurn(node, () => this.cluster.resume(node));
  }

  corrupt(node: number, share: number): void {
    this.inTurn(node, () => this.cluster.corrupt(node, share));
  }

  links(rules: readonly LinkRule[]): void {
    this.rules = rules;
    this.reworkLinks();
  }

  partitions(partitions: readonly PartitionRule[]): void {
    this.cuts = partitions;
    this.reworkLinks();
    this.options.partitioned?.(partitions);
  }

  slowNode(node: number, slowness: number): void {
    this.suffer(node, { slowness });
  }

  disk(node: number, disk: DiskCondition): void {
    this.suffer(node, { disk });
  }

  wall(node: number, offset: Micros, ppm: number): void {
    const change = offset - this.offsets[node];
    this.offsets[node] = offset;
    const before = this.cluster.condition(node).wall;
    this.suffer(node, { wall: wallFrom(before, monotonicMicros(), change, this.own[node] + ppm) });
  }

  private reworkLinks(): void {
    const { members, rules, cuts } = this;
    const { loss, duplicate = 0, reorder = 0 } = this.cluster.settings.network;
    const count = members.length;
    members.forEach((_, from) => {
      const links = members.map((_, to) =>
        to === from ? null : (harmOf({ loss, duplicate, reorder }, rules, cuts, count, from, to) ?? null),
      );
      const unheard = members.flatMap((_, other) => (isCut(cuts, count, other, from) ? [other] : []));
      this.suffer(from, { links: links.some((link) => link !== null) ? links : [], unheard });
    });
  }

  /** At once, whatever else is done to the node: one that starts finds it in the file it starts with. */
  private suffer(node: number, change: Parameters<RealCluster["suffer"]>[1]): void {
    const act: Act = { began: monotonicMicros(), done: Promise.resolve() };
    act.done = this.cluster.suffer(node, change).catch((error: unknown) => this.fail(node, error));
    this.acts.push(act);
  }

  /** After all that is still being done to the node's life. */
  private inTurn(node: number, what: () => Promise<void> | void): void {
    const act: Act = { began: Infinity, done: Promise.resolve() };
    const carryOut = async (): Promise<void> => {
      if (this.stopped) return;
      act.began = monotonicMicros();
      try {
        await what();
      } catch (error) {
        this.fail(node, error);
      }
    };
    act.done = this.lives[node].then(carryOut);
    this.lives[node] = act.done;
    this.acts.push(act);
  }

  private fail(node: number, error: unknown): void {
    // Ending the cluster ends what was under way.
    if (this.stopped) return;
    const why = error instanceof Error ? error.message : String(error);
    this.options.failed(`a fault could not be carried out on ${this.members[node].id}: ${why}`);
  }
}

/** 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
