/**
 * How fast virtual time is: the bare event queue, the whole protocol on 30 nodes with and without the codec, and how the cost of an
 * operation grows from ten nodes to a thousand. Each figure comes from a process of its own, so that none runs on code
 * compiled for another and peak memory is its own. The bare queue, measured at the same pending count in the same process, is
 * the yardstick: a ratio survives a slow machine, a rate does not.
 */
import { type ChildProcess, fork } from "node:child_process";
import { type Profiler, Session } from "node:inspector";
import "../../engine/real/native-octets";
import type { AnswerMessage } from "../../engine/messages";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { EventQueue } from "../../engine/sim/event-queue";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings } from "../../engine/vocabulary/settings";

export interface SimulationFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

interface ProtocolFigures {
  readonly opsPerSecond: number;
  readonly stepsPerSecond: number;
  readonly eventsPerOp: number;
  readonly stepsPerOp: number;
  /** Of the bare queue with as many events pending. */
  readonly queuePerSecond: number;
  readonly pending: number;
  readonly peakBytes: number;
  /** Cores that the process had while it was measured, collecting garbage included. */
  readonly cores: number;
  /** Shares of the time of further operations, by part of the program, largest first. */
  readonly parts: readonly (readonly [string, number])[];
}

interface ProtocolQuestion {
  readonly kind: "protocol";
  readonly nodes: number;
  readonly vnodes: number;
  readonly codec: "real" | "bypass";
  readonly operations: number;
  readonly sessions: number;
}

type Question = ProtocolQuestion | { readonly kind: "queue"; readonly pending: number };

/** Events a second of the hold model: take the earliest, put one back an exponential time later. */
export function bareQueue(pending: number, seconds: number): number {
  const queue = new EventQueue();
  const random = Random.fromSeed("queue");
  // Drawn beforehand: the draw is not the queue.
  const gaps = Float64Array.from({ length: 65_536 }, () => Math.round(-Math.log(1 - random.nextFloat()) * 1_000_000));
  for (let i = 0; i < pending; i++) queue.schedule(gaps[i & 65_535], 1, i, 0, 0, undefined);
  let events = 0;
  const turn = (count: number): void => {
    for (let i = 0; i < count; i++) {
      queue.take();
      queue.schedule(queue.at + gaps[events++ & 65_535], 1, i, 0, 0, undefined);
    }
  };
  turn(Math.max(200_000, pending));
  const from = events;
  const began = performance.now();
  while (performance.now() - began < seconds * 1_000) turn(50_000);
  return (events - from) / ((performance.now() - began) / 1_000);
}

function settingsOf({ nodes, vnodes, codec }: ProtocolQuestion): ClusterSettings {
  return {
    name: "bench",
    seed: 1,
    members: Array.from({ length: nodes }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })),
    ring: { strategy: "random-tokens", partitions: 64, vnodesPerNode: vnodes, hash: "murmur3", distinctHosts: "walk" },
    engine: {
      nVal: 3,
      r: 2,
      w: 2,
      pr: 0,
      pw: 0,
      dw: "one",
      notfoundOk: true,
      basicQuorum: false,
      coordinator: "replica",
      clock: "dvvset",
      maxSiblings: 100,
      readRepair: "async",
      readTimeoutMs: 1_000,
      writeTimeoutMs: 1_000,
      admission: 10_000,
      detector: { name: "perfect", heartbeatIntervalMs: 1_000, timeoutMs: 5_000 },
    },
    network: { intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 }, loss: 0 },
    storage: { kind: "memory", sync: "each" },
    simulation: { codec },
  };
}

