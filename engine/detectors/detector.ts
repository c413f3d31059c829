/**
 * Failure detectors: from what a node has heard to whom it would rather not ask. A detector is an opinion, never a
 * fact; being wrong costs latency or availability, never safety. `now` is always passed in.
 */
import type { NodeIndex } from "../messages";
import type { DetectorSettings } from "../vocabulary/settings";
import type { Micros } from "../vocabulary/micros";
import { perfect } from "./perfect";
import { heartbeatTimeout } from "./timeout";

export interface Detector {
  /** A message of any kind arrived from `node`. */
  heard(node: NodeIndex, now: Micros): void;
  /** Current opinion; stable between {@link advance} and {@link heard}. */
  suspected(node: NodeIndex): boolean;
  /** Re-forms opinions; returns the nodes whose status changed. */
  advance(now: Micros): readonly NodeIndex[];
  nextWakeup(): Micros | undefined;
  /** The world says that `node` can be reached again, or no more: for detectors that believe it. */
  told?(node: NodeIndex, up: boolean, now: Micros): void;
  /** How often heartbeats are sent; Infinity: never. */
  readonly heartbeatIntervalMicros: Micros;
}

export interface DetectorFactory {
  readonly name: string;
  readonly prose: string;
  readonly source: string;
  create(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros): Detector;
}

export const DETECTORS: ReadonlyMap<string, DetectorFactory> = new Map([
  ["timeout", heartbeatTimeout],
  ["perfect", perfect],
]);

export function detectorNamed(name: string): DetectorFactory {
  const found = DETECTORS.get(name);
  if (found === undefined) throw new RangeError(`no detector "${name}"; known: ${[...DETECTORS.keys()].join(", ")}`);
  return found;
}
