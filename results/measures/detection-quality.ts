/**
 * The quality of service of failure detectors (Chen, Toueg and Aguilera, "On the quality of service of failure detectors",
 * IEEE Trans. Computers 2002), from opinions laid against the truth. A detector is a pair: what one observer thinks of one
 * subject. Each pair is walked once through its changes of truth and opinion.
 *
 * What is true when. A subject whose process has ended is down: to suspect it is right, and the time from its true end to the
 * suspicion that stays is T_D. A subject that stands still answers nobody: to suspect it is no mistake, but no crash either,
 * and it is counted apart. A pair between whom messages are cut off, in either direction, can ask nothing of each other:
 * apart again. An observer that is down or stands still has no opinion to judge. Everything else is failure-free time, in
 * which a suspicion is a mistake however short it is, also one that comes just after a subject is back. A suspicion
 * that rightly began and stands on when the subject is back is neither: until it is given up, the pair is not judged. An
 * observer that starts trusts everybody, and owes no detection of who was down before.
 */
import { isApart, type NodeState } from "../record/detection";
import type { Micros } from "../record/history";
import { type DetectionHistory, firstTrouble, type Opinion, troubles } from "./detection-history";

/** Of one pair and one crash (or pause): found out after so long, or watched so long without. */
export interface Watch {
  readonly observer: number;
  readonly subject: number;
  readonly from: Micros;
  readonly took: Micros;
  readonly detected: boolean;
  /** The observer could see it to its end, or to the end of the trial. */
  readonly throughout: boolean;
}

export interface PairAccuracy {
  /** Failure-free time judged, and mistaken time in it. */
  judged: Micros;
  mistaken: Micros;
  mistakes: number;
  /** How long those stood that were counted, within the time that is judged; one that had begun before is in neither. */
  mistakeTime: Micros;
  openMistakes: number;
  /** Between the beginnings of consecutive mistakes, and good times between two. */
  recurrences: number;
  recurrenceTime: Micros;
  goodPeriods: number;
  goodTime: Micros;
}

export interface Quality {
  readonly crashes: readonly Watch[];
  readonly pauses: readonly Watch[];
  /** Parallel to the nodes: of each as an observer. */
  readonly observers: readonly PairAccuracy[];
  readonly mistakesByHealthy: number;
  readonly mistakesOfHealthy: number;
  readonly mistakesAmongHealthy: number;
  /** Watches of pauses beyond those kept. */
  readonly pausesLeftOut: number;
  readonly pauseSuspicions: number;
  readonly cutSuspicions: number;
  readonly returns: number;
  readonly openReturns: number;
  readonly returnTime: Micros;
}

/** A crash of a thousand nodes at a thousand observers each, and no more. */
const MOST_WATCHES = 1_000_000;

export function qualityOf(history: DetectionHistory): Quality {
  return new Judge(history).judge();
}

type Change =
  | { readonly at: Micros; readonly kind: "observer" | "subject"; readonly state: NodeState }
  | { readonly at: Micros; readonly kind: "cut"; readonly apart: boolean }
  | { readonly at: Micros; readonly kind: "opinion"; readonly suspected: boolean };

class Judge {
  private readonly crashes: Watch[] = [];
  private readonly pauses: Watch[] = [];
  private readonly observers: PairAccuracy[];
  private readonly healthyUntil: readonly Micros[];
  private readonly counts = {
    ...{ mistakesByHealthy: 0, mistakesOfHealthy: 0, mistakesAmongHealthy: 0, pausesLeftOut: 0 },
    ...{ pauseSuspicions: 0, cutSuspicions: 0, returns: 0, openReturns: 0, returnTime: 0 },
  };

  constructor(private readonly history: DetectionHistory) {
    this.observers = history.nodes.map(() => nothing());
    this.healthyUntil = history.nodes.map((_, node) => firstTrouble(history, node));
  }

  judge(): Quality {
    const { history } = this;
    const { nodes, states, from, to } = history;
    const opinions = byPair(history);
    // Up before anybody judges, and up to the end.
    const steady = states.map((changes) => changes.length === 1 && changes[0].state === "up" && changes[0].at <= from);
    for (let subject = 0; subject < nodes.length; subject++) {
      for (let observer = 0; observer < nodes.length; observer++) {
        if (observer === subject) continue;
        const own = opinions.get(observer * nodes.length + subject);
        if (own === undefined && steady[observer] && steady[subject] && history.cuts.length === 0)
          this.observers[observer].judged += to - from;
        else this.pair(observer, subject, own ?? []);
      }
    }
    return { crashes: this.crashes, pauses: this.pauses, observers: this.observers, ...this.counts };
  }

  private pair(observer: number, subject: number, opinions: readonly Opinion[]): void {
    const walk = new PairWalk(this, this.history, observer, subject);
    for (const change of changesOf(this.history, observer, subject, opinions)) walk.change(change);
    walk.finish();
  }

  accuracyOf(observer: number): PairAccuracy {
    return this.observers[observer];
  }

  count(name: "pauseSuspicions" | "cutSuspicions"): void {
    this.counts[name]++;
  }

