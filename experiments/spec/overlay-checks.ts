/**
 * `analysis.model_overlay: [pbs]` asks for a curve that not every experiment can have. Where it will be missing, or stands
 * for less than it seems to, the person is told before the run and not by a chart without a line.
 */
import type { Cell } from "./experiment";
import { nodeAt, type LocatedMap } from "./located";
import type { Problems } from "./problems";

export function warnOfOverlay(
  tree: LocatedMap,
  models: readonly string[] | undefined,
  cells: readonly Cell[],
  problems: Problems,
): void {
  const node = nodeAt(tree, ["analysis", "model_overlay"]);
  if (node === undefined || models === undefined || !models.includes("pbs") || cells.length === 0) return;
  const warn = (message: string): void => problems.warning(node.at, `analysis.model_overlay: ${message}`);
  const apart = cells.filter(
    ({ cluster }) =>
      cluster.network.interZone !== undefined && new Set(cluster.members.map(({ zone }) => zone)).size > 1,
  );
  const of = (some: readonly Cell[]): string =>
    some.length === cells.length ? "" : ` in ${some.length} of ${cells.length} cells`;
  if (apart.length > 0)
    warn(
      `no pbs curve is drawn${of(apart)}: zones are apart, and delays taken together would let every replica be near for one message and far for the next`,
    );
  if (apart.length === cells.length) return;
  const hurt = cells.filter(({ faults }) => "count" in faults || faults.length > 0);
  if (hurt.length > 0)
    warn(`the pbs curve knows no faults${of(hurt)}: it is made from the delays of messages that arrived`);
}
