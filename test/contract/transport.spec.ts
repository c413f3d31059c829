import { strict as assert } from "node:assert";
import { Effects, type Input } from "../../engine/io";
import { NOTHING_DONE } from "../../engine/node";
import type { NodeIndex, PeerMessage } from "../../engine/messages";
import { type NodeAddress, TcpTransport } from "../../engine/real/tcp-transport";
import { SimulatedCluster } from "../../engine/sim/cluster";
import type { RunningNode } from "../../engine/sim/machine";
import type { Micros } from "../../engine/vocabulary/micros";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { address, MiniWorld } from "../engine/mini-world";
import { members, settings as simulated } from "../engine/sim/settings";
import { settingsOf } from "../process/live-cluster";
import { until } from "../process/until";

interface Delivery {
  readonly from: NodeIndex;
  readonly message: PeerMessage;
}

/** Two or three members and what each was delivered, in order. */
interface Arm {
  readonly inbox: readonly Delivery[][];
  send(from: NodeIndex, to: NodeIndex, message: PeerMessage): void;
  /** Takes a member away as a crash would. */
  away(node: NodeIndex): Promise<void>;
  back(node: NodeIndex): Promise<void>;
  /** Lets the world go on until `condition`. */
  until(what: string, condition: () => boolean): Promise<void>;
  end(): Promise<void>;
}

const heartbeat = (sequence: number): PeerMessage => ({ kind: "heartbeat", epoch: 1, sequence });

/** A message of up to many packets, so that order is more than luck. */
function sized(id: number): PeerMessage {
  const version = { writeId: id, value: "v".repeat((id * 7_919) % 50_000), tombstone: false };
  return {
    kind: "replica-update",
    id,
    vnode: id % 5,
    address: address(`k${String(id)}`),
    context: "",
    version,
    writer: { client: id, timestamp: 0 },
    acknowledge: "both",
    ticket: { fromEpoch: 1, toEpoch: 1, number: 1 },
  };
}

async function overTcp(count: number): Promise<Arm> {
  const cluster: ClusterSettings = settingsOf({ nodes: count });
  const inbox: Delivery[][] = Array.from({ length: count }, () => []);
  const transports: (TcpTransport | undefined)[] = [];
  const addresses: NodeAddress[] = [];
  const open = async (self: number, port: number): Promise<void> => {
    const transport = new TcpTransport({
      self,
      cluster,
      deliver: (input) => {
        if (input.kind === "received") inbox[self].push({ from: input.from, message: input.message });
      },
      log: () => undefined,
    });
    transports[self] = transport;
    addresses[self] = { host: "127.0.0.1", port: await transport.listen(port) };
  };
  const linked = (): boolean =>
    transports.every((transport) => transport === undefined || transport.connectedPeers() === present() - 1);
  const present = (): number => transports.filter((transport) => transport !== undefined).length;
  for (let i = 0; i < count; i++) await open(i, 0);
  for (const transport of transports) transport?.connectPeers(addresses);
  await until("links", linked);
  return {
    inbox,
    send: (from, to, message) => transports[from]!.send(to, message),
    away: async (node) => {
      const leaving = transports[node]!;
      transports[node] = undefined;
      await leaving.close();
      await until("the link to be down", linked);
    },
    back: async (node) => {
      await open(node, addresses[node].port);
      transports[node]!.connectPeers(addresses);
      await until("links again", linked);
    },
    until: async (what, condition) => {
      await until(what, condition);
    },
    end: async () => {
      for (const transport of transports) await transport?.close();
    },
  };
}

/** Says nothing by itself, hears all, and sends what it is told to. */
class Mouthpiece implements RunningNode {
  private readonly mouth = new Effects();
  private readonly silence = new Effects();
  private wants: { readonly to: NodeIndex; readonly message: PeerMessage } | undefined;

  constructor(private readonly hears: (delivery: Delivery) => void) {}

  say(to: NodeIndex, message: PeerMessage, poke: () => void): void {
    this.wants = { to, message };
    poke();
  }

  step(_now: Micros, input: Input): void {
    if (input.kind === "received") this.hears({ from: input.from, message: input.message });
  }

  nextWakeup(): undefined {
    return undefined;
  }

  takeEffects(): Effects {
    const { wants } = this;
    if (wants === undefined) return this.silence;
    this.wants = undefined;
    this.mouth.clear();
    this.mouth.push({ kind: "send", ...wants });
    return this.mouth;
  }

  count(): ReturnType<RunningNode["count"]> {
    return { ...NOTHING_DONE };
  }
}

