/**
 * One node's part in the membership of the cluster: it gossips what it knows, takes in what others know, follows the ring
 * from step to step, and proposes the next step when that falls to it (see `changes.ts`).
 *
 * A round of gossip is an offer: the state of the ring and one hash of all that is known. Whoever knows the same says
 * nothing; where they differ, up to three more messages bring both to the same (digests, what was asked for, what is
 * missing). So an idle cluster spends a few bytes a round, however large it is. Whoever has just learnt something does not
 * wait for its next round: news spreads in about log n tenths of the interval.
 *
 * What a member has promised must outlive it: the state of the ring it has seen and what it wishes are kept durably before
 * anybody hears of them, or a node that starts again would coordinate under a ring that all others have left.
 */
import type { MembershipNote, OperatorVerb } from "../io";
import type { Gossip, MemberEntry, NodeIndex, RingId, RingState } from "../messages";
import type { RingPlan } from "../ring/plan";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { MembershipSettings } from "../vocabulary/settings";
import { mayCoordinate, proposal, votersOf } from "./changes";
import { Members, type Refusal } from "./members";
import type { Remembered } from "./remembered";
import { compareRingIds, isSameRing, NO_RING } from "./ring-ids";

export interface MembershipOptions {
  readonly self: NodeIndex;
  readonly universe: number;
  readonly epoch: number;
  readonly settings: MembershipSettings;
  /** The ring of a cluster that has never changed; a node that is not in it starts without one. */
  readonly first: RingPlan;
  readonly remembered: Remembered | undefined;
  readonly random: Random;
  readonly nextPlan: (previous: RingPlan, members: readonly NodeIndex[]) => RingPlan;
  /** Whether a ring can be made of it. */
  readonly isPossible: (plan: RingPlan) => boolean;
}

export interface MembershipActs {
  send(to: NodeIndex, message: Gossip): void;
  believedUp(node: NodeIndex): boolean;
  /** Makes it durable before anything that is sent after. */
  persist(remembered: Remembered): void;
  /** The ring is now in this state: operations begun from now on follow it. */
  ringChanged(state: RingState): void;
  /** Whom there is to watch, and to talk to, has changed. */
  membersChanged(): void;
  note(note: MembershipNote): void;
}

/** Of an interval: so long news waits for company before it is passed on. */
const NEWS_WAITS = 10;
/** Rounds in which a node says that it has left. */
const FAREWELLS = 3;
/** Bytes of an entry and of a digest on the wire, about. */
const ENTRY_BYTES = 14;
const DIGEST_BYTES = 4;

export class Membership {
  readonly members: Members;
  /** Undefined: this node has never had one. */
  private state: RingState | undefined;
  private readonly interval: Micros;
  private nextRound: Micros;
  private nextPushPull: Micros;
  private learnt = -1;
  /** This node's operations begun under older states are over. */
  private caughtUp = true;
  private wasServing = false;
  /** Times that this node has still to say that it has left, before it ends. */
  private farewells = 0;
  private watchedNow: readonly NodeIndex[] | undefined;
  private watchedAt = -1;
  private watchedIn: RingState | undefined;
  private servingIn: RingState | undefined;
  private servingNow = false;
  private now: Micros;
  /** Messages sent. */
  rounds = 0;

