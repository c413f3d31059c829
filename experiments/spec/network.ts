/**
 * The network, the node model and the simulation of one cell as settings. Whatever is not said stays undefined, so that
 * the settings of a cell say what was asked and nothing else. In a cell of real processes the parts that only virtual
 * time can give are left out altogether: two cells that differ in what has no effect must not look different.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import type {
  DistributionSettings,
  NetworkSettings,
  NodeModelSettings,
  SimulationSettings,
} from "../../engine/vocabulary/settings";
import type { MemberPlan } from "./cross-checks";
import { placeOf } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";

type ZonePair = NonNullable<NetworkSettings["zonePairs"]>[number];

export function networkOf(values: Values, members: readonly MemberPlan[]): NetworkSettings {
  const simulated = values.text("world") === "simulation";
  const wars = { w: leg(values, "w"), a: leg(values, "a"), r: leg(values, "r"), s: leg(values, "s") };
  const pairs = zonePairs(values, members);
  return {
    ...present({
      intraZone: distribution(values, "network.intra_zone"),
      interZone: distribution(values, "network.inter_zone"),
      client: distribution(values, "network.client"),
      balancer: values.text("workload.routing") === "any" ? distribution(values, "network.balancer") : undefined,
      local: distribution(values, "network.local"),
      zonePairs: pairs.length === 0 ? undefined : pairs,
      wars: Object.values(wars).some((settings) => settings !== undefined) ? present(wars) : undefined,
      duplicate: chance(values, "network.duplicate"),
      reorder: chance(values, "network.reorder"),
      ...(simulated ? { bandwidthBytesPerSecond: values.get("network.bandwidth") as number | undefined } : {}),
    }),
    loss: values.number("network.loss"),
  };
}

export function nodeModelOf(values: Values): NodeModelSettings {
  const every = distribution(values, "node_model.pauses.every");
  const length = distribution(values, "node_model.pauses.length");
  const drift = values.number("node_model.clock_drift");
  return {
    service: present({
      message: distribution(values, "node_model.service.message"),
      read: distribution(values, "node_model.service.read"),
      write: distribution(values, "node_model.service.write"),
      sync: distribution(values, "node_model.service.sync"),
    }),
    workers: values.number("node_model.queue.workers"),
    queueLimit: values.number("node_model.queue.limit"),
    ...present({
      pauses: every === undefined || length === undefined ? undefined : { every, length },
      clockSkew: distribution(values, "node_model.clock_skew"),
      clockDriftPpm: drift === 0 ? undefined : drift,
    }),
  };
}

/** What of the node model processes have too: wall times that are wrong. */
export function wallErrorsOf(values: Values): NodeModelSettings | undefined {
  const { clockSkew, clockDriftPpm } = nodeModelOf(values);
  if (clockSkew === undefined && clockDriftPpm === undefined) return undefined;
  return { service: {}, workers: 1, queueLimit: 0, ...present({ clockSkew, clockDriftPpm }) };
}

export function simulationOf(values: Values): SimulationSettings {
  return {
    codec: values.text("simulation.codec") as SimulationSettings["codec"],
    ...present({ localDelay: distribution(values, "simulation.local_delay") }),
  };
}

function distribution(values: Values, key: string): DistributionSettings | undefined {
  return values.get(key) as DistributionSettings | undefined;
}

function leg(values: Values, name: string): DistributionSettings | undefined {
  return distribution(values, `network.wars.${name}`);
}

/** A chance of 0 is none. */
function chance(values: Values, key: string): number | undefined {
  const share = values.number(key);
  return share === 0 ? undefined : share;
}

/** Without the members that are undefined. */
function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

type WrittenPairs = readonly (readonly [string, DistributionSettings])[];

/** Both directions of every pair that is named: where only one is, the other has what zones have that are not named. */
function zonePairs(values: Values, members: readonly MemberPlan[]): readonly ZonePair[] {
  const written = (values.get("network.zone_pairs") ?? []) as WrittenPairs;
  const zones = zonesOf(members);
  const named = written.flatMap(([key, delay]) => readPair(key, zones)?.map((way) => ({ ...way, delay })) ?? []);
  const legs = ["w", "a", "r", "s"].some((name) => leg(values, name) !== undefined);
  const elsewhere = distribution(values, "network.inter_zone") ??
    // Beside legs, what lies between zones comes on top of them.
    (legs ? undefined : distribution(values, "network.intra_zone")) ?? { dist: "constant", valueMs: 0 };
  const back = named
    .filter(({ from, to }) => !named.some((other) => other.from === to && other.to === from))
    .map(({ from, to }): ZonePair => ({ from: to, to: from, delay: elsewhere }));
  return [...named, ...back];
}

function zonesOf(members: readonly MemberPlan[]): readonly string[] {
  return [...new Set(members.map(({ zone }) => zone))];
}

/** `a>b` is one way, `a-b` two; names of zones may hold a `-` themselves. Undefined when no two zones are meant. */
function readPair(key: string, zones: readonly string[]): readonly Omit<ZonePair, "delay">[] | undefined {
  for (let i = 1; i < key.length - 1; i++) {
    const [from, to] = [key.slice(0, i), key.slice(i + 1)];
    if (!zones.includes(from) || !zones.includes(to)) continue;
    if (key[i] === ">") return [{ from, to }];
    if (key[i] === "-")
      return from === to
        ? [{ from, to }]
        : [
            { from, to },
            { from: to, to: from },
          ];
  }
  return undefined;
}

/** Complains about pairs of zones that are not there, or are named twice. */
export function checkZonePairs(values: Values, members: readonly MemberPlan[], problems: Problems): void {
  const written = (values.get("network.zone_pairs") ?? []) as WrittenPairs;
  const zones = zonesOf(members);
  const seen = new Set<string>();
  for (const [key] of written) {
    const at = placeOf(values.tree, ["network", "zone_pairs", key], "key");
    const ways = readPair(key, zones);
    if (ways === undefined) {
      const strange = key.split(/[>-]/).find((zone) => !zones.includes(zone)) ?? key;
      const near = nearest(strange, zones);
      const hint = near === undefined ? `the zones are ${zones.join(", ")}` : `did you mean "${near}"?`;
      problems.error(at, `network.zone_pairs.${key} names a zone "${strange}" that is not there; ${hint}`, near);
      continue;
    }
    for (const { from, to } of ways) {
      if (seen.has(`${from}>${to}`)) problems.error(at, `network.zone_pairs says twice what ${from}>${to} is`);
      seen.add(`${from}>${to}`);
      if (from === to)
        problems.error(at, `network.zone_pairs.${key} is one zone; network.intra_zone says what holds inside zones`);
    }
  }
}
