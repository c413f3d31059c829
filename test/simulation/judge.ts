/**
 * What clients were told, held against what clients did. Black box but for one question to the replicas' books: how
 * many copies lost something by declaration since a write began. The strongest check is the intersection of quorums: a
 * read that asks R copies sees at least one of the W that acknowledged an earlier write whenever R + W > N, whichever
 * replicas were up, suspected, slow or cut off; each copy that lost what it held takes one from W.
 *
 * Sloppy quorums promise less, and this is what is left to check: an acknowledgement stands for W copies at primaries or
 * kept for them, of which PW at primaries; a read sees it for certain only if PR + PW > N, or R + PW > N where whoever
 * stands in answers no reads (a log, a slop).
 *
 * Where members come and go all this holds at every moment of every change: of a key's copies, those at owners by the ring
 * that is newest anywhere count, and each copy that lost something anywhere, or whose node was removed, takes one from W.
 * Three things are not promised. What a removed node says to clients, before it has heard of it. That reads are monotonic
 * over a change: writes that were never acknowledged may be at copies that move, or not. And what only removed nodes had.
 */
import type { Clock, Version } from "../../engine/clocks/clock";
import type { AnswerMessage, RequestOptions } from "../../engine/messages";
import { resolveQuorum } from "../../engine/quorum/arithmetic";
import type { Ring } from "../../engine/ring/ring";
import type { Address } from "../../engine/vocabulary/address";
import type { Micros } from "../../engine/vocabulary/micros";
import type { EngineSettings, QuorumValue } from "../../engine/vocabulary/settings";
import { type Copy, idsOf, type Ledger, newest } from "./ledger";
import { definitelyFailed, type Truth, type Write } from "./truth";

export interface Read {
  readonly session: number;
  readonly address: Address;
  readonly options: RequestOptions | undefined;
  readonly startedAt: Micros;
}

export interface Court {
  readonly clock: Clock;
  readonly engine: EngineSettings;
  /** The newest, by which anybody reads. */
  readonly ring: () => Ring;
  readonly truth: Truth;
  readonly ledger: Ledger;
  readonly broken: (invariant: string, evidence: string) => void;
  /** The state that a node's storage has under a vnode and an address, as it lies there. */
  readonly peek: (node: number, vnode: number, address: Address) => unknown;
  /** Members that the ring ever had at least. */
  readonly fewest: () => number;
  /** Whose last removals a crash may have undone: nothing is said of its disk. */
  readonly mayReturn: (node: number) => boolean;
  /** Something was looked at, or let pass for a declared reason. */
  readonly count: (what: string) => void;
}

export class Judge {
  private readonly n: number;
  /** Reads that ended well, where the next ones may not see less. */
  private readonly reads: { readonly read: Read; readonly endedAt: Micros; readonly ids: readonly number[] }[] = [];

  /** Stand-ins' acknowledgements count. */
  private readonly sloppy: boolean;
  /** They answer reads as well. */
  private readonly lends: boolean;
  private readonly changing: boolean;
  /** Writes that a removed node acknowledged. */
  private readonly void = new Set<number>();

  constructor(private readonly court: Court) {
    const { nVal, standIn, sloppyQuorum, membership } = court.engine;
    this.n = nVal;
    this.changing = membership !== undefined;
    this.sloppy = standIn !== undefined && sloppyQuorum === true;
    this.lends = this.sloppy && standIn === "fallback";
  }

  readEnded(read: Read, answer: AnswerMessage, now: Micros): void {
    if (answer.outcome !== "ok") return this.checkShortfall(read.options, answer);
    const { clock, truth, broken } = this.court;
    const what = `s${String(read.session)} reads [${answer.versions.map(({ writeId }) => `w${String(writeId)}`).join(" ")}] at ${String(read.startedAt)}`;
    for (const version of answer.versions) {
      const write = truth.write(version.writeId);
      if (write === undefined || write.address !== read.address) {
        broken("no value from nowhere", `${what}: ${truth.describe(version.writeId)}`);
      } else if (!isAsWritten(version, write)) {
        broken("values are as they were written", `${what}: ${truth.describe(version.writeId)} has changed`);
      } else if (definitelyFailed(write)) {
        broken("a definite failure did not happen", `${what}: ${truth.describe(version.writeId)}`);
      }
    }
    if (!clock.declares.mayConflictFalsely) this.checkSiblings(what, answer);
    if (clock.declares.mayLose) return;
    if (this.court.ledger.isRemoved(answer.coordinator)) return this.court.count("freshness: read from a removed node, excused"); // prettier-ignore
    this.checkFresh(read, answer, what);
    const { readRepair, sloppyQuorum, deleteMode, graceMs } = this.court.engine;
    // Stand-ins need not meet primaries, and a removed tombstone is seen no more.
    const removes = graceMs !== undefined || (deleteMode !== undefined && deleteMode !== "keep");
    if (readRepair === "blocking" && sloppyQuorum !== true && !removes && !this.changing)
      this.checkMonotonic(read, answer, now, what);
  }

