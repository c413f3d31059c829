/**
 * Flooding under a load of clients, in virtual time: the nodes of `engine/membership/flooding.ts` on the simulated network, every
 * message a rumour of the failure detectors' wire format that is encoded, and decoded where it arrives. Clients sit beside their
 * nodes, as Maelstrom's do: what they say costs no time, and a broadcast is acknowledged at once, so that what is measured is how
 * long news is on its way.
 *
 * Stable latency is that of Maelstrom's and Jepsen's set checker: from the acknowledgement of a value to the last read, at any node, that
 * missed it; 0 where none did. It is seen by reads and not by the nodes, so it is below the time to the last node by about the time
 * between two reads there, and the more so the fewer nodes are late.
 */
import { clockFor } from "../clocks/clock";
import { FloodingNode, neighboursOn, type Topology } from "../membership/flooding";
import type { Message, ProbeMessage } from "../messages";
import { assert } from "../vocabulary/assert";
import { MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import { ByteReader, ByteWriter } from "../vocabulary/octets";
import type { Random } from "../vocabulary/random";
import type { ClusterSettings } from "../vocabulary/settings";
import { Codec } from "../wire/codec";
import { beginFrame, endFrame } from "../wire/frames";
import { EventQueue } from "./event-queue";
import { SimulatedNetwork } from "./network";

export interface FloodingSettings {
  readonly topology: Topology;
  /** Broadcasts and reads together, half and half by chance. */
  readonly ratePerSecond: number;
  readonly lengthMs: number;
}

export interface Flooded {
  /** Of each broadcast, in order. */
  readonly stable: readonly Micros[];
  /** From each broadcast to the last node that heard of it; Infinity: some never did. */
  readonly everywhere: readonly Micros[];
  readonly operations: number;
  readonly messages: number;
  readonly bytes: number;
}

const OPERATION = 1;
const ARRIVAL = 2;
const LENGTH_BYTES = 4;

/** One value on its way. */
interface Spreading {
  readonly value: number;
  readonly acknowledged: Micros;
  nodes: number;
  last: Micros;
  missed: Micros;
}

export function simulateFlooding(settings: FloodingSettings, cluster: ClusterSettings, random: Random): Flooded {
  const { members } = cluster;
  const nodes = neighboursOn(settings.topology, members.length).map((neighbours) => new FloodingNode(neighbours));
  const network = new SimulatedNetwork(cluster);
  const codec = new Codec(clockFor(cluster.engine));
  const writer = new ByteWriter(256);
  const queue = new EventQueue();
  const end = settings.lengthMs * 1_000;
  const spacing = (2 * MICROS_PER_SECOND) / settings.ratePerSecond;
  const all: Spreading[] = [];
  /** Those that some node has not heard of. */
  const under = new Set<Spreading>();
  const counts = { operations: 0, messages: 0, bytes: 0 };

  const tell = (from: number, value: number, others: readonly number[]): void => {
    for (const to of others) {
      writer.reset();
      const at = beginFrame(writer);
      codec.encode(rumourOf(value, from, to), writer);
      endFrame(writer, at);
      const bytes = writer.view().slice();
      counts.messages++;
      counts.bytes += bytes.length;
      const passage = network.between(from, to, "probe", bytes.length, queue.at);
      if (passage.arrivals > 0) queue.schedule(passage.first, ARRIVAL, from, to, 0, bytes);
      if (passage.arrivals > 1) queue.schedule(passage.second, ARRIVAL, from, to, 0, bytes);
    }
  };
  const operate = (now: Micros): void => {
    counts.operations++;
    const node = random.nextBelow(nodes.length);
    if (random.nextBelow(2) === 0) {
      for (const one of under) if (!nodes[node].has(one.value)) one.missed = now;
    } else {
      const one = { value: all.length, acknowledged: now, nodes: 1, last: now, missed: now };
      all.push(one);
      if (nodes.length > 1) under.add(one);
      tell(node, one.value, nodes[node].begin(one.value));
    }
    // As Jepsen's stagger: uniform with the mean that the rate asks for.
    const next = now + 1 + random.nextBelow(spacing);
    if (next < end) queue.schedule(next, OPERATION, 0, 0, 0, undefined);
  };
  const arrive = (now: Micros, from: number, to: number, bytes: Uint8Array): void => {
    const value = valueOf(codec.decode(new ByteReader(bytes.subarray(LENGTH_BYTES))));
    const known = nodes[to].has(value);
    tell(to, value, nodes[to].receive(value, from));
    if (known) return;
    const one = all[value];
    one.nodes++;
    one.last = now;
    if (one.nodes === nodes.length) under.delete(one);
  };

  queue.schedule(0, OPERATION, 0, 0, 0, undefined);
  while (queue.take()) {
    if (queue.kind === OPERATION) operate(queue.at);
    else arrive(queue.at, queue.first, queue.second, queue.payload as Uint8Array);
  }
  return {
    stable: all.map(({ missed, acknowledged }) => missed - acknowledged),
    everywhere: all.map((one) => (one.nodes === nodes.length ? one.last - one.acknowledged : Infinity)),
    ...counts,
  };
}

/** That `value` exists, as news of a life: the number of the value stands where its incarnation would. */
function rumourOf(value: number, from: number, to: number): ProbeMessage {
  const news = { node: from, status: "alive", incarnation: value, by: from } as const;
  return { kind: "probe", what: "rumour", id: to, about: to, updates: [news] };
}

function valueOf(message: Message): number {
  assert(message.kind === "probe" && message.updates.length === 1, "one rumour at a time");
  return message.updates[0].incarnation;
}
