/**
 * A cluster of real processes: started, stopped, killed, paused, resumed, restarted, and never left behind. Every
 * child is known by its process id from before it runs until it is seen to end; on this process's exit whatever is
 * left is killed, and a child whose parent vanished ends by itself (see server.ts).
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DetectionWatch } from "../host/detection-watch";
import { goneBy, type OperatorVerb, type RingSeen } from "../io";
import { compareRingIds } from "../membership/ring-ids";
import type { RingState } from "../messages";
import { assert } from "../vocabulary/assert";
import type { ClusterSettings } from "../vocabulary/settings";
import type { Micros } from "../vocabulary/micros";
import { wallErrorOfNode } from "../vocabulary/wall-error";
import { type NodeCondition, soundCondition } from "./condition";
import { DATA_FOLDER, type FromNode, type ServerConfig, type ServerCounts, type ToNode } from "./control";
import type { FrontPlan } from "./fronts";
import { Lives, type LostWork } from "./lives";
import { monotonicMicros } from "./monotonic";
import { pinProcess, type Placement } from "./placement";
import type { NodeAddress } from "./tcp-transport";

/** A node did not come up, or not in time. The message says which and why. */
export class NodeDidNotStart extends Error {
  override readonly name = "NodeDidNotStart";
}

export interface ClusterOptions {
  readonly settings: ClusterSettings;
  /** Where nodes keep their data; made if absent. */
  readonly directory: string;
  readonly placement: Placement;
  readonly log: (line: string) => void;
  /** Told of opinions and of what is done to processes, from their first start on; not of partitions, which are nobody's here. */
  readonly detection?: Omit<DetectionWatch, "partitions">;
  /** A node ended without being asked to. */
  readonly died?: (index: number, how: string) => void;
  /** A node goes by another state of the ring, by its own monotonic time. */
  readonly viewed?: (seen: RingSeen) => void;
  /** A node takes clients' requests, or no more: as a load balancer would hear it. */
  readonly serving?: (index: number, on: boolean) => void;
  /** Fixed ports, for tests; free ones otherwise. */
  readonly ports?: readonly number[];
  readonly startPatienceMs?: number;
  /** Record how long messages of the WARS legs are on their way; see `ServerCounts.legs`. A few bytes a message. */
  readonly measureLegs?: boolean;
  /** What else nodes speak; the binary protocol alone where left out. */
  readonly front?: FrontChoice;
  /** Of Node.js, after the usual ones: for whoever watches the memory of nodes. */
  readonly nodeFlags?: readonly string[];
}

/** Ports by node; `free` takes whatever is. Left out: not spoken. */
export interface FrontChoice {
  /** 127.0.0.1 where left out. There is no authentication. */
  readonly host?: string;
  readonly http?: readonly number[] | "free";
  readonly pb?: readonly number[] | "free";
  readonly limits?: FrontPlan["limits"];
}

/** The ports of a node's front ends; 0 where one is not spoken, or the node has never run. */
export interface FrontPorts {
  readonly http: number;
  readonly pb: number;
}

const START_PATIENCE_MS = 15_000;
const STOP_PATIENCE_MS = 3_000;
/** A larger young generation: most garbage of a node is dead before the next collection. */
export const NODE_FLAGS = ["--max-semi-space-size=32"];

interface NodeProcess {
  child: ChildProcess | undefined;
  port: number;
  /** As it listened last: a next life takes them again. */
  front: FrontPorts;
  epoch: number;
  paused: boolean;
  /** It listens. One that starts reads what it was told before it serves anybody. */
  up: boolean;
  /** Ending it is our doing. */
  expected: boolean;
  condition: NodeCondition;
  /** Shares of its records that rotted while it was down. */
  corrupted: number[];
  readonly lives: Lives;
  /** When it was last started, stopped, resumed or ended by us, or began to take requests. */
  changed: Micros;
}

const everyChild = new Set<ChildProcess>();
let exitHookInstalled = false;