  /** With repair before the answer, whoever reads later sees no less, if the quorums of the two reads meet. */
  private checkMonotonic(read: Read, answer: AnswerMessage, now: Micros, what: string): void {
    const { engine, truth, broken, count } = this.court;
    const absencesCount = read.options?.notfoundOk ?? engine.notfoundOk;
    const r = this.readQuorum(read);
    const seen = truth.covered(answer.versions.map(({ writeId }) => writeId));
    for (const earlier of this.reads) {
      if (earlier.read.address !== read.address || earlier.endedAt > read.startedAt) continue;
      const both = r + this.readQuorum(earlier.read);
      if (both <= this.n) count("monotonic: quorums need not meet");
      else if (answer.versions.length === 0 && !absencesCount) count("monotonic: not found by absences, excused");
      else if (both - this.lostSince(read.address, earlier.read.startedAt) <= this.n)
        count("monotonic: copies lost, excused"); // prettier-ignore
      else {
        const missing = earlier.ids.find((id) => !seen.has(id));
        if (missing === undefined) count("monotonic: seen again");
        else broken("reads of a quorum are monotonic", `${what}: not ${truth.describe(missing)}, which s${String(earlier.read.session)} had read by ${String(earlier.endedAt)}`); // prettier-ignore
      }
    }
    this.reads.push({ read, endedAt: now, ids: answer.versions.map(({ writeId }) => writeId) });
  }

  private readQuorum({ options }: Read): number {
    const { engine } = this.court;
    return Math.max(this.of(options?.r, engine.r, { options }), this.of(options?.pr, engine.pr, { options }));
  }

  /** Siblings of an exact clock are concurrent. */
  private checkSiblings(what: string, { versions }: AnswerMessage): void {
    const { truth, broken } = this.court;
    const seen = new Set<number>();
    for (const { writeId } of versions) {
      if (seen.has(writeId)) broken("siblings are concurrent", `${what}: w${String(writeId)} twice`);
      seen.add(writeId);
      for (const other of versions) {
        if (truth.write(other.writeId)?.past.has(writeId) !== true) continue;
        broken("siblings are concurrent", `${what}: ${truth.describe(other.writeId)} covers w${String(writeId)}`);
      }
    }
  }

  /** Who wants to know is told of a threshold that was missed, and nobody else is. */
  private checkShortfall(options: RequestOptions | undefined, { outcome, reason, shortfall }: AnswerMessage): void {
    const { broken, count } = this.court;
    if (shortfall === undefined) return;
    const { what, got, wanted } = shortfall;
    count(`shortfall: ${what}`);
    const text = `${outcome} (${reason}): ${what} ${String(got)}/${String(wanted)}`;
    if (options?.explain !== true) broken("nobody is told what nobody asked for", text);
    if (got >= wanted) broken("what fell short was less than wanted", text);
    if (outcome !== "unavailable" && outcome !== "quorum_unreachable" && outcome !== "timeout")
      broken("a threshold was missed where one may be", text);
  }

