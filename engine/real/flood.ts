/**
 * The near end of an overload on real processes. What is sent comes from a process of its own (`flood-process.ts`): in the
 * driver's own loop thousands of requests a second would make the workload late, and the store would be blamed. It shares
 * the driver's cores, so that nodes that are not overloaded keep theirs, at a lower priority, so that it takes what the
 * driver leaves. How much processor time it took is known, or it would pass for somebody else's load.
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NO_REQUESTS, type OverloadStream } from "../host/overload";
import type { FaultSettings, OverloadCounts } from "../vocabulary/faults";
import type { ClusterSettings } from "../vocabulary/settings";
import { NODE_FLAGS, NodeDidNotStart, remember } from "./cluster";
import type { NodeAddress } from "./tcp-transport";

export type ToFlood =
  /** First of all. */
  | { readonly type: "begin"; readonly cluster: ClusterSettings; readonly addresses: readonly NodeAddress[] }
  | { readonly type: "moved"; readonly addresses: readonly NodeAddress[] }
  /** All that is sent to the node from now on. */
  | { readonly type: "send"; readonly id: number; readonly node: number; readonly streams: readonly OverloadStream[] }
  | { readonly type: "count"; readonly id: number };

export type FromFlood =
  | { readonly type: "ready" }
  /** What was asked for under this number is so; with all counts so far. */
  | {
      readonly type: "done";
      readonly id: number;
      readonly requests: readonly (readonly [fault: string, counts: OverloadCounts])[];
      readonly cpuMs: number;
    }
  | { readonly type: "failed"; readonly reason: string };

export interface FloodOptions {
  readonly settings: ClusterSettings;
  readonly addresses: readonly NodeAddress[];
  /** It ended by itself, or could not begin. Told once. */
  readonly failed: (why: string) => void;
}

export class Flood {
  private readonly child: ChildProcess;
  /** Resolves when it can send, or has failed. */
  readonly ready: Promise<void>;
  private readonly waiting = new Map<number, () => void>();
  private requests: ReadonlyMap<string, OverloadCounts> = new Map();
  private cpu = 0;
  private nextId = 1;
  private stopped = false;

  constructor(options: FloodOptions) {
    const child = fork(floodProgram(), [options.settings.name], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: NODE_FLAGS,
    });
    this.child = child;
    remember(child);
    this.ready = new Promise((resolve) => {
      child.on("message", (message: FromFlood) => {
        if (message.type === "ready") resolve();
        else if (message.type === "failed") this.end(() => options.failed(message.reason));
        else {
          this.requests = new Map(message.requests);
          this.cpu = message.cpuMs;
          this.waiting.get(message.id)?.();
          this.waiting.delete(message.id);
        }
      });
      child.once("exit", (code, signal) => {
        this.end(() => options.failed(`the process that overloads nodes ended (${signal ?? `exit ${String(code)}`})`));
        resolve();
      });
    });
    this.say({ type: "begin", cluster: options.settings, addresses: options.addresses });
  }

  /** Resolves when it is so. */
  async send(node: number, streams: readonly OverloadStream[]): Promise<void> {
    await this.ready;
    await this.ask((id) => ({ type: "send", id, node, streams }));
  }

  moved(addresses: readonly NodeAddress[]): void {
    this.say({ type: "moved", addresses });
  }

  /** Brings {@link requestsOf} and {@link cpuMs} up to date. */
  async refresh(): Promise<void> {
    await this.ready;
    await this.ask((id) => ({ type: "count", id }));
  }

  /** As last told. */
  requestsOf(fault: string): OverloadCounts {
    return this.requests.get(fault) ?? NO_REQUESTS;
  }

  get cpuMs(): number {
    return this.cpu;
  }

  /** Ends the process; more than once is once. */
  stop(): void {
    this.stopped = true;
    this.child.kill("SIGKILL");
    this.letGo();
  }

  private ask(message: (id: number) => ToFlood): Promise<void> {
    if (this.stopped || !this.child.connected) return Promise.resolve();
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.say(message(id));
    });
  }

  private say(message: ToFlood): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private end(tell: () => void): void {
    if (!this.stopped) {
      this.stopped = true;
      tell();
    }
    this.letGo();
  }

  /** Nobody waits for an answer that will not come. */
  private letGo(): void {
    for (const done of this.waiting.values()) done();
    this.waiting.clear();
  }
}

/** Whether any of these faults needs one. */
export function overloads(faults: readonly FaultSettings[]): boolean {
  return faults.some(({ action }) => action.kind === "overload");
}

function floodProgram(): string {
  for (const candidate of [
    join(__dirname, "flood-process.js"),
    join(__dirname, "..", "..", "dist", "engine", "real", "flood-process.js"),
  ]) {
    if (existsSync(candidate)) return candidate;
  }
  throw new NodeDidNotStart("the compiled program that overloads nodes is missing: run `npm run build` first");
}
