/** Every target, paper by paper: the list of published results that the workbench can be held against, covered or not. */
import { CLOCK_TARGETS } from "./clocks";
import { DETECTION } from "./detection";
import { DYNAMO } from "./dynamo";
import { FIGURE_8_TARGETS } from "./figure-8";
import { LIFEGUARD } from "./lifeguard";
import { LOAD } from "./load";
import { REPAIR, SPEED } from "./repair";
import { RINGS } from "./rings";
import { STALENESS } from "./staleness";
import { SWIM } from "./swim";
import { TABLE_4 } from "./table-4";
import { TAILS } from "./tails";
import { keyOf, PAPERS, type Target } from "./target";

/** In the order of the papers. */
export const TARGETS: readonly Target[] = [
  ...FIGURE_8_TARGETS,
  ...DYNAMO,
  ...TABLE_4,
  ...STALENESS,
  ...CLOCK_TARGETS,
  ...DETECTION,
  ...SWIM,
  ...LIFEGUARD,
  ...LOAD,
  ...REPAIR,
  ...RINGS,
  ...TAILS,
  ...SPEED,
].sort((a, b) => order(a) - order(b));

function order({ paper }: Target): number {
  return Object.keys(PAPERS).indexOf(paper);
}

/** By id, with all its variants, or by `id/variant`; upper and lower case are one. */
export function targetsNamed(name: string): readonly Target[] {
  const wanted = name.toLowerCase();
  return TARGETS.filter((target) => target.id.toLowerCase() === wanted || keyOf(target).toLowerCase() === wanted);
}
