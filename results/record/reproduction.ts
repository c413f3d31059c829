/**
 * What a reproduction of published results leaves: a record for each target, with what was published, what was measured now, the
 * tolerance between them and the verdict, point by point. Plain data that survives JSON, read by the page and by whoever asks for
 * `--json`. Three kinds of reference never mix: what a source prints (`published`), what follows from a formula or from a simulation of
 * our own (`expected` alone), and what was measured now.
 */
import type { RunManifest } from "./run-folder";

export type ReproductionVerdict = "pass" | "fail" | "inconclusive" | "not-run";

/** One number of a target. */
export interface ReproducedPoint {
  readonly label: string;
  /** Of all numbers here; `ratio` is shown in percent. */
  readonly unit: string;
  /** As the source prints it; null where it does not. */
  readonly published: number | null;
  /** What the tolerance lies around: the published value, else a derived one; null where only a bound is claimed. */
  readonly expected: number | null;
  /** The tolerance, absolute; null: open on that side. */
  readonly least: number | null;
  readonly most: number | null;
  readonly measured: number | null;
  /** Its 95 % interval, where there is one. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly verdict: ReproductionVerdict;
  readonly note?: string;
}

/** A curve that was published (or derived) beside the measured one. */
export interface ReproducedCurve {
  readonly title: string;
  readonly x: { readonly title: string; readonly scale: "linear" | "logarithmic"; readonly unit: string };
  readonly y: { readonly title: string; readonly scale: "linear" | "logarithmic"; readonly unit: string };
  readonly series: readonly {
    readonly name: string;
    readonly kind: "published" | "derived" | "measured";
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

export type ReproductionSize = "quick" | "full";

export interface ReproducedTarget {
  readonly id: string;
  /** Where a target is measured in more than one way: by the engine, on processes. */
  readonly variant?: string;
  readonly claim: string;
  /** Name of the paper, as `PAPERS` has it. */
  readonly paper: string;
  /** Table, figure or section. */
  readonly source: string;
  /** How the source was read. */
  readonly read: ReferenceKind;
  readonly world: "simulation" | "processes" | "both";
  readonly tier: 1 | 2 | 3;
  readonly tolerance: string;
  /** What was run, in words. */
  readonly run: string;
  /** What repeats it. */
  readonly command: string;
  readonly published: readonly (number | null)[];
  readonly measured: readonly (number | null)[];
  readonly verdict: ReproductionVerdict;
  readonly points: readonly ReproducedPoint[];
  readonly curves: readonly ReproducedCurve[];
  readonly footnote?: string;
  /** Why it was not run, or could not be decided. */
  readonly reason?: string;
  /** As long as it takes without trials that were there already; null where nothing was run. */
  readonly minutes: number | null;
  /** Of how many trials how many were there already. */
  readonly trials?: { readonly all: number; readonly reused: number };
  /** ISO 8601; when it was measured. */
  readonly at?: string;
  readonly size: ReproductionSize;
  /** Run folders below the results' root: `<experiment>/<run id>`. */
  readonly runs: readonly string[];
}

/** `primary`: in its text or tables; `figure`: off a figure of it; `secondary`: notes, documentation; `derived`: nobody published it. */
export type ReferenceKind = "primary" | "figure" | "secondary" | "derived";

export interface Reproduction {
  readonly schema: "quorumlab/reproduce@1";
  readonly startedAt: string;
  /** null while it is going on, or was interrupted. */
  readonly endedAt: string | null;
  readonly size: ReproductionSize;
  readonly argv: readonly string[];
  readonly quorumlab: RunManifest["quorumlab"];
  readonly machine: RunManifest["machine"];
  readonly semanticsVersion: string;
  readonly targets: readonly ReproducedTarget[];
}