  constructor(
    private readonly options: MembershipOptions,
    private readonly acts: MembershipActs,
    now: Micros,
  ) {
    const { self, settings, remembered, first, universe, epoch } = options;
    this.now = now;
    this.interval = Math.max(1, fromMs(settings.intervalMs));
    const quarantine = settings.quarantineMs === undefined ? Infinity : fromMs(settings.quarantineMs);
    const isFirst = first.members.includes(self);
    // Who has left and starts again looks again whether it keeps anything: its disk may have forgotten that it does not.
    const wish = remembered?.wish === "gone" ? "out" : (remembered?.wish ?? (isFirst ? "in" : "out"));
    this.members = new Members(self, universe, { epoch, wish, replaces: remembered?.replaces }, quarantine);
    if (remembered !== undefined) this.state = remembered.ring.id.version > 0 ? remembered.ring : undefined;
    else if (isFirst) this.state = firstState(first);
    if (remembered !== undefined) for (const node of remembered.removed) this.members.remove(node, now);
    if (this.state !== undefined) this.members.say({ seen: this.state.id });
    // Not all at once, where all start at once.
    this.nextRound = now + Math.floor(options.random.nextFloat() * this.interval);
    this.nextPushPull = settings.pushPullMs === undefined ? Infinity : now + this.jittered(fromMs(settings.pushPullMs));
  }

  get ring(): RingState | undefined {
    return this.state;
  }

  /** Whether clients may come: it is in the ring, and was not removed. */
  get serving(): boolean {
    const { state } = this;
    const { self } = this.options;
    if (state === undefined || this.members.isRemoved(self)) return false;
    // Asked for each operation, and known once for each state.
    if (this.servingIn !== state) {
      this.servingIn = state;
      this.servingNow = mayCoordinate(state, self);
    }
    return this.servingNow;
  }

  /** Whom to watch: whoever has a say, or wants to come or to go. The same array until that changes. */
  watched(): readonly NodeIndex[] {
    const { people } = this.members;
    if (this.watchedNow !== undefined && this.watchedAt === people && this.watchedIn === this.state)
      return this.watchedNow;
    const now = this.whomToWatch();
    const same = this.watchedNow?.length === now.length && now.every((node, i) => node === this.watchedNow![i]);
    this.watchedAt = people;
    this.watchedIn = this.state;
    return (this.watchedNow = same ? this.watchedNow! : now);
  }

  private whomToWatch(): readonly NodeIndex[] {
    const { self } = this.options;
    const watched = new Set<NodeIndex>(
      this.state === undefined ? this.options.first.members : votersOf(this.state, this.members),
    );
    for (const { node, wish, removed } of this.members.all()) if (wish !== "gone" && !removed) watched.add(node);
    watched.delete(self);
    return [...watched].filter((node) => !this.members.isRemoved(node)).sort((a, b) => a - b);
  }

  isRemoved(node: NodeIndex): boolean {
    return this.members.isRemoved(node);
  }

  /** Whether a copy may wait for this node: it is in the ring, or is to be. */
  isMember(node: NodeIndex): boolean {
    const { state } = this;
    if (state === undefined || this.members.isRemoved(node)) return false;
    return state.plan.members.includes(node) || state.next?.members.includes(node) === true;
  }

  /** Whether the ring is settled and all that may have copies have brought away what was left over; some say so only if asked to. */
  get isTidy(): boolean {
    const { state } = this;
    if (state?.phase !== "settled") return false;
    if (state.id.version === 1) return true;
    const holders = new Set(state.plan.members);
    for (const { node, wish } of this.members.all()) if (wish === "out") holders.add(node);
    return [...holders].every((node) => {
      const known = this.members.of(node);
      return this.members.isRemoved(node) || (known !== undefined && isSameRing(known.sent, state.id));
    });
  }

  /** Whether this peer follows the same state of the ring, as far as is known. */
  agrees(node: NodeIndex): boolean {
    return this.state !== undefined && isSameRing(this.members.seen(node), this.state.id);
  }

  next(): Micros {
    // Who was removed has nothing to say any more, and knows it.
    if (this.members.isRemoved(this.options.self)) return Infinity;
    return Math.min(this.nextRound, this.nextPushPull);
  }

  // ---- what this node is told ----------------------------------------------------------------------------------

