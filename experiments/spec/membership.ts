/**
 * What a cell says of membership, as settings of the engine; and what of it has no effect, or cannot be, together with the
 * rest: nodes that join where membership is fixed, and rings that have no two quorums to count.
 */
import { MAX_REPLICAS } from "../../engine/quorum/arithmetic";
import type { EngineSettings, MembershipSettings } from "../../engine/vocabulary/settings";
import type { MemberPlan } from "./cross-checks";
import type { Problems } from "./problems";
import { scaler } from "./repair";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

const KEYS = [
  ...["interval", "fanout", "seeds", "push_pull", "payload", "quarantine"].map((name) => `tunables.gossip_${name}`),
  ...["double_writes", "transfer_rate", "transfer_batch"].map((name) => `tunables.${name}`),
];

/** Left out where membership is fixed. */
export function membershipOf(values: Values, members: readonly MemberPlan[]): Pick<EngineSettings, "membership"> {
  if (values.text("tunables.membership") === "static") return {};
  const pushPullMs = values.get("tunables.gossip_push_pull") as number | undefined;
  const quarantineMs = scaler(values)(values.get("tunables.gossip_quarantine") as number | undefined);
  const rate = values.get("tunables.transfer_rate") as number | undefined;
  const membership: MembershipSettings = {
    intervalMs: values.number("tunables.gossip_interval"),
    fanout: values.number("tunables.gossip_fanout"),
    seeds: seedsOf(values, members),
    ...(pushPullMs === undefined ? {} : { pushPullMs }),
    payloadBytes: values.number("tunables.gossip_payload"),
    ...(quarantineMs === undefined ? {} : { quarantineMs }),
    doubleWrites: values.get("tunables.double_writes") === true,
    ...(rate === undefined ? {} : { transferRateBytesPerSecond: rate }),
    transferBatch: values.number("tunables.transfer_batch"),
  };
  return { membership };
}

function seedsOf(values: Values, members: readonly MemberPlan[]): readonly number[] {
  const named = values.get("tunables.gossip_seeds") as readonly string[];
  return members.flatMap(({ id, joins }, i) => (joins !== true && named.includes(id) ? [i] : []));
}

export function checkMembership(
  values: Values,
  members: readonly MemberPlan[] | undefined,
  warn: Warn,
  problems: Problems,
): void {
  if (!values.sound("tunables.membership", "cluster.spares", "tunables.n_val", "ring.distinct_hosts", "ring.strategy"))
    return;
  const gossips = values.text("tunables.membership") === "gossip";
  if (!gossips) {
    for (const key of KEYS)
      if (values.given(key)) warn(values.place(key), `${key} has no effect: tunables.membership is static`);
    if (values.number("cluster.spares") > 0)
      problems.error(values.place("cluster.spares"), "cluster.spares never join: tunables.membership is static");
    return;
  }
  const most = Math.floor(MAX_REPLICAS / 2);
  if (values.number("tunables.n_val") > most)
    problems.error(
      values.place("tunables.n_val"),
      `tunables.n_val is ${values.number("tunables.n_val")}; with tunables.membership: gossip at most ${most}, because a write may have to go to twice as many`,
    );
  if (values.text("ring.distinct_hosts") === "claim" && values.text("ring.strategy") === "random-tokens")
    problems.error(
      values.place("ring.distinct_hosts"),
      "with tunables.membership: gossip random tokens need ring.distinct_hosts: walk, because tokens have no number that stays",
    );
  if (!values.sound("tunables.gossip_seeds") || members === undefined || !values.given("tunables.gossip_seeds")) return;
  const ids = new Set(members.filter(({ joins }) => joins !== true).map(({ id }) => id));
  for (const id of values.get("tunables.gossip_seeds") as readonly string[])
    if (!ids.has(id))
      problems.error(
        values.place("tunables.gossip_seeds"),
        `tunables.gossip_seeds names "${id}", which is no node that is there from the beginning`,
      );
}
