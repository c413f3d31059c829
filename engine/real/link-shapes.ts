/**
 * Which delay and loss apply to which link, from the experiment's `network:`. Each link draws from a stream of its own,
 * so that traffic on one link never shifts the delays of another.
 */
import { type Distribution, distributionOf } from "../vocabulary/distributions";
import type { ClusterSettings, DistributionSettings } from "../vocabulary/settings";
import { Random } from "../vocabulary/random";
import type { LinkShape } from "./delay-line";

function shape(settings: DistributionSettings | undefined, loss: number, random: Random): LinkShape | undefined {
  if (settings === undefined && loss === 0) return undefined;
  const delay: Distribution | undefined = settings === undefined ? undefined : distributionOf(settings);
  return { delay, loss, random };
}

/** Node `from` to every node, itself included (`local`). Undefined where nothing is injected. */
export function nodeLinkShapes(cluster: ClusterSettings, from: number): (LinkShape | undefined)[] {
  const { network, members, seed } = cluster;
  const root = Random.fromSeed(seed).fork("network");
  return members.map((member, to) => {
    const random = root.fork(`${String(from)}>${String(to)}`);
    if (to === from) return shape(network.local, 0, random);
    const same = member.zone === members[from].zone;
    // Without zones there is one class of link; without a word about zones' distance, it is the same everywhere.
    return shape(same ? network.intraZone : (network.interZone ?? network.intraZone), network.loss, random);
  });
}

/** Between clients and node `node`; `direction` keeps the two ways apart. Clients' messages are never dropped. */
export function clientLinkShape(
  cluster: ClusterSettings,
  node: number,
  direction: "to-node" | "to-client",
): LinkShape | undefined {
  const random = Random.fromSeed(cluster.seed)
    .fork("network")
    .fork(`client/${String(node)}/${direction}`);
  return shape(cluster.network.client, 0, random);
}
