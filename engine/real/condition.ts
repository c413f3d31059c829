/**
 * What a node process suffers from faults, as one value: it is handed over whole with every change and stands in the
 * file that a node starts with. So a node that starts in the middle of a partition knows of it before it says a word, and
 * no change can be applied twice or to the wrong state.
 */
import { type DiskCondition, SOUND_DISK } from "../host/faults";
import type { LinkHarm } from "../host/link-harm";
import { MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import type { WallError } from "../vocabulary/wall-error";

/** Wall time is off by `offset`, gaining `ppm` microseconds a second since the monotonic time `since`. */
export interface WallState extends WallError {
  readonly since: Micros;
}

export interface NodeCondition {
  /** Of this node's links to each node, by index; empty: none suffers. Null: that one does not. */
  readonly links: readonly (LinkHarm | null)[];
  /** Nodes whose messages do not reach this one. */
  readonly unheard: readonly number[];
  /** A message takes so many times as long. */
  readonly slowness: number;
  readonly disk: DiskCondition;
  readonly wall: WallState;
}

export function soundCondition(wall: WallState): NodeCondition {
  return { links: [], unheard: [], slowness: 1, disk: SOUND_DISK, wall };
}

/** The same wall time at `now`, from where on it is off by `change` more and gains `ppm`. */
export function wallFrom({ offset, ppm, since }: WallState, now: Micros, change: Micros, newPpm: number): WallState {
  return { offset: offset + ((now - since) * ppm) / MICROS_PER_SECOND + change, ppm: newPpm, since: now };
}