  private checkFresh(read: Read, answer: AnswerMessage, what: string): void {
    const { engine, ledger, truth, broken, count } = this.court;
    // Riak's rule: where absences count against R, they may make a read "not found" although a replica found something.
    const absencesCount = read.options?.notfoundOk ?? engine.notfoundOk;
    const r = this.lends && isSloppy(read) ? this.of(read.options?.pr, engine.pr, read) : this.readQuorum(read);
    const seen = truth.covered(answer.versions.map(({ writeId }) => writeId));
    for (const write of truth.all()) {
      if (write.address !== read.address || write.outcome !== "ok" || write.endedAt! > read.startedAt) continue;
      const w = this.sloppy && isSloppy(write) ? this.of(write.options?.pw, engine.pw, write) : this.writeQuorum(write);
      if (this.void.has(write.version.writeId)) {
        count("freshness: written by a removed node, excused");
        continue;
      }
      if (r + w <= this.n) count("freshness: quorums need not meet");
      else if (answer.versions.length === 0 && !absencesCount) count("freshness: not found by absences, excused");
      else if (r + w - this.lost(write) <= this.n) count("freshness: copies lost, excused");
      else if (seen.has(write.version.writeId)) count("freshness: seen");
      else if (ledger.isGone(write.address, write.version.writeId)) count("freshness: tombstone removed, excused");
      else broken("quorums that meet see acknowledged writes", `${what}, R=${String(r)}: not ${truth.describe(write.version.writeId)}, W=${String(w)}`); // prettier-ignore
    }
  }

  /** Copies of the write's key that lost something since it began. */
  private lost(write: Write): number {
    return this.lostSince(write.address, write.startedAt);
  }

  private lostSince(address: Address, at: Micros): number {
    const copies = this.changing ? this.court.ledger.copiesOf(address) : this.placesOf(address);
    const lost = copies.filter(({ lostAt }) => lostAt !== undefined && lostAt >= at).length;
    // While there were fewer members than copies, each that was lost was so much more.
    return lost === 0 ? 0 : lost + Math.max(0, this.n - this.court.fewest());
  }

  writeEnded(write: Write, answer: AnswerMessage): void {
    if (answer.outcome !== "ok") return this.checkShortfall(write.options, answer);
    const { clock, engine, ledger, truth, broken, count } = this.court;
    const id = write.version.writeId;
    const told = answer.versions.map(({ writeId }) => writeId);
    const what = truth.describe(id);
    for (const version of answer.versions) {
      const other = truth.write(version.writeId);
      const isHead = version.value === "" && version.meta === undefined;
      if (write.options?.returnBody === true ? other === undefined || !isAsWritten(version, other) : !isHead)
        broken("values are as they were written", `${what} is told ${truth.describe(version.writeId)}, changed`);
    }
    if (told.length > engine.maxSiblings) broken("siblings are bounded", `${what} is told ${String(told.length)}`);
    if (clock.declares.mayLose) return;
    if (ledger.isRemoved(answer.coordinator)) {
      this.void.add(id);
      return count("acknowledgements of a removed node, excused");
    }
    if (!told.includes(id)) broken("a write's answer knows the write", `${what} is told ${told.join(" ")}`);
    const places = this.placesOf(write.address);
    const hints = this.sloppy ? ledger.hintsOf(write.address) : [];
    const at = (place: Copy, has: (copy: Copy) => boolean): boolean =>
      has(place) ||
      hints.some((hint) => hint.home?.node === place.node && hint.home.vnode === place.vnode && has(hint));
    const primaries = places.filter((copy) => copy.received.has(id)).length;
    const received = places.filter((place) => at(place, (copy) => copy.received.has(id))).length;
    const stored = places.filter((place) => at(place, (copy) => copy.stored.has(id))).length;
    const dw = this.of(write.options?.dw, engine.dw, write);
    const pw = this.of(write.options?.pw, engine.pw, write);
    const confirms = this.of(write.options?.nodeConfirms, engine.nodeConfirms ?? 0, write);
    const kept = this.lends ? [...places, ...hints] : places;
    const keepers = new Set(kept.filter((copy) => copy.stored.has(id)).map(({ node }) => node)).size;
    if (write.version.tombstone && engine.graceMs !== undefined) return count("acknowledgements of tombstones with a grace, excused"); // prettier-ignore
    count("acknowledgements checked");
    if (received > primaries) count("acknowledgements with stand-ins");
    // Of a ring with fewer members than copies, as many are missing as there are too few.
    const short = this.n - places.length;
    // The ring may have gone on while the answer was under way, and what was lost meanwhile did not go with it.
    const lost = this.changing ? short + this.lost(write) : 0;
    const isTrue = (more: number): boolean =>
      received + more >= this.writeQuorum(write) &&
      stored + more >= dw &&
      primaries + more >= pw &&
      keepers + more >= confirms;
    if (lost > 0 && !isTrue(0)) {
      if (isTrue(lost)) return count("acknowledgements of copies that were lost, excused");
    }
    if (confirms > 0) count("acknowledgements confirmed by nodes");
    if (!isTrue(0)) {
      const have = `${String(received)} received, ${String(stored)} stored, ${String(primaries)} received by primaries, on ${String(keepers)} nodes`;
      const needed = `W=${String(this.writeQuorum(write))} DW=${String(dw)} PW=${String(pw)} nodes=${String(confirms)}`;
      broken("an acknowledgement is true", `${what}: ${have}, ${needed}`);
    }
  }