/** The simulated cluster as experiments use it, real codec included, around nodes that only send and hear. */
function inTheSimulation(count: number): Promise<Arm> {
  const inbox: Delivery[][] = Array.from({ length: count }, () => []);
  const nodes: Mouthpiece[] = [];
  const cluster = new SimulatedCluster({
    cluster: simulated({
      members: members(count),
      // A link of one delay keeps its order, as TCP does; the bytes take their time on it.
      network: { intraZone: { dist: "constant", valueMs: 1 }, bandwidthBytesPerSecond: 50_000_000, loss: 0 },
    }),
    create: ({ index }) => (nodes[index] = new Mouthpiece((delivery) => inbox[index].push(delivery))),
  });
  cluster.run(cluster.ready);
  return Promise.resolve({
    inbox,
    send: (from, to, message) =>
      nodes[from].say(to, message, () => cluster.machines[from].tell({ kind: "link-up", node: to })),
    away: (node) => Promise.resolve(cluster.kill(node)),
    back: (node) => Promise.resolve(cluster.boot(node)),
    until: (what, condition) => {
      const end = cluster.now() + 5_000_000;
      while (!condition()) {
        assert.ok(cluster.now() < end, what);
        cluster.at(cluster.now() + 1_000, () => undefined);
        cluster.run(cluster.now() + 1_000);
      }
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  });
}

/** The little world in which the node's own tests run: held to the same, or they would prove nothing. */
function inTheTestsWorld(count: number): Promise<Arm> {
  const world = new MiniWorld({ nodes: count });
  const inbox: Delivery[][] = Array.from({ length: count }, () => []);
  const listen = (node: number): void => {
    const { host } = world.machines[node];
    host.stop();
    host.deliver = (input) => {
      if (input.kind === "received") inbox[node].push({ from: input.from, message: input.message });
    };
  };
  for (let i = 0; i < count; i++) listen(i);
  return Promise.resolve({
    inbox,
    send: (from, to, message) => world["carry"](from, to, message),
    away: (node) => Promise.resolve(world.crash(node)),
    back: (node) => {
      world.boot(node);
      listen(node);
      return Promise.resolve();
    },
    until: (what, condition) => {
      assert.ok(world.run(5_000_000, condition), what);
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  });
}

for (const { name, open } of [
  { name: "TCP", open: overTcp },
  { name: "simulation", open: inTheSimulation },
  { name: "the tests' own little world", open: inTheTestsWorld },
]) {
  describe(`the network between nodes: ${name}`, () => {
    let arm: Arm;
    const start = async (count: number): Promise<void> => {
      arm = await open(count);
    };
    afterEach(() => arm.end());

    /** Messages that took part in a test: nodes of virtual time have heartbeats of their own. */
    const ids = (node: number, from: number): number[] =>
      arm.inbox[node].flatMap((delivery) =>
        delivery.from === from && delivery.message.kind === "replica-update" ? [delivery.message.id] : [],
      );

    it("delivers what was sent, unchanged, once and in order on each link", async () => {
      await start(3);
      const sent = Array.from({ length: 120 }, (_, i) => i + 1);
      for (const id of sent) {
        arm.send(0, 1, sized(id));
        arm.send(2, 1, sized(1_000 + id));
        arm.send(1, 0, sized(2_000 + id));
      }
      await arm.until("all of it", () => ids(1, 0).length >= 120 && ids(1, 2).length >= 120 && ids(0, 1).length >= 120);
      assert.deepEqual(ids(1, 0), sent);
      assert.deepEqual(
        ids(1, 2),
        sent.map((id) => 1_000 + id),
      );
      assert.deepEqual(
        ids(0, 1),
        sent.map((id) => 2_000 + id),
      );
      for (const { message } of arm.inbox[1]) {
        if (message.kind === "replica-update") assert.deepEqual(message, sized(message.id));
      }
      assert.deepEqual(ids(2, 0).concat(ids(2, 1)), [], "nobody else heard it");
      assert.deepEqual(ids(0, 0).concat(ids(1, 1)), [], "and no sender itself");
    });

    it("delivers to oneself only what one sent to oneself, and never within the call", async () => {
      await start(2);
      arm.send(0, 0, sized(1));
      assert.deepEqual(ids(0, 0), [], "a step is never interrupted by its own message");
      await arm.until("the message", () => ids(0, 0).length > 0);
      arm.send(0, 1, sized(2));
      await arm.until("the other", () => ids(1, 0).length > 0);
      assert.deepEqual(ids(0, 0), [1]);
      assert.deepEqual(ids(1, 0), [2]);
    });

    it("drops what is sent to a peer that is away, never blocks, and goes on when it is back", async () => {
      await start(2);
      arm.send(0, 1, sized(1));
      await arm.until("the first", () => ids(1, 0).length === 1);
      await arm.away(1);
      for (let id = 2; id <= 40; id++) arm.send(0, 1, sized(id));
      await arm.back(1);
      await arm.until("a message after the return", () => {
        arm.send(0, 1, heartbeat(1));
        return arm.inbox[1].some(({ message }) => message.kind === "heartbeat" && message.sequence === 1);
      });
      arm.send(0, 1, sized(41));
      arm.send(1, 0, sized(42));
      await arm.until("both ways", () => ids(1, 0).includes(41) && ids(0, 1).includes(42));
      const later = ids(1, 0).slice(1);
      assert.deepEqual(
        later,
        [...new Set(later)].sort((a, b) => a - b),
        "no repetition, no disorder",
      );
    });
  });
}

describe("TCP links between nodes", () => {
  it("try a member that refuses them ever more seldom", async () => {
    const cluster = settingsOf({ nodes: 2 });
    const other = settingsOf({ nodes: 2 });
    const refusals: number[] = [];
    const strict = new TcpTransport({
      self: 0,
      cluster: other,
      deliver: () => undefined,
      log: (line) => {
        if (line.includes("another cluster")) refusals.push(performance.now());
      },
    });
    const stubborn = new TcpTransport({ self: 1, cluster, deliver: () => undefined, log: () => undefined });
    try {
      const port = await strict.listen(0);
      const own = await stubborn.listen(0);
      stubborn.connectPeers([
        { host: "127.0.0.1", port },
        { host: "127.0.0.1", port: own },
      ]);
      await until("five refusals", () => refusals.length >= 5);
      // Pauses double from 20 ms: the fourth is 160 ms; a millisecond of coarse timers aside.
      assert.ok(refusals[4] - refusals[3] >= 150, `the last pause was ${String(refusals[4] - refusals[3])} ms`);
    } finally {
      await stubborn.close();
      await strict.close();
    }
  });

  it("open nothing any more once closed, not even what was being dialled", async () => {
    const cluster = settingsOf({ nodes: 2 });
    const events: string[] = [];
    const make = (self: number): TcpTransport =>
      new TcpTransport({
        self,
        cluster,
        deliver: (input) => events.push(`${String(self)} ${input.kind}`),
        log: () => undefined,
      });
    const [first, second] = [make(0), make(1)];
    let accepted = 0;
    second["server"].on("connection", () => accepted++);
    try {
      const addresses: NodeAddress[] = [];
      for (const transport of [first, second]) addresses.push({ host: "127.0.0.1", port: await transport.listen(0) });
      first.connectPeers(addresses);
      // The system has connected the two by now; the first has not been told.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      await first.close();
      await until("the connection to have come and gone", () => accepted === 1 && second["incoming"].size === 0);
      assert.equal(first.connectedPeers(), 0);
      assert.deepEqual(events, []);
    } finally {
      await first.close();
      await second.close();
    }
  });

  it("are one connection each way, however often a node is told its peers", async () => {
    const cluster = settingsOf({ nodes: 2 });
    const inbox: number[] = [];
    const make = (self: number): TcpTransport =>
      new TcpTransport({
        self,
        cluster,
        deliver: (input) => {
          if (input.kind === "received" && input.message.kind === "heartbeat") inbox.push(input.message.sequence);
        },
        log: () => undefined,
      });
    const [first, second] = [make(0), make(1)];
    try {
      const addresses: NodeAddress[] = [{ host: "127.0.0.1", port: await first.listen(0) }];
      const port = await second.listen(0);
      await second.close();
      // Nobody there: tries fail, the next one is due.
      addresses.push({ host: "127.0.0.1", port });
      first.connectPeers(addresses);
      await until("a try that failed", () => first["links"][1].retry !== undefined);
      const third = make(1);
      let accepted = 0;
      third["server"].on("connection", () => accepted++);
      try {
        await third.listen(port);
        for (let i = 0; i < 3; i++) first.connectPeers(addresses);
        await until("a link", () => first.connectedPeers() === 1);
        assert.equal(first["links"][1].retry, undefined, "no further try is due");
        first.send(1, heartbeat(1));
        await until("a message", () => inbox.length === 1);
        assert.equal(accepted, 1);
      } finally {
        await third.close();
      }
    } finally {
      await first.close();
    }
  });
});
