/**
 * From a cluster to the record of failure detectors: what nodes note of each other and what was really done to them become
 * events of the record, the same from both worlds. Which pair's level of suspicion a chart follows is decided here too: the
 * first node that a fault ends or stops, seen by the first that no fault does.
 */
import { detectorNamed } from "../engine/detectors/detector";
import type { DetectionWatch } from "../engine/host/detection-watch";
import type { PartitionRule } from "../engine/host/faults";
import { type FaultSettings, resolveTargets } from "../engine/vocabulary/faults";
import type { DetectorSettings, MemberSettings } from "../engine/vocabulary/settings";
import type { Cut, DetectionEvent } from "../results/record/detection";

export function watchDetection(tell: (event: DetectionEvent) => void): DetectionWatch {
  return {
    opinion: (at, observer, subject, suspected) => tell({ kind: "opinion", at, observer, subject, suspected }),
    node: (at, node, state) => tell({ kind: "node", at, node, state }),
    partitions: (at, partitions) => tell({ kind: "cuts", at, cuts: cutsOf(partitions) }),
  };
}

function cutsOf(partitions: readonly PartitionRule[]): readonly Cut[] {
  return partitions.map(({ groupOf, oneWay }) => ({ groupOf, oneWay }));
}

/** What the detector's levels are counted in, and where it suspects; undefined where it has none. */
export function scaleOf(settings: DetectorSettings): { readonly unit: string; readonly threshold: number } | undefined {
  const { level } = detectorNamed(settings.name);
  return level === undefined ? undefined : { unit: level.unit, threshold: level.threshold(settings) };
}

export function followedPair(
  faults: readonly FaultSettings[],
  members: readonly MemberSettings[],
): { readonly observer: number; readonly subject: number } | undefined {
  if (members.length < 2) return undefined;
  const struck = faults.flatMap(({ action }) =>
    action.kind === "kill" || action.kind === "pause" || action.kind === "wipe"
      ? resolveTargets(action.nodes, members).nodes
      : [],
  );
  const subject = struck[0] ?? 1;
  const observer = members.findIndex((_, node) => node !== subject && !struck.includes(node));
  return { observer: observer >= 0 ? observer : members.findIndex((_, node) => node !== subject), subject };
}