  operate(now: Micros, verb: OperatorVerb): void {
    this.now = now;
    switch (verb.kind) {
      case "join": {
        if (this.members.isRemoved(this.options.self)) return;
        // Who changes its mind while it says farewell stays.
        this.farewells = 0;
        this.members.say({ wish: "in", ...(verb.replaces === undefined ? {} : { replaces: verb.replaces }) });
        if (verb.replaces !== undefined) this.remove(verb.replaces);
        this.remember();
        if (verb.via !== undefined) this.tellAll(verb.via);
        break;
      }
      case "leave":
        if (this.members.own.wish !== "in") return;
        this.members.say({ wish: "out" });
        this.remember();
        break;
      case "remove":
        if (verb.node === this.options.self) return;
        this.remove(verb.node);
        break;
    }
    this.afterNews();
  }

  private remove(node: NodeIndex): void {
    if (!this.members.remove(node, this.now)) return;
    this.acts.note({ kind: "removed", node });
    this.remember();
  }

  /** All that this node had to send under the state it is in is with those who are to have it. */
  allSent(now: Micros, id: RingId): void {
    this.now = now;
    if (this.state === undefined || !isSameRing(this.state.id, id)) return;
    this.members.say({ sent: id });
    this.afterNews();
  }

  /** The node has no operation of an older state in progress any more. */
  operationsCaughtUp(now: Micros): void {
    this.now = now;
    if (this.caughtUp || this.state === undefined) return;
    this.caughtUp = true;
    this.members.say({ seen: this.state.id });
    this.afterNews();
  }

  /** It has left the ring and keeps no copy any more. */
  emptied(now: Micros): void {
    this.now = now;
    // Who is not in yet keeps nothing either.
    if (this.members.own.wish !== "out" || this.serving) return;
    this.members.say({ wish: "gone" });
    this.remember();
    this.farewells = FAREWELLS;
    this.nextRound = now;
    this.afterNews();
  }

  /**
   * Whoever has left is told nothing any more, and cannot know whether it was heard. If nobody had heard it, the next change
   * of the ring would wait for it for ever: so it says so more than once, to those who stay, before it ends.
   */
  private sayFarewell(): void {
    const least = Math.max(3, this.options.settings.fanout);
    const staying = this.watched().filter((node) => this.state?.plan.members.includes(node) === true);
    const up = staying.filter((node) => this.acts.believedUp(node));
    const rest = this.watched().filter((node) => !up.includes(node));
    for (const node of [...this.drawn(up, least), ...rest.slice(0, Math.max(0, least - up.length))]) this.tellAll(node);
    if (--this.farewells === 0) this.acts.note({ kind: "retired" });
  }

  // ---- gossip --------------------------------------------------------------------------------------------------

  advance(now: Micros): void {
    this.now = now;
    if (this.members.isRemoved(this.options.self)) return;
    if (now >= this.nextPushPull) {
      this.nextPushPull = now + this.jittered(fromMs(this.options.settings.pushPullMs!));
      const [anybody] = this.drawn(this.watched(), 1);
      if (anybody !== undefined) this.tellAll(anybody);
    }
    if (now < this.nextRound) return;
    this.nextRound = now + this.interval;
    if (this.farewells > 0) return this.sayFarewell();
    this.members.forget(now, (node) => this.isInUse(node));
    for (const peer of this.peersOfRound()) {
      this.rounds++;
      this.acts.send(peer, this.message({ hash: this.members.hash() }));
    }
    this.look();
  }

  received(now: Micros, from: NodeIndex, gossip: Gossip): void {
    this.now = now;
    const { members } = this;
    if (members.isRemoved(from)) {
      // Whatever it says counts for nothing; but it is to know.
      const entry = members.of(from);
      if (entry !== undefined) this.acts.send(from, this.message({ entries: [entry] }));
      return;
    }
    const removedBefore = members.removed();
    for (const entry of gossip.entries) {
      const outcome = members.merge(entry, now);
      if (outcome !== "news" && outcome !== "known") this.refused(entry.node, outcome);
    }
    const removed = members.removed().filter((node) => !removedBefore.includes(node));
    for (const node of removed) this.acts.note({ kind: "removed", node });
    // Or a next life would listen to the removed again; and the removed itself would answer clients again.
    if (removed.length > 0) this.remember();
    // A removed node goes by what it went by, and asks for nothing: nobody would tell it.
    if (!members.isRemoved(this.options.self)) {
      if (gossip.ring !== undefined) this.heardOfRing(gossip.ring);
      this.reply(from, gossip);
    }
    this.afterNews();
  }

