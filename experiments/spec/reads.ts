/**
 * What a cell says of the way of reads: whom they are sent to, what those send back, who is repaired and when. Settings that
 * have no effect are left out, so that a trial is addressed by what matters; whoever gave them is told.
 */
import { resolveQuorum } from "../../engine/quorum/arithmetic";
import type { EngineSettings, QuorumValue } from "../../engine/vocabulary/settings";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

type ReadSettings = Pick<
  EngineSettings,
  "readRepair" | "readRepairChance" | "digestReads" | "readFanout" | "speculativeRetry"
>;

export function readsOf(values: Values): ReadSettings {
  const few = values.text("tunables.read_fanout") === "quorum";
  const chance = values.number("tunables.read_repair_chance");
  const speculation = values.get("tunables.speculative_retry") as EngineSettings["speculativeRetry"];
  const readRepair = values.text("tunables.read_repair") as EngineSettings["readRepair"];
  return {
    readRepair,
    ...(chance > 0 && (few || readRepair === "none") ? { readRepairChance: chance } : {}),
    ...(values.get("tunables.digest_reads") === true ? { digestReads: true } : {}),
    ...(few ? { readFanout: "quorum" as const } : {}),
    ...(few && speculation !== undefined ? { speculativeRetry: speculation } : {}),
  };
}

const KEYS = ["read_repair", "read_repair_chance", "digest_reads", "read_fanout", "speculative_retry"];

/** Strategies that say nothing where they stand. */
export function checkReads(values: Values, warn: Warn): void {
  if (!values.sound(...KEYS.map((name) => `tunables.${name}`), "tunables.n_val", "tunables.r", "tunables.pr")) return;
  const idle = (key: string, because: string): void => {
    if (values.given(key)) warn(values.place(key), `${key} has no effect: ${because}`);
  };
  const settings = readsOf(values);
  const few = settings.readFanout === "quorum";
  const n = values.number("tunables.n_val");
  const [r, pr] = ["tunables.r", "tunables.pr"].map((key) => resolveQuorum(values.get(key) as QuorumValue, n) ?? 0);
  const needed = Math.max(1, r, pr);
  const contacted = few ? needed : n;
  const chance = values.number("tunables.read_repair_chance");
  const speculates = values.get("tunables.speculative_retry") !== undefined;
  if (speculates && !few)
    idle("tunables.speculative_retry", "with tunables.read_fanout all every replica is asked at once");
  else if (speculates && needed >= n)
    idle("tunables.speculative_retry", `all ${String(n)} replicas must answer, there is no other to ask`);
  if (few && needed >= n) idle("tunables.read_fanout", `all ${String(n)} replicas must answer`);
  if (settings.digestReads === true && contacted === 1 && chance === 0)
    idle("tunables.digest_reads", "a read is sent to one replica, which returns the copy");
  if (chance > 0 && settings.readRepairChance === undefined)
    idle("tunables.read_repair_chance", "every read is sent to all N and repairs them");
  if (settings.readRepair === "none" || needed > 1) return;
  if (few && settings.readRepair === "async" && !speculates && chance === 0)
    idle("tunables.read_repair", "a read is sent to one replica, and there is none to compare it with");
  if (settings.readRepair === "blocking")
    idle("tunables.read_repair", "one replica is enough for an answer (R 1), so that no answer waits for a repair");
}