  mistake(observer: number, subject: number, at: Micros): void {
    const by = at < this.healthyUntil[observer];
    const of = at < this.healthyUntil[subject];
    if (by) this.counts.mistakesByHealthy++;
    if (of) this.counts.mistakesOfHealthy++;
    if (by && of) this.counts.mistakesAmongHealthy++;
  }

  returned(after: Micros, open: boolean): void {
    if (open) this.counts.openReturns++;
    else {
      this.counts.returns++;
      this.counts.returnTime += after;
    }
  }

  watched(kind: "down" | "paused", watch: Watch): void {
    const all = kind === "down" ? this.crashes : this.pauses;
    if (all.length < MOST_WATCHES) all.push(watch);
    else this.counts.pausesLeftOut++;
  }
}

/** One pair on its way through the trial. */
class PairWalk {
  private observerState: NodeState = "absent";
  private subjectState: NodeState = "absent";
  private apart = false;
  private suspected = false;
  /** What is true since `at`. */
  private at: Micros = 0;
  /** Suspected when the failure-free time began: not judged until given up. */
  private late = false;
  private lateSince: Micros = 0;
  private mistakeSince: Micros | undefined;
  private goodSince: Micros | undefined;
  private lastMistake: Micros | undefined;
  private watch: { readonly kind: "down" | "paused"; readonly from: Micros; candidate: Micros | undefined } | undefined;

  constructor(
    private readonly judge: Judge,
    private readonly history: DetectionHistory,
    private readonly observer: number,
    private readonly subject: number,
  ) {}

  private get free(): boolean {
    return this.observerState === "up" && this.subjectState === "up" && !this.apart;
  }

  change(change: Change): void {
    this.account(change.at);
    const { at } = change;
    const wasFree = this.free;
    switch (change.kind) {
      case "opinion":
        if (change.suspected !== this.suspected) this.opine(at, change.suspected);
        return;
      case "cut":
        this.apart = change.apart;
        if (change.apart) this.closeWatch(at, false);
        break;
      case "observer":
        this.observerState = change.state;
        if (change.state !== "up") this.closeWatch(at, false);
        // Who starts knows nothing and trusts all (what it thinks before it is seen to be up is its new life's); who
        // stood still goes on with what it thought.
        if (change.state === "down" || change.state === "absent") this.suspected = false;
        break;
      case "subject":
        if (change.state === this.subjectState) return;
        this.closeWatch(at, true);
        this.subjectState = change.state;
        if (change.state === "down" || change.state === "paused") this.openWatch(at, change.state);
        break;
    }
    if (wasFree && !this.free) this.leave(at);
    else if (!wasFree && this.free) this.enter(at);
  }

  finish(): void {
    const { end } = this.history;
    this.account(end);
    this.closeWatch(end, true);
    if (this.free) this.leave(end);
  }

  /** The time since the last change, by what was true in it. */
  private account(until: Micros): void {
    const { from, to } = this.history;
    const length = Math.min(until, to) - Math.max(this.at, from);
    if (length > 0 && this.free && !this.late) {
      const accuracy = this.judge.accuracyOf(this.observer);
      accuracy.judged += length;
      if (this.suspected) accuracy.mistaken += length;
      if (this.mistakeSince !== undefined) accuracy.mistakeTime += length;
    }
    this.at = until;
  }

  private enter(at: Micros): void {
    this.lastMistake = undefined;
    this.goodSince = undefined;
    this.mistakeSince = undefined;
    this.late = this.suspected;
    this.lateSince = at;
  }

  private leave(at: Micros): void {
    if (this.late) {
      if (this.isJudged(this.lateSince)) this.judge.returned(at - this.lateSince, true);
    } else if (this.mistakeSince !== undefined) this.judge.accuracyOf(this.observer).openMistakes++;
    this.late = false;
    this.mistakeSince = undefined;
  }

  private opine(at: Micros, suspected: boolean): void {
    this.suspected = suspected;
    if (this.watch !== undefined) this.watch.candidate = suspected ? at : undefined;
    if (this.free) this.inFreeTime(at, suspected);
    else if (suspected && this.observerState === "up" && this.isJudged(at)) {
      if (this.subjectState === "paused") this.judge.count("pauseSuspicions");
      else if (this.subjectState === "up") this.judge.count("cutSuspicions");
    }
  }

  private inFreeTime(at: Micros, suspected: boolean): void {
    if (this.late) {
      this.late = false;
      if (this.isJudged(this.lateSince)) this.judge.returned(at - this.lateSince, false);
      return;
    }
    const accuracy = this.judge.accuracyOf(this.observer);
    if (!suspected) {
      if (this.mistakeSince !== undefined) this.goodSince = at;
      this.mistakeSince = undefined;
      return;
    }
    if (!this.isJudged(at)) return;
    accuracy.mistakes++;
    this.judge.mistake(this.observer, this.subject, at);
    if (this.lastMistake !== undefined) {
      accuracy.recurrences++;
      accuracy.recurrenceTime += at - this.lastMistake;
    }
    if (this.goodSince !== undefined) {
      accuracy.goodPeriods++;
      accuracy.goodTime += at - this.goodSince;
    }
    this.mistakeSince = this.lastMistake = at;
  }

