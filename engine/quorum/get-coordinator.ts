/**
 * One get, coordinated: ask every live replica, answer when R have answered, then repair who was behind. The whole of it
 * is four verbs over plain data: `add` a result, ask the `verdict`, make the `response`, decide the `finalAction`.
 * Sending, timers and sessions belong to the node.
 *
 * The trap it avoids: answering from the first R replies and forgetting the rest. Late answers still count for the
 * final action, because the replica that was slow is the one most likely to be stale.
 *
 * Rules for not-found are Riak's: with `notfound_ok` an absence counts towards R; without it an absence counts as a
 * failure, and `basic_quorum` stops after floor(N/2)+1 of those instead of waiting until R is impossible.
 */
import type { Clock, Context, Version } from "../clocks/clock";
import type { ReplicaGetReply, Shortfall } from "../messages";
import type { Replica as Placement } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import { countOf, nodesOf, positionOf, type Verdict } from "./arithmetic";
import type { Origin } from "./origin";
import type { Identified } from "./request-table";

export interface GetQuorum {
  readonly n: number;
  readonly r: number;
  readonly pr: number;
  readonly notfoundOk: boolean;
  readonly basicQuorum: boolean;
  /** Nodes, not replicas, that must have answered. Left out: none in particular. */
  readonly nodeConfirms?: number;
}

export type GetStatus = ReplicaGetReply["status"];

export interface GetResponse {
  readonly outcome: Outcome;
  readonly versions: readonly Version[];
  readonly context: Context;
  readonly reason: string;
}

export const ABSENT = Symbol("absent");
export const FAILED = Symbol("failed");

export class GetCoordination implements Identified {
  readonly kind = "get";
  id = 0;
  answered = false;
  /** An answer that is not ok says which threshold was missed. */
  explains = false;
  /** When it was begun; told to whoever measures reads. */
  startedAt: Micros = 0;
  /** Of the state of the ring that it was begun under; the node's own count. */
  ringSerial = 0;
  /** Parallel to `replicas`: undefined until that replica answers. */
  protected readonly results: unknown[];
  protected found = 0;
  protected absent = 0;
  protected failed = 0;
  /** Of those, primaries. */
  protected okPrimaries = 0;
  private failedPrimaries = 0;

  constructor(
    readonly origin: Origin,
    readonly address: Address,
    readonly replicas: readonly Placement[],
    /** Bit i: replica i was believed up and asked. */
    protected asked: number,
    protected askedCount: number,
    protected readonly quorum: GetQuorum,
    /** Bit i: replica i is a primary, no fallback in its place. Only those count to PR. */
    protected readonly primaries: number,
  ) {
    this.results = new Array<unknown>(replicas.length).fill(undefined);
  }

  /** A replica's answer. Unknown and repeated replicas are ignored. */
  add(node: number, vnode: number, status: GetStatus, state: unknown): void {
    // None was asked for.
    if (status === "digest") return;
    const at = positionOf(this.replicas, node, vnode);
    if (at < 0 || (this.asked & (1 << at)) === 0 || this.results[at] !== undefined) return;
    if ((this.primaries & (1 << at)) !== 0) {
      if (status === "found" || (status === "absent" && this.quorum.notfoundOk)) this.okPrimaries++;
      else this.failedPrimaries++;
    }
    if (status === "found") {
      this.results[at] = state;
      this.found++;
    } else if (status === "absent") {
      this.results[at] = ABSENT;
      this.absent++;
    } else {
      this.results[at] = FAILED;
      this.failed++;
    }
  }

  verdict(): Verdict {
    const { r, pr, notfoundOk } = this.quorum;
    const ok = this.found + (notfoundOk ? this.absent : 0);
    const confirmed = this.isConfirmed(false);
    if (ok >= r && this.okPrimaries >= pr && confirmed) return "met";
    if (!confirmed && !this.isConfirmed(true)) return "unreachable";
    const against = this.failed + (notfoundOk ? 0 : this.absent);
    if (this.isOutvoted()) return "unreachable";
    if (this.askedCount - against < r) return "unreachable";
    return countOf(this.asked & this.primaries) - this.failedPrimaries < pr ? "unreachable" : "pending";
  }

