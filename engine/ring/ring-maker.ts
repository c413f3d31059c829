/**
 * Rings of one cluster, made from plans: the first one, the next one after a change of members, and the ring that a plan
 * means. Nodes of one process share the last few, because a thousand simulated nodes would otherwise each build the same
 * ring of a quarter of a million tokens; rings are immutable, so that nothing but the work is shared.
 */
import type { Random } from "../vocabulary/random";
import type { ClusterSettings } from "../vocabulary/settings";
import { firstPlan, nextPlan, type NodeIndex, type RingPlan } from "./plan";
import { Ring } from "./ring";

/** As many as one change needs, and the next. */
const KEPT = 6;

export class RingMaker {
  readonly first: RingPlan;
  private readonly made = new Map<string, Ring>();
  private readonly planned = new Map<string, RingPlan>();
  /** The same plan, as an object, needs not be written out to be known again. */
  private readonly byPlan = new WeakMap<RingPlan, Ring>();

  /** `random` is the cluster's own stream for rings, only forked. */
  constructor(
    private readonly cluster: Pick<ClusterSettings, "ring" | "members">,
    private readonly random: Random,
  ) {
    this.first = firstPlan(cluster.ring, cluster.members, random);
  }

  /** @throws RangeError of a plan that no ring can be made of. */
  of(plan: RingPlan): Ring {
    const known = this.byPlan.get(plan);
    if (known !== undefined) return known;
    const { ring, members } = this.cluster;
    const made = kept(this.made, JSON.stringify(plan), () => Ring.of(ring, members, plan, this.random));
    this.byPlan.set(plan, made);
    return made;
  }

  /** The ring of `members` that is nearest to `previous`. */
  next(previous: RingPlan, members: readonly NodeIndex[]): RingPlan {
    const { ring, members: universe } = this.cluster;
    const name = JSON.stringify([previous, members]);
    return kept(this.planned, name, () => nextPlan(ring, universe, previous, members, this.random));
  }

  isPossible(plan: RingPlan): boolean {
    try {
      this.of(plan);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }
}

function kept<T>(in_: Map<string, T>, name: string, make: () => T): T {
  const known = in_.get(name);
  if (known !== undefined) return known;
  const made = make();
  if (in_.size >= KEPT) in_.delete(in_.keys().next().value!);
  in_.set(name, made);
  return made;
}