  private openWatch(at: Micros, kind: "down" | "paused"): void {
    if (this.observerState !== "up" || this.apart || !this.isJudged(at)) return;
    this.watch = { kind, from: at, candidate: this.suspected ? at : undefined };
  }

  private closeWatch(at: Micros, throughout: boolean): void {
    const { watch, observer, subject } = this;
    this.watch = undefined;
    // Both at one instant: it never watched.
    if (watch === undefined || at === watch.from) return;
    const detected = watch.candidate !== undefined;
    const took = (watch.candidate ?? at) - watch.from;
    this.judge.watched(watch.kind, { observer, subject, from: watch.from, took, detected, throughout });
  }

  private isJudged(at: Micros): boolean {
    return at >= this.history.from && at < this.history.to;
  }
}

/** In order of time; of one instant the truth comes before what anybody thinks of it. */
function changesOf(
  { states, cuts }: DetectionHistory,
  observer: number,
  subject: number,
  opinions: readonly Opinion[],
): Change[] {
  const changes: Change[] = [
    ...states[observer].map(({ at, state }): Change => ({ at, kind: "observer", state })),
    ...states[subject].map(({ at, state }): Change => ({ at, kind: "subject", state })),
    ...cuts.map(({ at, cuts: all }): Change => ({ at, kind: "cut", apart: isApart(all, observer, subject) })),
    ...opinions.map(({ at, suspected }): Change => ({ at, kind: "opinion", suspected })),
  ];
  // Stable: of one instant and kind the order stays.
  return changes.sort((a, b) => a.at - b.at);
}

function byPair({ nodes, opinions }: DetectionHistory): Map<number, Opinion[]> {
  const pairs = new Map<number, Opinion[]>();
  for (const opinion of opinions) {
    const pair = opinion.observer * nodes.length + opinion.subject;
    const all = pairs.get(pair);
    if (all === undefined) pairs.set(pair, [opinion]);
    else all.push(opinion);
  }
  return pairs;
}

function nothing(): PairAccuracy {
  return {
    ...{ judged: 0, mistaken: 0, mistakes: 0, mistakeTime: 0, openMistakes: 0 },
    ...{ recurrences: 0, recurrenceTime: 0, goodPeriods: 0, goodTime: 0 },
  };
}

/** Of each node that is up at an instant: how many it takes for alive, itself included. Nodes that are absent are nobody's. */
export function trustedAt({ nodes, states, opinions }: DetectionHistory, at: Micros): number[] {
  const stateAt = (node: number): NodeState => states[node].findLast((change) => change.at <= at)?.state ?? "absent";
  const there = nodes.map((_, node) => stateAt(node));
  const suspected = nodes.map(() => new Set<number>());
  // A new life trusts everybody.
  const bornAt = nodes.map(
    (_, node) =>
      states[node].findLast(({ at: then, state }) => then <= at && (state === "down" || state === "absent"))?.at ?? -1,
  );
  for (const one of opinions) {
    if (one.at > at || one.at <= bornAt[one.observer]) continue;
    if (one.suspected) suspected[one.observer].add(one.subject);
    else suspected[one.observer].delete(one.subject);
  }
  const present = there.filter((state) => state !== "absent").length;
  return there.flatMap((state, node) =>
    state === "up" ? [present - [...suspected[node]].filter((other) => there[other] !== "absent").length] : [],
  );
}

/** A crash or pause of one subject as its observers found out. */
export interface Episode {
  readonly subject: number;
  readonly from: Micros;
  readonly length: Micros;
  /** Who watched, without those that stopped watching before they had found out. */
  readonly observers: number;
  readonly first: Micros | undefined;
  readonly all: Micros | undefined;
}

/** Watches of one subject's crash put together; in order of time. */
export function episodesOf(history: DetectionHistory, watches: readonly Watch[], kind: "down" | "paused"): Episode[] {
  const byEpisode = new Map<string, Watch[]>();
  for (const watch of watches) {
    const key = `${watch.subject} ${watch.from}`;
    const all = byEpisode.get(key);
    if (all === undefined) byEpisode.set(key, [watch]);
    else all.push(watch);
  }
  const episodes = [...byEpisode.values()].map((all): Episode => {
    const [{ subject, from }] = all;
    const lasted = troubles(history.states[subject], history.end).find(
      (one) => one.from === from && one.state === kind,
    );
    const counted = all.filter(({ detected, throughout }) => detected || throughout);
    const found = counted.filter(({ detected }) => detected).map(({ took }) => took);
    return {
      subject,
      from,
      length: Math.min(lasted?.to ?? history.end, history.end) - from,
      observers: counted.length,
      first: found.length === 0 ? undefined : found.reduce((a, b) => Math.min(a, b)),
      all: found.length === 0 || found.length < counted.length ? undefined : found.reduce((a, b) => Math.max(a, b)),
    };
  });
  return episodes.filter(({ observers }) => observers > 0).sort((a, b) => a.from - b.from || a.subject - b.subject);
}
