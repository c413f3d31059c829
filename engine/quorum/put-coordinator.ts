/**
 * One put, coordinated: one replica makes the event, all live ones are sent the resulting state, and the client is
 * answered when W have received it, PW of them primaries, and DW have stored it, on as many nodes as are to confirm it. The
 * same four verbs as a get.
 *
 * The trap it avoids is calling a put failed when it only missed its quorum. Whatever was sent may have been stored and
 * will be found by a later read: from the first message on, failure is *indefinite*.
 */
import type { Replica as Placement } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import { countOf, nodesOf, positionOf, Tally, type Verdict } from "./arithmetic";
import type { Origin } from "./origin";
import type { Identified } from "./request-table";
import type { Acknowledge, Shortfall } from "../messages";

export interface PutQuorum {
  readonly n: number;
  readonly w: number;
  readonly dw: number;
  readonly pw: number;
  /** Nodes, not replicas, that must have stored it. Left out: none in particular. */
  readonly nodeConfirms?: number;
}

/** `eventAt` of a put whose coordinator made the event without a replica. */
export const NOT_AT_A_REPLICA = -1;

export class PutCoordination implements Identified {
  readonly kind = "put";
  id = 0;
  /** The state after the event, once made. */
  state: unknown;
  /** The client has its answer; what is still awaited decides who is left a hint. */
  answered = false;
  /** An answer that is not ok says which threshold was missed; one that is has whole siblings. */
  explains = false;
  returnsBody = false;
  /** When it was begun. */
  startedAt: Micros = 0;
  /** Of the state of the ring that it was begun under; the node's own count. */
  ringSerial = 0;
  private readonly received: Tally;
  private readonly receivedByPrimaries: Tally;
  private readonly stored: Tally;
  /** Bit i: replica i has been counted as received, stored, failed. */
  private receivedFrom = 0;
  private storedFrom = 0;
  private failedFrom = 0;

  constructor(
    readonly origin: Origin,
    readonly address: Address,
    readonly replicas: readonly Placement[],
    /** Bit i: replica i was believed up, hence sent to. */
    readonly asked: number,
    /** Position in `replicas` of the one that makes the event, or {@link NOT_AT_A_REPLICA}. */
    readonly eventAt: number,
    readonly quorum: PutQuorum,
    /** Bit i: replica i is a primary, no fallback in its place. Only those count to PW. */
    private readonly primaries: number,
    /** Bit i: a hint for replica i counts to W and DW once it is stored. None of these was sent to. */
    private readonly standIns: number,
  ) {
    const possible = countOf(asked | standIns);
    this.received = new Tally(quorum.w, possible);
    this.receivedByPrimaries = new Tally(quorum.pw, countOf(asked & primaries));
    this.stored = new Tally(quorum.dw, possible);
  }

  /** Which acknowledgements this put needs from a replica. A stored copy has been received too. */
  acknowledge(): Acknowledge {
    const { w, dw, pw, nodeConfirms = 0 } = this.quorum;
    if (dw >= w && dw >= pw) return "stored";
    return dw === 0 && nodeConfirms === 0 ? "received" : "both";
  }

  /** A replica's answer. Repeated and unknown replicas are ignored; stored implies received. */
  add(node: number, vnode: number, status: "received" | "stored" | "failed"): void {
    const at = positionOf(this.replicas, node, vnode);
    const bit = 1 << at;
    if (at < 0 || (this.asked & bit) === 0) return;
    if (status === "failed") {
      if ((this.failedFrom & bit) !== 0) return;
      this.failedFrom |= bit;
      if ((this.receivedFrom & bit) === 0) {
        this.received.failed++;
        if ((this.primaries & bit) !== 0) this.receivedByPrimaries.failed++;
      }
      if ((this.storedFrom & bit) === 0) this.stored.failed++;
      return;
    }
    if ((this.receivedFrom & bit) === 0) {
      this.receivedFrom |= bit;
      this.received.ok++;
      if ((this.primaries & bit) !== 0) this.receivedByPrimaries.ok++;
    }
    if (status === "stored" && (this.storedFrom & bit) === 0) {
      this.storedFrom |= bit;
      this.stored.ok++;
    }
  }