  private reply(from: NodeIndex, { ringId, hash, digests, wants, wantsRing }: Gossip): void {
    const mine = this.state?.id ?? NO_RING;
    const older = compareRingIds(ringId, mine);
    const giveRing = older < 0 || wantsRing;
    const askRing = older > 0 && !wantsRing;
    const entries: MemberEntry[] = [];
    let asked: readonly NodeIndex[] = [];
    let mineInShort: readonly number[] = [];
    const compares = digests.length === 0 && hash !== undefined && hash !== this.members.hash();
    if (digests.length > 0) {
      const { news, wants: missing } = this.members.compare(digests, hash !== undefined);
      entries.push(...news);
      asked = missing;
    }
    if (compares) mineInShort = this.digestsWithin();
    for (const node of wants) {
      const entry = this.members.of(node);
      if (entry !== undefined) entries.push(entry);
    }
    if (!giveRing && !askRing && entries.length === 0 && asked.length === 0 && mineInShort.length === 0) return;
    const complete = mineInShort.length === 3 * this.members.size;
    this.acts.send(
      from,
      this.message({
        ring: giveRing ? this.state : undefined,
        hash: compares && complete ? this.members.hash() : undefined,
        digests: mineInShort,
        entries: this.within(entries),
        wants: asked.slice(0, this.mostEntries),
        wantsRing: askRing,
      }),
    );
  }

  private get mostEntries(): number {
    return Math.max(1, Math.floor(this.options.settings.payloadBytes / ENTRY_BYTES));
  }

  /** As many as one message may carry; which, if not all, is left to chance. */
  private within(entries: readonly MemberEntry[]): readonly MemberEntry[] {
    return entries.length <= this.mostEntries ? entries : this.drawn(entries, this.mostEntries);
  }

  private digestsWithin(): readonly number[] {
    const all = this.members.digests();
    // Two at least: of one alone nobody can tell who is missing.
    const most = Math.max(2, Math.floor(this.options.settings.payloadBytes / DIGEST_BYTES));
    if (all.length <= 3 * most) return all;
    const from = this.options.random.nextBelow(all.length / 3);
    const window: number[] = [];
    for (let i = 0; i < 3 * most; i++) window.push(all[(3 * from + i) % all.length]);
    return window;
  }

  /** Everything that is known, as far as a message may carry it; what nobody else can know first. */
  private tellAll(to: NodeIndex): void {
    const { own } = this.members;
    const others = this.members.all().filter((entry) => entry !== own);
    const entries = [own, ...this.drawn(others, this.mostEntries - 1)];
    this.acts.send(to, this.message({ ring: this.state, hash: this.members.hash(), entries }));
  }

  private message(parts: Partial<Gossip>): Gossip {
    const ringId = this.state?.id ?? NO_RING;
    return {
      kind: "gossip",
      ringId,
      ring: undefined,
      hash: undefined,
      digests: [],
      entries: [],
      wants: [],
      wantsRing: false,
      ...parts,
    };
  }

  /** Some that are up; now and then one that is not, or a partition would never heal; and seeds while nobody else is known. */
  private peersOfRound(): readonly NodeIndex[] {
    const { random, settings, self } = this.options;
    const known = this.watched();
    const up = known.filter((node) => this.acts.believedUp(node));
    const down = known.filter((node) => !this.acts.believedUp(node));
    const peers = this.drawn(up, settings.fanout).slice();
    if (down.length > 0 && random.nextFloat() < down.length / (up.length + 1)) peers.push(...this.drawn(down, 1));
    if (this.state === undefined || up.length === 0) {
      const seeds = settings.seeds.filter(
        (node) => node !== self && !peers.includes(node) && !this.members.isRemoved(node),
      );
      peers.push(...this.drawn(seeds, 1));
    }
    return peers;
  }