function killEveryChild(): void {
  for (const child of everyChild) child.kill("SIGKILL");
}

/** From now on the child does not outlive this process. */
export function remember(child: ChildProcess): void {
  if (!exitHookInstalled) {
    exitHookInstalled = true;
    process.on("exit", killEveryChild);
  }
  everyChild.add(child);
  child.once("exit", () => everyChild.delete(child));
}

/** The compiled node program. Throws with advice when the project was not built. */
export function serverProgram(): string {
  for (const candidate of [
    join(__dirname, "server.js"),
    join(__dirname, "..", "..", "dist", "engine", "real", "server.js"),
  ]) {
    if (existsSync(candidate)) return candidate;
  }
  throw new NodeDidNotStart("the compiled node program is missing: run `npm run build` first");
}

export class RealCluster {
  private readonly nodes: NodeProcess[];
  private nextRequest = 1;
  private readonly since = monotonicMicros();
  private readonly wallOffset = Date.now() * 1_000 - this.since;
  private stopping = false;
  private readonly lost: LostWork[] = [];

  private constructor(private readonly options: ClusterOptions) {
    this.nodes = options.settings.members.map((_, i) => ({
      child: undefined,
      port: options.ports?.[i] ?? 0,
      front: NO_FRONT,
      epoch: 0,
      paused: false,
      up: false,
      expected: false,
      condition: soundCondition({ ...wallErrorOfNode(options.settings, i), since: this.since }),
      corrupted: [],
      lives: new Lives(this.since),
      changed: this.since,
    }));
  }

