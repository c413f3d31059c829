/**
 * A get that does not simply ask everybody for everything. Four strategies, which go together:
 *
 * - it contacts only as many replicas as must answer, and one more when one of those fails, or is late (speculation);
 * - all but the first send a digest; who differs from the copies at hand is asked again, in full;
 * - it makes replicas that are behind whole before it answers (Cassandra's blocking repair), so that a later read of as
 *   many finds no less than this one did: monotonic quorum reads;
 * - it is one of those that are sent to all N by chance, and repair them.
 *
 * The trap of a digest: a match with *one* of two copies that differ from each other says nothing about the other. The trap
 * of blocking repair: the answer is what was written to R, not what has come in since. The base class does the counting
 * of answers as for any other get; a replica that is asked again counts as one that has not answered.
 */
import type { Clock } from "../clocks/clock";
import type { Replica as Placement } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import { countOf, firstOf, positionOf, type Verdict } from "./arithmetic";
import { Digest, type Digests } from "./digest";
import { ABSENT, FAILED, GetCoordination, type GetQuorum, type GetResponse, type GetStatus } from "./get-coordinator";
import type { Origin } from "./origin";

export interface ReadPlan {
  /** Bit i: replica i is believed up and asked, or is believed up and kept for later. Disjoint. */
  readonly contacted: number;
  readonly reserve: number;
  /** Of those contacted, the first, and one that is asked on speculation from the start. Both send all they have. */
  readonly whole: number;
  readonly speculative: number;
  /** Undefined: all are asked in full. */
  readonly digests: Digests | undefined;
  /** The replicas that are behind are made whole before the answer. */
  readonly blocking: boolean;
  /** And after it. */
  readonly repairs: boolean;
  readonly startedAt: Micros;
}

/** Who is contacted first, `count` of `candidates`: this node, other primaries in order, then stand-ins. */
export function contactsOf(
  replicas: readonly Placement[],
  candidates: number,
  primaries: number,
  self: number,
  count: number,
): number {
  let contacts = 0;
  let left = count;
  for (const among of [candidates & primaries, candidates & ~primaries]) {
    for (const own of [true, false]) {
      for (let i = 0; i < replicas.length && left > 0; i++) {
        if ((among & (1 << i)) === 0 || (replicas[i].node === self) !== own) continue;
        contacts |= 1 << i;
        left--;
      }
    }
  }
  return contacts;
}

export class StrategicGet extends GetCoordination {
  private reserve: number;
  /** Asked for a digest, and not in full since. */
  private digested = 0;
  /** Contacted at first and not heard from yet. */
  private awaited: number;
  /** Asked because others were late. */
  private speculative: number;
  /** The copy that this read returns, once repair has begun: everything known by then. */
  private held: unknown;
  private isRepairing = false;
  /** Sent the copy before the answer; of those, who have confirmed it and who cannot. */
  private repairing = 0;
  private confirmed = 0;
  private refused = 0;

  constructor(
    origin: Origin,
    address: Address,
    replicas: readonly Placement[],
    quorum: GetQuorum,
    primaries: number,
    readonly plan: ReadPlan,
  ) {
    super(origin, address, replicas, plan.contacted, countOf(plan.contacted), quorum, primaries);
    this.reserve = plan.reserve;
    this.awaited = plan.contacted;
    this.speculative = plan.speculative;
    if (plan.digests !== undefined) this.digested = plan.contacted & ~plan.whole & ~plan.speculative;
  }

  /** Of a first contact's first answer, how long it took to come; undefined of all others. Comes before {@link add}. */
  took(node: number, vnode: number, now: Micros): Micros | undefined {
    const at = positionOf(this.replicas, node, vnode);
    if (at < 0 || (this.awaited & (1 << at)) === 0) return undefined;
    this.awaited &= ~(1 << at);
    return now - this.plan.startedAt;
  }

  override add(node: number, vnode: number, status: GetStatus, state: unknown): void {
    if (status !== "digest") {
      super.add(node, vnode, status, state);
      return;
    }
    // A copy of a digest that was acted upon already.
    const at = positionOf(this.replicas, node, vnode);
    if (at >= 0 && (this.digested & (1 << at)) !== 0 && state instanceof Digest) super.add(node, vnode, "found", state);
  }

  /** Whether replica `at` is asked for a digest of what it has. */
  wantsDigest(at: number): boolean {
    return (this.digested & (1 << at)) !== 0;
  }

  /** One more replica to ask, or -1. */
  askNext(why: "failure" | "lateness"): number {
    if (this.isOutvoted()) return -1;
    const primaries = this.reserve & this.primaries;
    const next = firstOf(primaries === 0 ? this.reserve : primaries);
    if (next < 0) return -1;
    this.reserve &= ~(1 << next);
    this.asked |= 1 << next;
    this.askedCount++;
    if (why === "lateness") this.speculative |= 1 << next;
    // Without a copy at hand a digest is of no use: whoever was to send it may be the one that is late.
    if (this.plan.digests !== undefined && this.results.some((result) => isCopy(result))) this.digested |= 1 << next;
    return next;
  }

