/**
 * Vnodes against availability in closed form (Lynch and Snyder, "Cassandra Availability with Virtual Nodes", Netflix 2018). With v vnodes and
 * R copies a node has k = 2 v (R - 1) neighbouring places, filled at random from the nodes of other racks; while one node is rebuilt, the
 * failure of any neighbour takes the quorum of the range they share. The paper's text says 0.35 outages per century for v = 4 and its formula
 * gives 0.67; what stands here is the formula.
 */
export interface AvailabilityModel {
  readonly nodes: number;
  readonly vnodesPerNode: number;
  /** R, with as many racks. */
  readonly replication: number;
  /** Failures of one node in a century. */
  readonly failuresPerCentury: number;
  readonly bytesPerNode: number;
  readonly inBytesPerSecond: number;
  readonly outBytesPerSecond: number;
}

export interface AvailabilityPrediction {
  readonly neighbours: number;
  readonly rebuildSeconds: number;
  readonly outagesPerCentury: number;
}

const CENTURY_SECONDS = 3_155_760_000;

/** The numbers of the paper's example, but for the number of vnodes. */
export const NETFLIX_2018: Omit<AvailabilityModel, "vnodesPerNode"> = {
  nodes: 96,
  replication: 3,
  failuresPerCentury: 25,
  bytesPerNode: 307_200e6,
  inBytesPerSecond: 125e6,
  outBytesPerSecond: 12.5e6,
};

export function predictOutages(model: AvailabilityModel): AvailabilityPrediction {
  const { nodes, vnodesPerNode, replication, failuresPerCentury } = model;
  const others = nodes - nodes / replication;
  const places = 2 * vnodesPerNode * (replication - 1);
  const neighbours = others * (1 - (1 - 1 / others) ** places);
  const rebuildSeconds = model.bytesPerNode / Math.min(model.inBytesPerSecond, neighbours * model.outBytesPerSecond);
  const perSecond = failuresPerCentury / CENTURY_SECONDS;
  const chance = -Math.expm1(-rebuildSeconds * neighbours * perSecond);
  return { neighbours, rebuildSeconds, outagesPerCentury: nodes * failuresPerCentury * chance };
}
