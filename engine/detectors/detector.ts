/**
 * Failure detectors: from what a node has heard to whom it would rather not ask. A detector is an opinion, never a
 * fact; being wrong costs latency or availability, never safety. `now` is always passed in, messages leave through the
 * context, and all that is optional below is asked for only by detectors that have it: a node without a use for the
 * outcomes of its requests does not collect them.
 */
import type { NodeIndex, ProbeMessage } from "../messages";
import type { Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { DetectorSettings } from "../vocabulary/settings";
import { bertier } from "./bertier";
import { chen } from "./chen";
import { lifeguard } from "./lifeguard";
import { link } from "./link";
import { local } from "./local";
import { perfect } from "./perfect";
import { phiExponential } from "./phi-exponential";
import { phiNormal } from "./phi-normal";
import { successRatio } from "./success-ratio";
import { swim } from "./swim";
import { heartbeatTimeout } from "./timeout";

export interface DetectorContext {
  readonly self: NodeIndex;
  /** Of this life of the node, from 1. */
  readonly epoch: number;
  /** A stream of the detector's own. */
  readonly random: Random;
  /** Leaves with the effects of the current step: not to be called from a constructor. */
  readonly send: (to: NodeIndex, message: ProbeMessage) => void;
}

export interface Detector {
  /** How often heartbeats are sent; Infinity: never. */
  readonly heartbeatIntervalMicros: Micros;
  /**
   * A heartbeat's number says when it was due: a node that stood still leaves out the numbers it missed. Undefined: numbers
   * count heartbeats.
   */
  readonly numbersAreTimes?: true;
  /** Opinions have changed since {@link advance}: it is to be called at once. */
  readonly hasNews: boolean;
  /** A message of any kind arrived from `node`. */
  heard(node: NodeIndex, now: Micros): void;
  /** It was a heartbeat. Comes after {@link heard}; one that merely introduces a new life repeats a number. */
  heartbeat?(node: NodeIndex, sequence: number, epoch: number, now: Micros): void;
  /** A message of a detector's own. */
  received?(from: NodeIndex, message: ProbeMessage, now: Micros): void;
  /** What a request to `node` showed: an answer, and how long it took to come, or none by the time it was given up. */
  outcome?(node: NodeIndex, answered: boolean, tookMicros: Micros, now: Micros): void;
  /** The world says that `node` can be reached again, or no more: for detectors that believe it. */
  told?(node: NodeIndex, up: boolean, now: Micros): void;
  /** Membership has changed: whom to watch from now on. Nobody is told of those that are watched no more. */
  follow(peers: readonly NodeIndex[], now: Micros): void;
  /** Current opinion; changes only where {@link hasNews} says so afterwards. Nobody who is not watched is suspected. */
  suspected(node: NodeIndex): boolean;
  /** How much `node` is suspected on the detector's own scale, which {@link DetectorFactory.level} explains. */
  level?(node: NodeIndex, now: Micros): number;
  /** Re-forms opinions; returns the nodes whose status has changed, and may have changed back. */
  advance(now: Micros): readonly NodeIndex[];
  nextWakeup(): Micros | undefined;
}

export interface DetectorFactory {
  readonly name: string;
  readonly prose: string;
  readonly source: string;
  /** What a simulation tells it: who cannot be reached, at once (`truth`); or what a process learns of its own links. */
  readonly hears?: "truth" | "links";
  /** What {@link Detector.level} counts, and at which value it suspects. */
  readonly level?: { readonly unit: string; readonly threshold: (settings: DetectorSettings) => number };
  create(settings: DetectorSettings, context: DetectorContext, peers: readonly NodeIndex[], now: Micros): Detector;
}

export const DETECTORS: ReadonlyMap<string, DetectorFactory> = new Map([
  ["timeout", heartbeatTimeout],
  ["chen", chen],
  ["bertier", bertier],
  ["phi-normal", phiNormal],
  ["phi-exponential", phiExponential],
  ["success-ratio", successRatio],
  ["swim", swim],
  ["lifeguard", lifeguard],
  ["link", link],
  ["local", local],
  ["perfect", perfect],
]);

export function detectorNamed(name: string): DetectorFactory {
  const found = DETECTORS.get(name);
  if (found === undefined) throw new RangeError(`no detector "${name}"; known: ${[...DETECTORS.keys()].join(", ")}`);
  return found;
}