  /** Whether enough nodes have answered; or would have, `inTheEnd`, if all that are silent still answered. */
  private isConfirmed(inTheEnd: boolean): boolean {
    const { nodeConfirms } = this.quorum;
    return nodeConfirms === undefined || nodeConfirms === 0 || this.confirmations(inTheEnd) >= nodeConfirms;
  }

  private confirmations(inTheEnd: boolean): number {
    let nodes = 0;
    for (let i = 0; i < this.results.length; i++) {
      const result = this.results[i];
      const counts = result === undefined ? inTheEnd : result === ABSENT ? this.quorum.notfoundOk : result !== FAILED;
      if (counts && (this.asked & (1 << i)) !== 0) nodes |= 1 << i;
    }
    return nodesOf(nodes, this.replicas);
  }

  /** Which threshold is not reached, in the order in which Riak names them; undefined where it is none. */
  shortfall(): Shortfall | undefined {
    const { r, pr, notfoundOk, nodeConfirms = 0 } = this.quorum;
    const ok = this.found + (notfoundOk ? this.absent : 0);
    const confirmed = nodeConfirms === 0 ? 0 : this.confirmations(false);
    if (confirmed < nodeConfirms) return { what: "node_confirms", got: confirmed, wanted: nodeConfirms };
    if (this.okPrimaries < pr && (ok >= r || pr >= r)) return { what: "pr", got: this.okPrimaries, wanted: pr };
    return ok < r ? { what: "r", got: ok, wanted: r } : undefined;
  }

  /** A majority of all N knows of nothing, which is enough where `basic_quorum` says so. */
  protected isOutvoted(): boolean {
    const { n, notfoundOk, basicQuorum } = this.quorum;
    return basicQuorum && !notfoundOk && this.failed + this.absent > Math.floor(n / 2);
  }

  /** Every replica that was asked has answered. */
  complete(): boolean {
    return this.found + this.absent + this.failed >= this.askedCount;
  }

  /** Replicas that were asked and have not answered. */
  silent(): number {
    let silent = this.asked;
    for (let i = 0; i < this.results.length; i++) if (this.results[i] !== undefined) silent &= ~(1 << i);
    return silent;
  }

  /** What the client is told, once the verdict is no longer pending. */
  response(clock: Clock): GetResponse {
    if (this.verdict() === "met") {
      const merged = this.merged(clock);
      return merged === undefined
        ? NOT_FOUND
        : { outcome: "ok", versions: clock.versions(merged), context: clock.context(merged), reason: "" };
    }
    // Riak answers "not found" when absences alone made R impossible.
    if (this.failed === 0 && this.absent > 0) return NOT_FOUND;
    const reason = `${String(this.found)} of ${String(Math.max(this.quorum.r, this.quorum.pr))} replicas answered, ${String(this.failed)} failed`;
    return { outcome: "quorum_unreachable", versions: [], context: "", reason };
  }

  /** The replicas that answered with less than all that was found, and what to send them. */
  finalAction(clock: Clock): { readonly state: unknown; readonly targets: readonly Placement[] } {
    if (this.found === 0) return NOTHING_TO_REPAIR;
    const merged = this.merged(clock);
    let targets: Placement[] | undefined;
    for (let i = 0; i < this.results.length; i++) {
      const result = this.results[i];
      if (result === undefined || result === FAILED || result === merged) continue;
      if (result === ABSENT || clock.compare(result, merged) !== "equal") (targets ??= []).push(this.replicas[i]);
    }
    return targets === undefined ? NOTHING_TO_REPAIR : { state: merged, targets };
  }

  /** The state that all N replicas hold, when they do: each was asked, has answered, and knows the same. */
  agreed(clock: Clock): unknown {
    if (this.found < this.quorum.n || this.found < this.replicas.length) return undefined;
    if (countOf(this.primaries) < this.replicas.length) return undefined;
    const [first] = this.results;
    return this.results.every((result) => result === first || clock.compare(result, first) === "equal")
      ? first
      : undefined;
  }

  protected merged(clock: Clock): unknown {
    let merged: unknown;
    for (const result of this.results) {
      if (result === undefined || result === ABSENT || result === FAILED) continue;
      merged = merged === undefined ? result : clock.sync(merged, result);
    }
    return merged;
  }
}

const NOT_FOUND: GetResponse = { outcome: "ok", versions: [], context: "", reason: "" };
const NOTHING_TO_REPAIR = { state: undefined, targets: [] as readonly Placement[] };
