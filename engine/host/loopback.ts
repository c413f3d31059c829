/**
 * Whether a node's messages to itself travel the network. In most stores they do not: a coordinator that holds a replica
 * answers itself for nothing, and that free local leg decides more reads than any tunable (with R = W = 1 of three, one
 * read in three asks the very replica that was just written). A model that gives every replica a delay, as WARS does,
 * needs the coordinator's own messages delayed too. The rule stands here because both worlds must agree on it.
 */
import type { ClusterSettings } from "../vocabulary/settings";

/** True once an experiment says what a node's messages to itself cost. */
export function loopbackOf(cluster: ClusterSettings): boolean {
  const { network, simulation } = cluster;
  return network.local !== undefined || network.wars !== undefined || simulation?.localDelay !== undefined;
}
