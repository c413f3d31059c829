/**
 * The version of what is made of a history: metrics, figures, doubts. A stored trial is taken in place of a new one only if both
 * would say the same, and the engine's semantics version speaks of the history alone. Raise it when a figure or metric of an unchanged
 * history changes, or a new one appears (`test/experiments/sweeps/measures-version.spec.ts` notices). It is no part of a trial's id: what was measured
 * before stays where it is, and is made again when it is needed.
 */
export const MEASURES_VERSION = "1";
