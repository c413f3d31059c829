/**
 * The ring as one node lives with it: which ring reads go by, which other one writes go to as well while it changes, and what
 * copies this node has to bring elsewhere for it. It joins membership, which knows when, with relocation, which knows how.
 *
 * Who sends what to a new owner: where it takes the place of a member that is still there, that member alone, for it has
 * acknowledged whatever anybody counted on it for. Where the place was a removed node's, or nobody's, all that survive send,
 * because a write may be on any of them and the new owner must have what any quorum had.
 */
import type { Clock } from "../clocks/clock";
import { addressOfHint } from "../handoff/handoff";
import { Relocation, type RelocationActs, type RelocationJob } from "../handoff/relocation";
import type { Gossip, NodeIndex, RingId, RingState } from "../messages";
import { Digests } from "../quorum/digest";
import { HINTED, type Replica as Place, type Ring } from "../ring/ring";
import type { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { MembershipSettings } from "../vocabulary/settings";
import { votersOf } from "./changes";
import type { MembershipNote, OperatorVerb } from "../io";
import { Membership } from "./membership";
import { type Remembered, rememberedFrom, textOf } from "./remembered";
import { isSameRing, NO_RING } from "./ring-ids";

export interface LivingRingOptions {
  readonly self: NodeIndex;
  readonly universe: number;
  readonly epoch: number;
  /** How many copies a key has. */
  readonly copiesOf: (address: Address) => number;
  readonly rings: RingMaker;
  readonly settings: MembershipSettings;
  readonly clock: Clock;
  readonly sizeOf: (state: unknown) => number;
  readonly stepTimeoutMs: number;
  /** Tombstones are removed by agreement: all are to know who has nothing left over. */
  readonly reaps: boolean;
  readonly random: Random;
  /** As {@link LivingRingActs.persist} had it. */
  readonly remembered: string | undefined;
  readonly now: () => Micros;
}

export interface LivingRingActs extends Omit<RelocationActs, "send"> {
  send(to: NodeIndex, message: Gossip | Parameters<RelocationActs["send"]>[1]): void;
  persist(text: string): void;
  /** Reads go by another ring from now on. */
  readingChanged(): void;
  /** Operations begun from now on are of another state of the ring: is any in progress? */
  stateChanged(): void;
  /** Whom to watch from now on. */
  watch(peers: readonly NodeIndex[]): void;
  note(note: MembershipNote): void;
}

const NOBODY: readonly Place[] = [];
/** What comes late seldom comes alone. */
const STRAYS_WAIT: Micros = 500_000;

export class LivingRing {
  /** Reads go by it; so do coordinators and stand-ins. */
  reading: Ring;
  /** While the ring changes, writes go to the owners of this one as well. */
  writing: Ring | undefined;
  private readonly membership: Membership;
  private readonly relocation: Relocation;
  private watchedBefore: readonly NodeIndex[] | undefined;
  /** The state for which copies were last moved. */
  private moved: RingId = NO_RING;

  /** @throws BrokenMemory where what is remembered cannot be read. */
  constructor(
    private readonly options: LivingRingOptions,
    private readonly acts: LivingRingActs,
    now: Micros,
  ) {
    const { rings, self, universe, epoch, settings, clock, sizeOf, random } = options;
    const remembered: Remembered | undefined =
      options.remembered === undefined ? undefined : rememberedFrom(options.remembered);
    const digests = new Digests(clock);
    this.relocation = new Relocation(
      {
        self,
        epoch,
        random: random.fork("relocation"),
        batch: settings.transferBatch,
        rateBytesPerSecond: settings.transferRateBytesPerSecond,
        patience: fromMs(options.stepTimeoutMs),
        digest: (address, state) => digests.of(address, state),
        sizeOf,
        now: options.now,
      },
      acts,
    );
    this.reading = rings.of(remembered?.ring.plan ?? rings.first);
    this.membership = new Membership(
      {
        self,
        universe,
        epoch,
        settings,
        first: rings.first,
        remembered,
        random: random.fork("gossip"),
        nextPlan: (previous, members) => rings.next(previous, members),
        isPossible: (plan) => plan.members.every((node) => node < universe) && rings.isPossible(plan),
      },
      {
        send: (to, message) => acts.send(to, message),
        believedUp: (node) => acts.believedUp(node),
        persist: (what) => acts.persist(textOf(what)),
        ringChanged: (state) => this.follow(state),
        membersChanged: () => this.reconsider(),
        note: (note) => acts.note(note),
      },
      now,
    );
    const { ring } = this.membership;
    if (ring !== undefined) this.writing = this.secondOf(ring);
  }

  /** Whether clients and other coordinators may ask here. */
  get serving(): boolean {
    return this.membership.serving;
  }

  /** The state of the ring, for whoever watches. */
  get state(): RingState | undefined {
    return this.membership.ring;
  }

  get counts(): Relocation["counts"] & { readonly gossipRounds: number } {
    return { ...this.relocation.counts, gossipRounds: this.membership.rounds };
  }

  isRemoved(node: NodeIndex): boolean {
    return this.membership.isRemoved(node);
  }

  /** Whether copies are with owners alone: nobody has any left over that it may still bring to them. */
  get isTidy(): boolean {
    return this.membership.isTidy;
  }

  isMember(node: NodeIndex): boolean {
    return this.membership.isMember(node);
  }

  /** Whether this peer goes by the same ring, as far as is known. */
  agrees(node: NodeIndex): boolean {
    return this.membership.agrees(node);
  }

  /** Whom to watch and to send heartbeats. */
  watched(): readonly NodeIndex[] {
    return this.membership.watched();
  }

  /** The first `n` owners by the other ring that are not among `replicas`: they are to have a write as well. Undefined: none. */
  pending(address: Address, replicas: readonly Place[], n: number): readonly Place[] | undefined {
    if (this.writing === undefined) return undefined;
    const others = this.writing.preferenceList(address, n);
    const pending = others.filter((place) => !contains(replicas, place));
    return pending.length === 0 ? undefined : pending;
  }

  next(): Micros {
    return Math.min(this.membership.next(), this.relocation.next());
  }

  advance(now: Micros): void {
    this.membership.advance(now);
    this.relocation.advance(now);
  }

  operate(now: Micros, verb: OperatorVerb): void {
    this.membership.operate(now, verb);
  }

  gossiped(now: Micros, from: NodeIndex, message: Gossip): void {
    this.membership.received(now, from, message);
  }

  transferred(now: Micros, from: NodeIndex, message: Parameters<RelocationActs["send"]>[1]): void {
    if (message.kind === "transfer-reply") this.relocation.replied(now, from, message);
    else if (message.kind === "transfer-offer") this.relocation.offered(from, message);
    else this.relocation.taken(from, message);
  }

  /** No operation of an earlier state is in progress any more. */
  caughtUp(now: Micros): void {
    this.membership.operationsCaughtUp(now);
  }

  // ---- following the ring --------------------------------------------------------------------------------------

  private follow(state: RingState): void {
    const before = this.reading;
    this.reading = this.options.rings.of(state.plan);
    this.writing = this.secondOf(state);
    this.relocation.stop();
    this.acts.stateChanged();
    if (this.reading !== before) this.acts.readingChanged();
  }

  private secondOf({ next }: RingState): Ring | undefined {
    return next === undefined || !this.options.settings.doubleWrites ? undefined : this.options.rings.of(next);
  }

  /** A copy has come here, or has changed: perhaps late, by a message of an earlier step, to a node that owns it no more. */
  changed(now: Micros, vnode: number, address: Address): void {
    const state = this.membership.ring;
    if (state?.phase !== "settled" || !isSameRing(this.moved, state.id)) return;
    if (this.elsewhere(vnode, address).length === 0) return;
    if (this.relocation.busy) this.relocation.disturb();
    else this.relocation.begin(now, this.cleanup(), STRAYS_WAIT);
  }

  /**
   * Some keys have another number of copies: what lies here may belong elsewhere now, or elsewhere too. What they lack at those that
   * had to have it all along is left to anti-entropy.
   */
  copiesChanged(now: Micros): void {
    const state = this.membership.ring;
    if (state === undefined || !isSameRing(this.moved, state.id)) return;
    if (state.phase === "settled") this.relocation.begin(now, this.cleanup(), STRAYS_WAIT);
    else if (state.phase === "joining" && this.relocation.busy) this.relocation.begin(now, this.transferTo(state));
  }

  /** Something was learnt: is it time to move copies? */
  private reconsider(): void {
    const { membership } = this;
    const watched = membership.watched();
    if (watched !== this.watchedBefore) {
      this.watchedBefore = watched;
      this.acts.watch(watched);
    }
    const { ring: state } = membership;
    if (state === undefined || isSameRing(this.moved, state.id) || membership.isRemoved(this.options.self)) return;
    const { members } = membership;
    if (!votersOf(state, members).every((node) => isSameRing(members.seen(node), state.id))) return;
    this.moved = state.id;
    if (state.phase === "joining") this.relocation.begin(this.options.now(), this.transferTo(state));
    else if (state.phase === "settled" && state.id.version > 1)
      this.relocation.begin(this.options.now(), this.cleanup());
  }

  /** What those that join are to have of this node's copies. */
  private transferTo(state: RingState): RelocationJob {
    const { copiesOf, self, rings } = this.options;
    const from = rings.of(state.plan);
    const to = rings.of(state.next!);
    const without = new Set(state.without);
    return {
      drops: false,
      addressOf: (_, address) => address,
      targets: (vnode, address) => {
        if (vnode >= HINTED) return NOBODY;
        const position = from.position(address);
        const n = copiesOf(address);
        const old = from.preferenceListAt(position, n);
        if (!contains(old, { node: self, vnode })) return NOBODY;
        const fresh = to.preferenceListAt(position, n);
        const arriving = fresh.filter((place) => !contains(old, place));
        if (arriving.length === 0) return NOBODY;
        const leaving = old.filter((place) => !contains(fresh, place));
        return arriving.filter((place, i) => {
          if (without.has(place.node)) return false;
          const giver = leaving.at(i);
          if (giver === undefined || without.has(giver.node)) return true;
          return giver.node === self && giver.vnode === vnode;
        });
      },
      done: () => this.membership.allSent(this.options.now(), state.id),
    };
  }

  /** What is here and belongs to others: copies of ranges that are gone, and hints for nodes that are. */
  private cleanup(): RelocationJob {
    return {
      drops: true,
      addressOf: (vnode, address) => (vnode >= HINTED ? addressOfHint(address) : address),
      targets: (vnode, stored) => this.elsewhere(vnode, stored),
      done: () => {
        const now = this.options.now();
        if (this.options.reaps && this.state !== undefined) this.membership.allSent(now, this.state.id);
        this.membership.emptied(now);
      },
    };
  }

  /** Of a ring that does not change: who is to have this copy; nobody, where it may stay. */
  private elsewhere(vnode: number, stored: Address): readonly Place[] {
    const { copiesOf, self } = this.options;
    const { reading } = this;
    if (vnode >= HINTED) {
      const home = reading.homeOf(vnode);
      if (home?.node === self) return [home];
      // Whoever leaves takes nothing along that it keeps for others.
      if (home !== undefined && reading.has(self) && this.membership.isMember(home.node)) return NOBODY;
      const address = addressOfHint(stored);
      return reading.preferenceList(address, copiesOf(address));
    }
    const owners = reading.preferenceList(stored, copiesOf(stored));
    return contains(owners, { node: self, vnode }) ? NOBODY : owners;
  }
}

function contains(places: readonly Place[], { node, vnode }: Place): boolean {
  return places.some((place) => place.node === node && place.vnode === vnode);
}
