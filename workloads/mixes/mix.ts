/**
 * What the clients do, by name: the map behind `workload.mix_name`, and the one place that makes a workload of settings, so
 * that both worlds draw the same operations. YCSB's mix is drawn from the given stream itself and the others from forks of
 * it, each with a stream for every question it asks: what is drawn depends on the seed and never on how the store fares,
 * so two clocks are compared under the same operations.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { Workload } from "../operation";
import type { MixtureSettings, WorkloadSettings } from "../settings";
import { coreWorkload } from "../ycsb/core-workload";
import { cart } from "./cart";
import { counters } from "./counters";
import { deleteHeavy } from "./delete-heavy";
import { objectIndex } from "./object-index";
import { scripted } from "./scripted";
import { timeOrdered } from "./time-ordered";
import { trace } from "./trace";

export type MixName = "ycsb" | MixtureSettings["name"];

export interface MixStrategy {
  readonly name: MixName;
  /** For `explain`. */
  readonly prose: string;
  /** `settings.mixture` is this mix's own. */
  create(settings: WorkloadSettings, random: Random): Workload;
}

const ycsb: MixStrategy = {
  name: "ycsb",
  prose:
    "Reads, updates, inserts, deletes and read-modify-writes by weight, on keys by popularity: YCSB's core workload, or the same by native fields.",
  create: coreWorkload,
};

/** Every mix by the name used in `mix_name:`. */
export const MIXES: Readonly<Record<MixName, MixStrategy>> = {
  ycsb,
  scripted,
  cart,
  counters,
  "time-ordered": timeOrdered,
  "delete-heavy": deleteHeavy,
  "object-index": objectIndex,
  trace,
};

/** `random` is the workload's own stream. Settings are taken as checked; a broken bound is an assertion. */
export function workloadFor(settings: WorkloadSettings, random: Random): Workload {
  return MIXES[settings.mixture?.name ?? "ycsb"].create(settings, random);
}
