/**
 * `predict` for notebooks: the PBS model of Bailis and others, asked as `quorumlab predict` asks it, for the delays of a published
 * store or for delays written as an experiment file writes them.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type { Written } from "../../engine/vocabulary/scalar-kinds";
import { checkStructure } from "../../engine/vocabulary/structures";
import { MODELS } from "../../results/predictions/models";
import { predict as predictQuorum, type Prediction } from "../../results/predictions/prediction";
import { UserError } from "../cli/user-error";
import type { SpecValue } from "./stored-simulation";

export interface PredictionQuestion {
  /** A published store (`lnkd-disk`, `lnkd-ssd`, `ymmr`, `ymmr-printed`, `wan`), or one-way delays; those left out take no time. */
  readonly model:
    string | { readonly w?: SpecValue; readonly a?: SpecValue; readonly r?: SpecValue; readonly s?: SpecValue };
  /** Replicas of a key. Default 3. */
  readonly n?: number;
  readonly r: number;
  readonly w: number;
  /** Default 100,000. */
  readonly trials?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Times since the acknowledgement at which the curve is wanted, in milliseconds. */
  readonly atMs?: readonly number[];
}

/** How soon reads are consistent, without a cluster. */
export function predict({ model, n = 3, r, w, trials = 100_000, seed = 1, atMs }: PredictionQuestion): Prediction {
  try {
    return predictQuorum({
      model: typeof model === "string" ? named(model) : { name: "given", legs: legsOf(model) },
      ...{ n, r, w, trials, seed },
      ...(atMs === undefined ? {} : { atMs: [...atMs].sort((a, b) => a - b) }),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(`predict: ${error.message}`);
    throw error;
  }
}

function named(name: string): NonNullable<ReturnType<typeof MODELS.get>> {
  const found = MODELS.get(name);
  if (found !== undefined) return found;
  const near = nearest(name, MODELS.keys());
  throw new UserError(
    `predict: there is no model ${name}; ${near === undefined ? `there are ${[...MODELS.keys()].join(", ")}` : `did you mean ${near}?`}`,
  );
}

/** As a reader of YAML hands it on. */
function writtenOf(value: SpecValue): Written {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly SpecValue[]).map(writtenOf);
  return new Map(Object.entries(value as Record<string, SpecValue>).map(([key, one]) => [key, writtenOf(one)]));
}

const LEGS = ["w", "a", "r", "s"] as const;
type Legs = Record<(typeof LEGS)[number], DistributionSettings>;

function legsOf(given: Exclude<PredictionQuestion["model"], string>): Legs {
  const strange = Object.keys(given).find((key) => !LEGS.some((leg) => leg === key));
  if (strange !== undefined)
    throw new UserError(`predict: model.${strange} is no way of a message; there are w, a, r, s`);
  return Object.fromEntries(
    LEGS.map((leg): [string, DistributionSettings] => {
      const written = given[leg];
      const none: DistributionSettings = { dist: "constant", valueMs: 0 };
      if (written === undefined) return [leg, none];
      const checked = checkStructure("distribution", writtenOf(written));
      if (checked.ok) return [leg, (checked.value as DistributionSettings | undefined) ?? none];
      const [{ path, message }] = checked.faults;
      throw new UserError(`predict: ${["model", leg, ...path].join(".")} ${message}`);
    }),
  ) as Legs;
}