  /** Starts every node and waits until all are linked. On failure nothing is left running. */
  static async start(options: ClusterOptions): Promise<RealCluster> {
    const cluster = new RealCluster(options);
    try {
      const first = options.settings.members.flatMap(({ joins }, index) => (joins === true ? [] : [index]));
      await Promise.all(first.map((index) => cluster.launch(index)));
      await cluster.connect(first);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get settings(): ClusterSettings {
    return this.options.settings;
  }

  get size(): number {
    return this.nodes.length;
  }

  addresses(): readonly NodeAddress[] {
    return this.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  /** By node. They stay over restarts; free ones move where somebody took them meanwhile. */
  fronts(): readonly FrontPorts[] {
    return this.nodes.map(({ front }) => front);
  }

  pid(index: number): number | undefined {
    return this.nodes[index].child?.pid;
  }

  epoch(index: number): number {
    return this.nodes[index].epoch;
  }

  running(index: number): boolean {
    return this.nodes[index].child !== undefined;
  }

  /** SIGKILL, and waits until the process is gone. */
  async kill(index: number): Promise<void> {
    const node = this.nodes[index];
    node.expected = true;
    node.paused = false;
    const { child } = node;
    if (child === undefined) return;
    const gone = ended(child);
    child.kill("SIGKILL");
    this.became(index, "down");
    await gone;
  }

  /** Empties the disk of a node that is down. Its count of boots stays, or a next life would write under an old name. */
  wipe(index: number): void {
    assert(!this.running(index), "only the disk of a node that is down is wiped");
    rmSync(join(this.home(index), DATA_FOLDER), { recursive: true, force: true });
    this.nodes[index].corrupted = [];
  }

  /** What a node suffers from now on, in this life and the next ones; resolves when its process, if one runs, does so. */
  async suffer(index: number, change: Partial<NodeCondition>): Promise<void> {
    const node = this.nodes[index];
    node.condition = { ...node.condition, ...change };
    await this.request(index, (id) => ({ type: "suffer", id, condition: node.condition }));
  }

  condition(index: number): NodeCondition {
    return this.nodes[index].condition;
  }

  /** Damages each record at rest with this chance: now, or when the node is down, before it starts again. */
  async corrupt(index: number, share: number): Promise<void> {
    const node = this.nodes[index];
    if (node.child === undefined) node.corrupted.push(share);
    else await this.request(index, (id) => ({ type: "corrupt", id, share }));
  }

  /** An operator asks a node something about membership. */
  async operate(index: number, verb: OperatorVerb): Promise<void> {
    const gone = goneBy(verb);
    if (gone !== undefined) this.options.detection?.node(monotonicMicros(), gone, "absent");
    await this.request(index, (id) => ({ type: "operate", id, verb }));
  }

  /** The newest state of the ring that any node that answers goes by; undefined where membership is fixed. */
  async ringState(patienceMs = 2_000): Promise<RingState | undefined> {
    if (this.options.settings.engine.membership === undefined) return undefined;
    const all = await Promise.all(
      this.nodes.map((_, index) => this.request(index, (id) => ({ type: "ring", id }), patienceMs)),
    );
    let newest: RingState | undefined;
    for (const answer of all) {
      if (answer?.type !== "ring" || answer.state === undefined) continue;
      if (newest === undefined || compareRingIds(answer.state.id, newest.id) > 0) newest = answer.state;
    }
    return newest;
  }

  /** Starts a killed node again on its old data, under its next boot epoch and on its old port where that is free. */
  async restart(index: number): Promise<void> {
    await this.kill(index);
    await this.revive(index);
  }

  /** Starts a node that is down, and waits until it is linked with all that run; nothing when it is up. */
  async revive(index: number): Promise<void> {
    if (this.running(index)) return;
    try {
      await this.launch(index);
    } catch (error) {
      // Somebody may have taken the port while the node was down.
      if (!(error instanceof NodeDidNotStart) || !error.message.includes("in use")) throw error;
      this.nodes[index].port = 0;
      this.nodes[index].front = NO_FRONT;
      await this.launch(index);
    }
    await this.connect([index]);
  }

  /** SIGSTOP: the process keeps its sockets and answers nothing. */
  pause(index: number): void {
    this.nodes[index].paused = this.nodes[index].child?.kill("SIGSTOP") ?? false;
    if (this.nodes[index].paused) this.became(index, "paused");
  }

  resume(index: number): void {
    const { child, paused } = this.nodes[index];
    child?.kill("SIGCONT");
    this.nodes[index].paused = false;
    if (paused && child !== undefined) this.became(index, "up");
  }

  /** Since when nobody has started, stopped or ended it; Infinity while it does not run. Its times before are the fault's. */
  undisturbedSince(index: number): Micros {
    const { child, paused, up, changed } = this.nodes[index];
    return child === undefined || paused || !up ? Infinity : changed;
  }

  private became(index: number, state: "up" | "down" | "paused"): void {
    this.nodes[index].changed = monotonicMicros();
    this.options.detection?.node(monotonicMicros(), index, state);
  }

  /**
   * Counters of every node over all its lives: of a node that is down or stands still, what it told last. Undefined for one
   * that should answer and does not in time, or never has. With `span`, legs and lateness are counted anew from here on.
   */
  async counts(patienceMs = 2_000, span = false): Promise<readonly (ServerCounts | undefined)[]> {
    const all = await Promise.all(this.nodes.map((_, index) => this.countOf(index, patienceMs, span)));
    if (span) for (const { lives } of this.nodes) lives.startSpan();
    return all;
  }

  /** Asks one node for its counters, so that they are known should it end. */
  async lastWords(index: number, patienceMs: number): Promise<void> {
    await this.countOf(index, patienceMs, false);
  }

  /** Of every life that was ended: for how long before its end nobody had asked for its counters. */
  lostWork(): readonly LostWork[] {
    return this.lost;
  }

  /** Asks politely, then kills; resolves when no process is left. Never rejects. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(
      this.nodes.map(async (node) => {
        const { child } = node;
        if (child === undefined) return;
        node.expected = true;
        const gone = ended(child);
        if (node.paused) child.kill("SIGKILL");
        else this.say(child, { type: "stop" });
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
        await gone;
        clearTimeout(timer);
      }),
    );
  }

  private say(child: ChildProcess, message: ToNode): void {
    if (child.connected) child.send(message, () => undefined);
  }

  /** Tells every node where all are, and waits until these are linked with all that run. */
  private async connect(awaited: readonly number[]): Promise<void> {
    const addresses = this.addresses();
    const runs = ({ child, paused }: NodeProcess): boolean => child !== undefined && !paused;
    const waits = this.nodes.map(async (node, index) => {
      const { child } = node;
      if (child === undefined) return;
      const peers = this.nodes.flatMap((peer, at) => (at !== index && runs(peer) ? [at] : []));
      const connected =
        awaited.includes(index) && !node.paused
          ? this.expect(child, index, "connected", "link to its peers")
          : undefined;
      this.say(child, { type: "connect", addresses, peers });
      await connected;
    });
    await Promise.all(waits);
  }

  private home(index: number): string {
    return join(this.options.directory, this.options.settings.members[index].id);
  }

  /** Ports that were given stay as they are, whoever else has them; of free ones those of the last life are tried. */
  private frontPlan(index: number): { readonly front?: FrontPlan } {
    const { front } = this.options;
    if (front?.http === undefined && front?.pb === undefined) return {};
    const last = this.nodes[index].front;
    const { host = "127.0.0.1", http, pb, limits } = front;
    const port = (given: readonly number[] | "free", before: number): number => {
      const fixed = given === "free" ? 0 : (given[index] ?? 0);
      return fixed === 0 ? before : fixed;
    };
    return {
      front: {
        host,
        ...(http === undefined ? {} : { httpPort: port(http, last.http) }),
        ...(pb === undefined ? {} : { pbPort: port(pb, last.pb) }),
        ...(limits === undefined ? {} : { limits }),
      },
    };
  }

  private async launch(index: number): Promise<void> {
    const { settings, placement } = this.options;
    const node = this.nodes[index];
    const id = settings.members[index].id;
    if (this.stopping) throw new NodeDidNotStart(`${id} did not start: the cluster stops`);
    const home = this.home(index);
    const config: ServerConfig = {
      index,
      cluster: settings,
      directory: home,
      port: node.port,
      wallOffset: this.wallOffset,
      condition: node.condition,
      corrupted: node.corrupted,
      measureLegs: this.options.measureLegs ?? false,
      ...this.frontPlan(index),
    };
    const file = join(home, "node.json");
    try {
      mkdirSync(home, { recursive: true });
      writeFileSync(file, JSON.stringify(config));
    } catch (error) {
      throw new NodeDidNotStart(`${id} did not start: ${(error as Error).message}`);
    }
    const program = serverProgram();
    const execArgv = [...NODE_FLAGS, ...(this.options.nodeFlags ?? [])];
    const child = fork(program, [file], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv });
    remember(child);
    node.child = child;
    // One that ends before it listens did not start, and whoever starts it is told.
    node.expected = true;
    node.paused = false;
    node.up = false;
    node.corrupted = [];
    node.lives.started(monotonicMicros());
    let lastWords = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString("utf8")).slice(-2_000);
    });
    child.on("message", (message: FromNode) => {
      if (message.type === "log") this.options.log(`${id}: ${message.line}`);
      else if (message.type === "opinion")
        this.options.detection?.opinion(message.at, index, message.subject, message.suspected);
      else if (message.type === "view") this.options.viewed?.(message.seen);
      else if (message.type === "serving") this.options.serving?.(index, message.on);
      else if (message.type === "retired") {
        // Its work is done, and it ends by itself.
        node.expected = true;
        node.lives.told(message.counts, monotonicMicros());
        this.options.detection?.node(monotonicMicros(), index, "absent");
        this.options.log(`${id}: has left the ring`);
      } else if (message.type === "failed") lastWords = message.reason;
    });
    child.once("exit", (code, signal) => {
      if (node.child !== child) return;
      node.child = undefined;
      node.up = false;
      const unknownMicros = node.lives.ended(monotonicMicros());
      if (node.expected && !this.stopping) this.lost.push({ node: index, unknownMicros });
      if (node.expected || this.stopping) return;
      this.became(index, "down");
      const how = signal ?? `exit ${String(code)}`;
      this.options.log(`${id}: ended unexpectedly (${how}) ${lastWords}`);
      this.options.died?.(index, `${how}${lastWords === "" ? "" : `: ${lastWords.split("\n")[0]}`}`);
    });
    let listening: FromNode;
    try {
      listening = await this.expect(child, index, "listening", "start", () => lastWords);
    } catch (error) {
      child.kill("SIGKILL");
      await ended(child);
      throw error;
    }
    node.expected = false;
    node.up = true;
    this.became(index, "up");
    if (listening.type === "listening") {
      node.port = listening.port;
      node.epoch = listening.epoch;
      node.front = { http: listening.http ?? 0, pb: listening.pb ?? 0 };
    }
    // Pinned once it has started: five processes that compile their code on one core take half as long again.
    const cores = placement.nodes?.[index];
    if (cores === undefined || child.pid === undefined) return;
    await pinProcess(child.pid, cores).catch((error: unknown) => {
      throw new NodeDidNotStart(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** The next message of `type`, or why it will not come. */
  private expect(
    child: ChildProcess,
    index: number,
    type: FromNode["type"],
    what: string,
    lastWords: () => string = () => "",
  ): Promise<FromNode> {
    const id = this.options.settings.members[index].id;
    const patience = this.options.startPatienceMs ?? START_PATIENCE_MS;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        child.off("error", onError);
        act();
      };
      const fail = (why: string): void => settle(() => reject(new NodeDidNotStart(`${id} did not ${what}: ${why}`)));
      const onMessage = (message: FromNode): void => {
        if (message.type === type) settle(() => resolve(message));
        else if (message.type === "failed") fail(message.reason);
      };
      const onExit = (code: number | null, signal: string | null): void =>
        fail(`the process ended (${signal ?? `exit ${String(code)}`}) ${lastWords().split("\n")[0]}`.trimEnd());
      const onError = (error: Error): void => fail(error.message);
      const timer = setTimeout(() => fail(`no answer within ${String(patience)} ms`), patience);
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.on("error", onError);
    });
  }