  /** A hint for replica `at` is stored, or could not be. */
  addStandIn(at: number, ok: boolean): void {
    const bit = 1 << at;
    if ((this.standIns & bit & ~(this.storedFrom | this.failedFrom)) === 0) return;
    if (ok) {
      this.receivedFrom |= bit;
      this.storedFrom |= bit;
      this.received.ok++;
      this.stored.ok++;
    } else {
      this.failedFrom |= bit;
      this.received.failed++;
      this.stored.failed++;
    }
  }

  /** Pending until the event is made: before that there is no state to promise anything about. */
  verdict(): Verdict {
    const received = this.received.verdict();
    const stored = this.stored.verdict();
    const primaries = this.receivedByPrimaries.verdict();
    if (received === "unreachable" || stored === "unreachable" || primaries === "unreachable") return "unreachable";
    const confirmed = this.confirmed();
    if (confirmed === "unreachable") return "unreachable";
    const met = received === "met" && stored === "met" && primaries === "met" && confirmed === "met";
    return this.state !== undefined && met ? "met" : "pending";
  }

  /** Of nodes. A hint is on a node that has no copy, and confirms nothing. */
  private confirmed(): Verdict {
    const { nodeConfirms = 0 } = this.quorum;
    if (nodeConfirms === 0 || this.confirmations() >= nodeConfirms) return "met";
    const open = this.asked & ~(this.failedFrom & ~this.storedFrom);
    return nodesOf(open, this.replicas) < nodeConfirms ? "unreachable" : "pending";
  }

  private confirmations(): number {
    return nodesOf(this.storedFrom & this.asked, this.replicas);
  }

  /** Which threshold is not reached, in the order in which Riak names them; undefined where it is none. */
  shortfall(): Shortfall | undefined {
    const { w, dw, pw, nodeConfirms = 0 } = this.quorum;
    const received = this.received.ok;
    const stored = this.stored.ok;
    const primaries = this.receivedByPrimaries.ok;
    const confirmed = nodeConfirms === 0 ? 0 : this.confirmations();
    const others = received >= w && stored >= dw;
    if (primaries < pw && (others || pw >= dw)) return { what: "pw", got: primaries, wanted: pw };
    if (confirmed < nodeConfirms && (others || nodeConfirms >= dw))
      return { what: "node_confirms", got: confirmed, wanted: nodeConfirms };
    if (stored < dw && (received >= w || dw >= w)) return { what: "dw", got: stored, wanted: dw };
    return received < w ? { what: "w", got: received, wanted: w } : undefined;
  }

  response(): { readonly outcome: Outcome; readonly reason: string } {
    if (this.verdict() === "met") return { outcome: "ok", reason: "" };
    const { received, receivedByPrimaries, stored } = this;
    const primaries =
      receivedByPrimaries.needed === 0
        ? ""
        : `, by primaries ${String(receivedByPrimaries.ok)}/${String(receivedByPrimaries.needed)}`;
    const { nodeConfirms = 0 } = this.quorum;
    const nodes = nodeConfirms === 0 ? "" : ` on ${String(this.confirmations())}/${String(nodeConfirms)} nodes`;
    return {
      outcome: "quorum_unreachable",
      reason: `received ${String(received.ok)}/${String(received.needed)}${primaries}, stored ${String(stored.ok)}/${String(stored.needed)}${nodes}`,
    };
  }

  /** Every replica that was sent the state has said what this put wanted to hear of it, or that it failed. */
  complete(): boolean {
    return (this.asked & ~(this.acknowledgedFrom() | this.failedFrom)) === 0;
  }

  /** Replicas that were sent something and have said nothing at all. */
  silent(): number {
    const sent = this.state === undefined && this.eventAt >= 0 ? 1 << this.eventAt : this.asked;
    return sent & ~(this.receivedFrom | this.storedFrom | this.failedFrom);
  }

  /** Replicas that have not acknowledged what this put asked of them. */
  unacknowledged(): number {
    return this.asked & ~this.acknowledgedFrom();
  }

  private acknowledgedFrom(): number {
    return this.acknowledge() === "received" ? this.receivedFrom : this.storedFrom;
  }
}