  /** Once all is quiet: what was acknowledged is still somewhere, and what was refused is nowhere. */
  atRest(): void {
    const { clock, truth, ledger, broken, count } = this.court;
    const refused = new Set(truth.all().flatMap((write) => (definitelyFailed(write) ? [write.version.writeId] : [])));
    for (const copy of ledger.all()) {
      for (const id of copy.received) {
        if (refused.has(id)) broken("a definite failure did not happen", `node-${String(copy.node + 1)} received ${truth.describe(id)}`); // prettier-ignore
      }
    }
    if (clock.declares.mayLose) return;
    for (const write of truth.all()) {
      if (write.outcome !== "ok") continue;
      const id = write.version.writeId;
      if (this.void.has(id)) {
        count("durability: written by a removed node, excused");
        continue;
      }
      const hints = ledger.hintsOf(write.address);
      const places = [...this.placesOf(write.address), ...hints];
      const ever = this.changing ? [...ledger.copiesOf(write.address), ...hints] : places;
      const isLost = ({ lostAt }: Copy): boolean => lostAt !== undefined && lostAt >= write.startedAt;
      const holders = ever.filter((copy) => copy.received.has(id));
      if (holders.length === 0 && this.changing) {
        broken("acknowledged writes survive", `${truth.describe(id)} is at no replica any more`);
        continue;
      }
      if (holders.every(isLost)) {
        count("durability: all copies lost, excused");
        continue;
      }
      const holds = (copy: Copy): boolean => {
        const state = newest(copy);
        return state !== undefined && truth.covered(idsOf(clock, state)).has(id);
      };
      if (places.some(holds)) count("durability: still there");
      else if (this.cannotBeTaken(write.address, ever.filter(holds)))
        count("durability: left over, for an owner cannot take it");
      else if (ledger.isGone(write.address, id)) count("durability: tombstone removed");
      else broken("acknowledged writes survive", `${truth.describe(id)} is at no replica`);
    }
  }

  /** Whether some of these copies are with nodes that keep what they do not own, because an owner cannot read what it has. */
  private cannotBeTaken(address: Address, holders: readonly Copy[]): boolean {
    const { ledger, mayReturn } = this.court;
    return (
      this.placesOf(address).some(({ node }) => ledger.isDamaged(node)) &&
      holders.some(({ node }) => !ledger.isRemoved(node) && !mayReturn(node))
    );
  }

  /** Copies that are kept for somebody who could have them, and whom nothing keeps from taking them. */
  hintsLeft(): readonly string[] {
    const { ledger, peek, clock } = this.court;
    const left: string[] = [];
    for (const { node, vnode, address, storedAs, home } of ledger.all()) {
      if (home === undefined || ledger.isDamaged(node) || ledger.isDamaged(home.node)) continue;
      if (ledger.isRemoved(node) || this.court.mayReturn(node)) continue;
      // What is to go to all owners waits for those that cannot take it.
      if (this.changing && this.placesOf(address).some((place) => ledger.isDamaged(place.node))) continue;
      const state = peek(node, vnode, storedAs);
      if (state !== undefined) left.push(`node-${String(node + 1)} keeps ${clock.describe(state)} for node-${String(home.node + 1)}`); // prettier-ignore
    }
    return left;
  }

  /** Copies at nodes whose they are not. */
  leftOver(): readonly string[] {
    const { ledger, peek, clock, ring, mayReturn } = this.court;
    const left: string[] = [];
    for (const { node, vnode, address, home } of ledger.all()) {
      if (home !== undefined || ledger.isDamaged(node) || ledger.isRemoved(node)) continue;
      if (mayReturn(node)) continue;
      const state = peek(node, vnode, address);
      if (state === undefined) continue;
      const owners = ring().preferenceList(address, this.n);
      // What an owner cannot read it cannot take in either.
      if (owners.some((place) => (place.node === node && place.vnode === vnode) || ledger.isDamaged(place.node))) continue; // prettier-ignore
      left.push(`node-${String(node + 1)}.${String(vnode)} keeps ${clock.describe(state)} of ${JSON.stringify(address)}`); // prettier-ignore
    }
    return left;
  }