  private async countOf(index: number, patienceMs: number, span: boolean): Promise<ServerCounts | undefined> {
    const { lives } = this.nodes[index];
    const { child, paused, up } = this.nodes[index];
    if (child === undefined || paused || !up) {
      // One that stands still or starts begins its span when it runs.
      if (child !== undefined && span) this.say(child, { type: "count", id: this.nextRequest++, span });
      return lives.total();
    }
    const answer = await this.request(index, (id) => ({ type: "count", id, span }), patienceMs);
    if (answer?.type === "counts") {
      // A process that ended meanwhile stands among the past ones, without this.
      if (this.nodes[index].child === child) lives.told(answer.counts, monotonicMicros());
      return lives.total();
    }
    return this.nodes[index].child === child && !this.nodes[index].paused ? undefined : lives.total();
  }

  /** The answer of the node's process; undefined where none runs, or it starts, stands still, ends or says nothing in time. */
  private request(
    index: number,
    message: (id: number) => ToNode,
    patienceMs = START_PATIENCE_MS,
  ): Promise<FromNode | undefined> {
    const { child, paused, up } = this.nodes[index];
    if (child === undefined) return Promise.resolve(undefined);
    const id = this.nextRequest++;
    this.say(child, message(id));
    // It reads it when it runs, before anything that comes later.
    if (paused || !up) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const finish = (answer: FromNode | undefined): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(answer);
      };
      const onMessage = (answer: FromNode): void => {
        if ((answer.type === "counts" || answer.type === "done" || answer.type === "ring") && answer.id === id)
          finish(answer);
      };
      const onExit = (): void => finish(undefined);
      const timer = setTimeout(() => finish(undefined), patienceMs);
      child.on("message", onMessage);
      child.on("exit", onExit);
    });
  }
}

const NO_FRONT: FrontPorts = { http: 0, pb: 0 };

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