/** Half gets, half puts that carry the context of the last answer for their key; 100-byte values, 10,000 keys. */
function protocol(question: ProtocolQuestion): ProtocolFigures {
  const cluster = new SimulatedCluster({ cluster: settingsOf(question) });
  cluster.run(cluster.ready);
  const client = cluster.client({ routing: "token-aware", graceMs: 500 });
  const random = Random.fromSeed("load");
  const keys = Array.from({ length: 10_000 }, (_, i) =>
    encodeAddress({ type: "default", bucket: "bench", key: `user${String(i)}` }),
  );
  const contexts = keys.map(() => "");
  const value = "v".repeat(100);
  let begun = 0;
  let ended = 0;
  let ok = 0;
  let writes = 0;
  let wanted = 0;
  const one = (session: number): void => {
    if (begun >= wanted) return;
    begun++;
    const at = random.nextBelow(keys.length);
    const done = (answer: AnswerMessage): void => {
      ended++;
      if (answer.outcome === "ok") {
        ok++;
        contexts[at] = answer.context;
      }
      one(session);
    };
    if (random.nextBelow(2) === 0) client.get(session, keys[at], undefined, done);
    else {
      const version = { writeId: ++writes, value, tombstone: false };
      client.put(session, keys[at], contexts[at], version, undefined, done);
    }
  };
  const carryOut = (operations: number): void => {
    wanted += operations;
    for (let session = 0; session < question.sessions; session++) one(session);
    while (ended < wanted) cluster.run(cluster.now() + 100_000_000, 50_000);
  };
  carryOut(Math.max(20_000, question.operations / 10));
  const events = cluster.digest.events;
  const { steps } = cluster;
  const from = performance.now();
  const cpu = process.cpuUsage();
  carryOut(question.operations);
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  if (ok !== ended) throw new Error(`${String(ended - ok)} of ${String(ended)} operations failed`);
  const peakBytes = process.resourceUsage().maxRSS * 1_024;
  const pending = Math.max(64, cluster.queue.peak);
  const figures = {
    opsPerSecond: question.operations / seconds,
    stepsPerSecond: (cluster.steps - steps) / seconds,
    eventsPerOp: (cluster.digest.events - events) / question.operations,
    stepsPerOp: (cluster.steps - steps) / question.operations,
    queuePerSecond: bareQueue(pending, 0.5),
    pending,
    peakBytes,
    cores: (user + system) / 1e6 / seconds,
  };
  // Afterwards: watching costs time.
  return { ...figures, parts: whereTimeGoes(() => carryOut(question.operations / 4)) };
}

/** What file a function stands in says which part of the program it belongs to; the first that fits. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["event queue", /engine\/sim\/event-queue/],
  ["network and its draws", /engine\/sim\/network|vocabulary\/(distributions|mathematics|random)/],
  ["storage in memory", /host\/memory-storage/],
  ["simulation's own", /engine\/sim\//],
  ["host loop", /engine\/(host\/|io)/],
  ["node", /engine\/node/],
  ["coordinators", /engine\/quorum\//],
  ["replica", /engine\/replica\//],
  ["clock", /engine\/clocks\//],
  ["ring", /engine\/ring\//],
  ["codec", /engine\/(wire|real)\/|vocabulary\/octets/],
  ["load", /test\/bench\//],
];

/** Samples of the running function, added up by part. */
function whereTimeGoes(act: () => void): readonly (readonly [string, number])[] {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: 500 });
  session.post("Profiler.start");
  act();
  let profile: Profiler.Profile | undefined;
  session.post("Profiler.stop", (error, stopped) => {
    if (error !== null) throw error;
    profile = stopped.profile;
  });
  session.disconnect();
  if (profile?.samples === undefined) throw new Error("nothing was sampled");
  const partOf = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url } = callFrame;
    const known = PARTS.find(([, file]) => file.test(url));
    partOf.set(id, known?.[0] ?? (functionName === "(garbage collector)" ? "garbage collection" : "the rest of Node"));
  }
  const counts = new Map<string, number>();
  for (const sample of profile.samples) {
    const part = partOf.get(sample)!;
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const { length } = profile.samples;
  return [...counts].map(([part, count]) => [part, count / length] as const).sort((a, b) => b[1] - a[1]);
}

function inOwnProcess<T>(question: Question): Promise<T> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(__filename, [JSON.stringify(question)], {
      execArgv: ["-r", "ts-node/register", "--max-semi-space-size=32"],
    });
    let answer: T | undefined;
    child.once("message", (message) => {
      answer = message as T;
    });
    child.once("exit", (code) => {
      if (answer === undefined) reject(new Error(`the measuring process ended with ${String(code)}`));
      else resolve(answer);
    });
  });
}

/** From ten nodes to a thousand. */
const LOGARITHM_GROWS = 3;

const million = (value: number): string => `${(value / 1e6).toFixed(2)} M`;