  /** Whether all primaries of a key hold the same; undefined where a damaged disk or the ring makes that impossible. */
  agrees(address: Address): boolean | undefined {
    const { clock, engine, ledger, peek } = this.court;
    const places = this.placesOf(address);
    if (places.some(({ node }) => ledger.isDamaged(node))) return undefined;
    // Where hosts repeat, one may hold all the copies: nobody is there to compare them with.
    if (places.every(({ node }) => node === places[0].node)) return undefined;
    // Each removes its old tombstones by itself and gets them back from others: those count for nothing.
    const counts = (state: unknown): unknown =>
      engine.graceMs !== undefined && state !== undefined && clock.versions(state).every(({ tombstone }) => tombstone)
        ? undefined
        : state;
    const same = (a: unknown, b: unknown): boolean =>
      a === undefined || b === undefined ? a === b : clock.compare(a, b) === "equal";
    // As it lies on the disks: the books know nothing of what a crash without sync has left. And what could not be stored
    // may be in memory, where it is read.
    const held = places.map((copy) => {
      const stored = counts(peek(copy.node, copy.vnode, copy.storedAs));
      return copy.unstored === undefined ? [stored] : [stored, copy.unstored];
    });
    return held[0].some((first) => held.every((states) => states.some((state) => same(first, state))));
  }

  /** What the primaries of a key hold, for evidence. */
  describe(address: Address): string {
    const { clock, peek } = this.court;
    const text = (state: unknown): string => (state === undefined ? "nothing" : clock.describe(state));
    return this.placesOf(address)
      .map(({ node, vnode }) => `node-${String(node + 1)}.${String(vnode)}: ${text(peek(node, vnode, address))}`)
      .join("; ");
  }

  /** What one replica says it holds, at rest: it must be what the books say. */
  inspected(copy: Copy, held: readonly number[] | undefined): void {
    const { clock, truth, broken } = this.court;
    const state = newest(copy);
    const expected = state === undefined ? [] : idsOf(clock, state);
    const covered = truth.covered(held ?? []);
    // A clock that loses may have lost what was stored to what could not be, or was and nobody heard it: then it is that which is there.
    const later = [copy.unstored, ...copy.unheard].filter((one) => one !== undefined);
    const isThere = (one: unknown): boolean => idsOf(clock, one).every((id) => held?.includes(id) === true);
    if (clock.declares.mayLose && later.some(isThere)) return;
    for (const id of expected) {
      if (clock.declares.mayLose ? held?.includes(id) === true : covered.has(id)) continue;
      broken("a replica holds what it stored", `node-${String(copy.node + 1)} holds [${(held ?? []).join(" ")}], not ${truth.describe(id)}`); // prettier-ignore
    }
  }

  placesOf(address: Address): readonly Copy[] {
    const { ring, ledger } = this.court;
    return ring()
      .preferenceList(address, this.n)
      .map(({ node, vnode }) => ledger.copyOf(node, vnode, address));
  }

  private writeQuorum({ options }: Write): number {
    const { engine } = this.court;
    const of = (asked: QuorumValue | undefined, usual: QuorumValue): number => this.of(asked, usual, { options });
    return Math.max(of(options?.w, engine.w), of(options?.pw, engine.pw), of(options?.dw, engine.dw));
  }

  /** Of as many copies as the request is concerned with, at most. */
  private of(asked: QuorumValue | undefined, usual: QuorumValue, { options }: Pick<Read, "options">): number {
    const n = options?.nVal ?? this.n;
    return resolveQuorum(asked ?? (typeof usual === "number" ? Math.min(usual, n) : usual), n)!;
  }
}

/** Stand-ins may have counted. */
function isSloppy({ options }: Pick<Read, "options">): boolean {
  return options?.sloppy !== false;
}

function isAsWritten({ value, tombstone, meta }: Version, { version }: Write): boolean {
  return version.value === value && version.tombstone === tombstone && version.meta === meta;
}
