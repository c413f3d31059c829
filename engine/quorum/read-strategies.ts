/**
 * How this node goes about the reads it coordinates: whom it contacts at first, whether it wants digests, when it stops
 * waiting for a replica and asks another. One object a node, and none where a read simply asks all N for all they have.
 *
 * Speculation waits for the p99 of what replicas of this node's reads have lately taken: a reply that is in time 99 times
 * of 100 is waited for, so that at most about one read of a hundred costs one message more. Until there are enough
 * samples it does nothing, because a guess would either flood the replicas or help nobody. Replies that come late are
 * counted as long as the request is remembered; those of a replica that says nothing are in no sample, and need not be:
 * that one is what speculation is for. Sources: Cassandra's speculative_retry; Dean and Barroso, The Tail at Scale,
 * CACM 2013 (hedged requests).
 */
import type { Clock } from "../clocks/clock";
import type { Replica as Placement } from "../ring/ring";
import { toMs, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { EngineSettings } from "../vocabulary/settings";
import { countOf } from "./arithmetic";
import { Deadlines } from "./deadlines";
import { Digests } from "./digest";
import { RecentLatency } from "./recent-latency";
import { contactsOf, type ReadPlan, type StrategicGet } from "./strategic-get";

export class ReadStrategies {
  private readonly digests: Digests | undefined;
  private readonly latency: RecentLatency | undefined;
  private readonly speculations: Deadlines;

  constructor(
    private readonly settings: EngineSettings,
    clock: Clock,
    private readonly self: number,
    private readonly random: Random,
    /** Whether a request still waits for its answer. */
    isWaiting: (id: number) => boolean,
    now: Micros,
  ) {
    if (settings.digestReads === true) this.digests = new Digests(clock);
    if (settings.speculativeRetry === "p99") this.latency = new RecentLatency(now);
    this.speculations = new Deadlines(isWaiting);
  }

  /** Undefined where reads need no strategy. */
  static of(...[settings, ...rest]: ConstructorParameters<typeof ReadStrategies>): ReadStrategies | undefined {
    const { readFanout, digestReads, readRepair, readRepairChance } = settings;
    const needed =
      readFanout === "quorum" || digestReads === true || readRepair === "blocking" || (readRepairChance ?? 0) > 0;
    return needed ? new ReadStrategies(settings, ...rest) : undefined;
  }

  /** For a read that `needed` of the `asked` must answer. */
  plan(replicas: readonly Placement[], asked: number, primaries: number, needed: number, now: Micros): ReadPlan {
    const { readFanout, readRepair, readRepairChance, speculativeRetry } = this.settings;
    const { self } = this;
    const isChosen = readRepairChance !== undefined && this.random.nextFloat() < readRepairChance;
    let contacted = asked;
    let speculative = 0;
    if (readFanout === "quorum" && !isChosen) {
      contacted = contactsOf(replicas, asked, primaries, self, needed);
      if (speculativeRetry === "always") {
        const more = contactsOf(replicas, asked, primaries, self, countOf(contacted) + 1);
        speculative = more & ~contacted;
        contacted = more;
      }
    }
    return {
      contacted,
      reserve: asked & ~contacted,
      whole: contactsOf(replicas, contacted, primaries, self, 1),
      speculative,
      digests: this.digests,
      blocking: readRepair === "blocking",
      repairs: isChosen || readRepair !== "none",
      startedAt: now,
    };
  }

  /** A read has been sent to its first contacts; when others are kept, it may be time for one of them later. */
  sent(now: Micros, get: StrategicGet): void {
    const { speculativeRetry } = this.settings;
    if (get.plan.reserve === 0 || speculativeRetry === undefined || speculativeRetry === "always") return;
    const delayMs = speculativeRetry === "p99" ? this.p99Ms(now) : speculativeRetry.afterMs;
    if (delayMs !== undefined) this.speculations.add(now, delayMs, get.id);
  }

  private p99Ms(now: Micros): number | undefined {
    const p99 = this.latency?.quantile(now, 0.99);
    return p99 === undefined ? undefined : toMs(p99);
  }

  /** A replica's answer has come in, before the read knows of it. */
  heard(now: Micros, get: StrategicGet, node: number, vnode: number): void {
    if (this.latency === undefined) return;
    const took = get.took(node, vnode, now);
    if (took !== undefined) this.latency.record(now, took);
  }

  /** When the next read has waited long enough. */
  next(): Micros | undefined {
    return this.speculations.next();
  }

  /** Removes and returns one read that has waited long enough, if any. */
  takeDue(now: Micros): number | undefined {
    return this.speculations.takeDue(now);
  }
}