  private drawn<T>(from: readonly T[], count: number): readonly T[] {
    if (from.length <= count) return from;
    const { random } = this.options;
    const rest = from.slice();
    for (let i = 0; i < count; i++) {
      const at = i + random.nextBelow(rest.length - i);
      [rest[i], rest[at]] = [rest[at], rest[i]];
    }
    return rest.slice(0, count);
  }

  private jittered(interval: Micros): Micros {
    return Math.max(1, Math.floor(interval * (0.75 + this.options.random.nextFloat() / 2)));
  }

  private refused(node: NodeIndex, reason: Refusal): void {
    this.acts.note({ kind: "gossip-refused", node, reason });
  }

  // ---- the ring ------------------------------------------------------------------------------------------------

  private heardOfRing(state: RingState): void {
    if (compareRingIds(state.id, this.state?.id ?? NO_RING) <= 0) return;
    const { isPossible, universe } = this.options;
    const nodes = [...state.former, ...state.without];
    if (nodes.some((node) => node >= universe) || !isPossible(state.plan) || (state.next && !isPossible(state.next))) {
      this.acts.note({ kind: "gossip-refused", node: state.id.proposer, reason: "a ring that cannot be" });
      return;
    }
    this.adopt(state);
  }

  private adopt(state: RingState): void {
    const first = this.state === undefined;
    this.state = state;
    for (const node of state.without) {
      if (this.members.remove(node, this.now)) this.acts.note({ kind: "removed", node });
    }
    this.caughtUp = false;
    this.learnt = -1;
    this.remember();
    const { version, proposer } = state.id;
    this.acts.note({ kind: "ring", version, proposer, phase: state.phase, first });
    this.acts.ringChanged(state);
  }

  /** Whether it is time for a step, and this node's turn to propose it. */
  private look(): void {
    const { state } = this;
    if (state === undefined) return;
    const { self, nextPlan } = this.options;
    const next = proposal({
      self,
      ring: state,
      members: this.members,
      believedUp: (node) => this.acts.believedUp(node),
      nextPlan,
    });
    if (next === undefined) return;
    this.acts.note({ kind: "proposed", version: next.id.version, phase: next.phase });
    this.adopt(next);
    this.afterNews();
  }

  /** Something may have changed: it is passed on soon, and may be what a step was waiting for. */
  private afterNews(): void {
    if (this.members.changes === this.learnt) return;
    this.learnt = this.members.changes;
    this.nextRound = Math.min(this.nextRound, this.now + Math.ceil(this.interval / NEWS_WAITS));
    this.acts.membersChanged();
    if (this.serving !== this.wasServing) {
      this.wasServing = this.serving;
      this.acts.note({ kind: "serving", on: this.serving });
    }
    this.look();
  }

  private isInUse(node: NodeIndex): boolean {
    const { state } = this;
    if (state === undefined) return false;
    // A former member whose removal were forgotten would be waited for again, and for ever.
    return [state.plan.members, state.next?.members ?? [], state.former].some((nodes) => nodes.includes(node));
  }

  private remember(): void {
    if (this.state === undefined && this.members.own.wish === "out") return;
    const { wish, replaces } = this.members.own;
    const ring = this.state ?? { ...firstState(this.options.first), id: NO_RING };
    this.acts.persist({ ring, wish, replaces, removed: this.members.removed() });
  }
}

function firstState(plan: RingPlan): RingState {
  return { id: { version: 1, proposer: 0 }, phase: "settled", plan, next: undefined, former: [], without: [] };
}