/** Prints tables and returns the figures. `operations` scales the long ones. */
export async function measureSimulation(operations = 1_000_000): Promise<readonly SimulationFigure[]> {
  const figures: SimulationFigure[] = [];
  console.log("\nBare event queue (take one, put one back), events a second");
  for (const pending of [100, 10_000, 1_000_000]) {
    const rate = await inOwnProcess<number>({ kind: "queue", pending });
    console.log(`  ${String(pending).padStart(9)} pending  ${million(rate)}`);
    figures.push({
      name: `sim/queue@${String(pending)}`,
      value: rate,
      unit: "1/s",
      note: "hold model, exponential gaps",
    });
  }
  console.log("\nWhole protocol in virtual time: N=3 R=W=2, dvvset, half gets, 100-byte values, detector perfect");
  console.log(
    "nodes  vnodes  codec        ops/s    step()/s  events/op  steps/op   bare queue/protocol   peak MB   cores",
  );
  const times: (ProtocolFigures & { readonly what: string })[] = [];
  const costs = new Map<string, number>();
  const cells: readonly (readonly [number, number, "real" | "bypass", number, number])[] = [
    [30, 64, "bypass", 400_000, 64],
    [30, 64, "real", 200_000, 64],
    [10, 64, "bypass", 400_000, 64],
    [100, 64, "bypass", 400_000, 64],
    [1_000, 64, "bypass", operations, 64],
    [1_000, 64, "real", operations / 2, 64],
  ];
  for (const [nodes, vnodes, codec, count, sessions] of cells) {
    const question: Question = { kind: "protocol", nodes, vnodes, codec, operations: count, sessions };
    const one = await inOwnProcess<ProtocolFigures>(question);
    const ratio = one.queuePerSecond / (one.opsPerSecond * one.eventsPerOp);
    console.log(
      [
        String(nodes).padStart(5),
        String(vnodes).padStart(6),
        codec.padEnd(6),
        String(Math.round(one.opsPerSecond)).padStart(10),
        million(one.stepsPerSecond).padStart(10),
        one.eventsPerOp.toFixed(2).padStart(9),
        one.stepsPerOp.toFixed(2).padStart(8),
        `${ratio.toFixed(1)} times (${String(one.pending)} pending)`.padStart(22),
        (one.peakBytes / 1e6).toFixed(0).padStart(9),
        one.cores.toFixed(2).padStart(6),
      ].join("  "),
    );
    times.push({ what: `${String(nodes)} nodes, codec ${codec}`, ...one });
    costs.set(`${String(nodes)} ${codec}`, 1e6 / one.opsPerSecond);
    const name = `sim/${String(nodes)} nodes ${codec}`;
    const note = `${String(vnodes)} vnodes, ${String(count)} operations, ${String(sessions)} sessions`;
    figures.push({ name: `${name} operations`, value: one.opsPerSecond, unit: "1/s", note });
    figures.push({ name: `${name} steps`, value: one.stepsPerSecond, unit: "1/s", note });
    figures.push({ name: `${name} protocol over queue`, value: ratio, unit: "ratio", note });
    figures.push({ name: `${name} peak memory`, value: one.peakBytes / 1e6, unit: "MB", note });
    figures.push({
      name: `${name} cores`,
      value: one.cores,
      unit: "cores",
      note: "below 1: the machine was not quiet",
    });
    for (const [part, share] of one.parts) {
      figures.push({ name: `${name} time in ${part}`, value: share, unit: "ratio", note });
    }
  }
  const [few, many] = [costs.get("10 bypass")!, costs.get("1000 bypass")!];
  const growth = many / few;
  console.log(
    `\nAn operation costs ${few.toFixed(1)} us among 10 nodes and ${many.toFixed(1)} us among 1,000: ${growth.toFixed(2)} times; the logarithm grows ${LOGARITHM_GROWS} times`,
  );
  figures.push({ name: "sim/cost of an operation, 1000 nodes over 10", value: growth, unit: "ratio", note: `log: ${LOGARITHM_GROWS}` }); // prettier-ignore
  console.log("\nWhere the time goes, in percent");
  for (const { what, parts } of times) {
    const shares = parts.map(([part, share]) => `${part} ${(100 * share).toFixed(0)}`);
    console.log(`  ${what.padEnd(26)} ${shares.join(", ")}`);
  }
  return figures;
}

if (require.main === module) {
  const question = JSON.parse(process.argv[2]) as Question;
  const answer = question.kind === "queue" ? bareQueue(question.pending, 1.5) : protocol(question);
  process.send?.(answer);
}