  /** Whether the answers would not be enough without one that was asked on speculation. */
  speculationHelped(): boolean {
    if (this.speculative === 0 || this.verdict() !== "met") return false;
    const { r, pr, notfoundOk } = this.quorum;
    for (let rest = this.speculative; rest !== 0; rest &= rest - 1) {
      const at = firstOf(rest);
      const result = this.results[at];
      if (result === undefined || result === FAILED || (result === ABSENT && !notfoundOk)) continue;
      const isPrimary = (this.primaries & (1 << at)) !== 0;
      if (this.found + (notfoundOk ? this.absent : 0) - 1 < r || (isPrimary && this.okPrimaries - 1 < pr)) return true;
    }
    return false;
  }

  /**
   * Digests that match a copy stand for it from now on. The others are taken back, and returned as a set: those replicas
   * are to be read in full.
   */
  takeDiffering(): number {
    const { digests } = this.plan;
    if (digests === undefined) return 0;
    let differing = 0;
    for (let i = 0; i < this.results.length; i++) {
      const digest = this.results[i];
      if (!(digest instanceof Digest)) continue;
      const match = this.copyLike(digest, digests);
      if (match !== undefined) {
        this.results[i] = match;
        continue;
      }
      differing |= 1 << i;
      this.digested &= ~(1 << i);
      this.results[i] = undefined;
      this.found--;
      if ((this.primaries & (1 << i)) !== 0) this.okPrimaries--;
    }
    return differing;
  }

  private copyLike(digest: Digest, digests: Digests): unknown {
    for (const result of this.results) {
      if (isCopy(result) && digests.matches(digest, this.address, result)) return result;
    }
    return undefined;
  }

  // ---- repair before the answer ----------------------------------------------------------------------------------

  /** Who of those that have answered is behind, and what to send them: once, when the answers are enough. */
  beginRepair(clock: Clock): { readonly state: unknown; readonly targets: readonly Placement[] } | undefined {
    if (!this.plan.blocking || this.isRepairing) return undefined;
    // Digests have been matched or taken back.
    const action = super.finalAction(clock);
    this.isRepairing = true;
    this.held = this.merged(clock);
    for (const target of action.targets) this.repairing |= 1 << this.replicas.indexOf(target);
    return action.targets.length === 0 ? undefined : action;
  }

  /** A replica's word on a repair it was sent before the answer. */
  repaired(node: number, vnode: number, ok: boolean): void {
    const at = positionOf(this.replicas, node, vnode);
    if (at < 0 || (this.repairing & (1 << at)) === 0) return;
    if (ok) this.confirmed |= 1 << at;
    else this.refused |= 1 << at;
  }

  /** Whether so many replicas hold what this read returns as had to answer it. */
  repairVerdict(clock: Clock): Verdict {
    if (!this.isRepairing || this.held === undefined || this.repairing === 0) return "met";
    const needed = Math.max(this.quorum.r, this.quorum.pr);
    let holding = this.confirmed;
    let open = this.repairing & ~this.confirmed & ~this.refused;
    for (let i = 0; i < this.results.length; i++) {
      const bit = 1 << i;
      if ((this.asked & bit) === 0 || (this.repairing & bit) !== 0) continue;
      const result = this.results[i];
      if (result === undefined) open |= bit;
      else if (this.isNotBehind(result, clock)) holding |= bit;
    }
    if (countOf(holding) >= needed) return "met";
    return countOf(holding) + countOf(open) < needed ? "unreachable" : "pending";
  }

  /** Of an answer that came after repair began. */
  private isNotBehind(result: unknown, clock: Clock): boolean {
    if (!isCopy(result)) return false;
    const relation = clock.compare(result, this.held);
    return relation === "equal" || relation === "after";
  }

  override response(clock: Clock): GetResponse {
    if (!this.isRepairing || this.held === undefined) return super.response(clock);
    if (this.repairVerdict(clock) === "unreachable") {
      const reason = "too few of the replicas that answered could be brought up to date";
      return { outcome: "quorum_unreachable", versions: [], context: "", reason };
    }
    return { outcome: "ok", versions: clock.versions(this.held), context: clock.context(this.held), reason: "" };
  }

  // ---- repair after the answer -----------------------------------------------------------------------------------

  override finalAction(clock: Clock): { readonly state: unknown; readonly targets: readonly Placement[] } {
    this.dropDigests();
    const action = super.finalAction(clock);
    if (this.repairing === 0 || action.targets.length === 0) return action;
    // Whoever was sent the very same before need not be sent it again.
    if (clock.compare(this.held, action.state) !== "equal") return action;
    const targets = action.targets.filter((target) => {
      const bit = 1 << this.replicas.indexOf(target);
      return (this.repairing & bit) === 0 || (this.refused & bit) !== 0;
    });
    return { state: action.state, targets };
  }

  override agreed(clock: Clock): unknown {
    this.dropDigests();
    return super.agreed(clock);
  }

  /** Nobody waits any longer for copies that were never fetched: nothing is known of those. */
  private dropDigests(): void {
    this.takeDiffering();
  }
}

function isCopy(result: unknown): boolean {
  return result !== undefined && result !== ABSENT && result !== FAILED && !(result instanceof Digest);
}
