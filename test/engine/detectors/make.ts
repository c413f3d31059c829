/** A detector on its own: what it is given, and what it sends. */
import { type Detector, detectorNamed } from "../../../engine/detectors/detector";
import type { NodeIndex, ProbeMessage } from "../../../engine/messages";
import type { Micros } from "../../../engine/vocabulary/micros";
import { Random } from "../../../engine/vocabulary/random";
import type { DetectorSettings } from "../../../engine/vocabulary/settings";

export interface Sent {
  readonly to: NodeIndex;
  readonly message: ProbeMessage;
}

export interface Made {
  readonly detector: Detector;
  /** Everything sent so far; to be emptied at will. */
  readonly sent: Sent[];
}

export interface Surroundings {
  readonly self?: NodeIndex;
  readonly epoch?: number;
  readonly seed?: number;
}

export function makeDetector(
  settings: DetectorSettings,
  peers: readonly NodeIndex[],
  now: Micros,
  { self = 0, epoch = 1, seed = 1 }: Surroundings = {},
): Made {
  const sent: Sent[] = [];
  const random = Random.fromSeed(seed).fork(`node/${String(self)}`);
  const context = {
    self,
    epoch,
    random,
    send: (to: NodeIndex, message: ProbeMessage) => void sent.push({ to, message }),
  };
  return { detector: detectorNamed(settings.name).create(settings, context, peers, now), sent };
}
