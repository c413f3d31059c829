/**
 * One node as an operating-system process: reads its config, makes its boot durable, listens, waits to be told its
 * peers, then runs the host loop until it is told to stop or its parent is gone. It has no life of its own: whatever
 * ends the parent closes the control channel and so ends this process.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import "./native-octets";
import { clockFor } from "../clocks/clock";
import type { DiskCondition } from "../host/faults";
import { Host } from "../host/host";
import { loopbackOf } from "../host/loopback";
import { MemoryStorage } from "../host/memory-storage";
import type { Storage } from "../host/ports";
import { Node } from "../node";
import { RingMaker } from "../ring/ring-maker";
import type { Micros } from "../vocabulary/micros";
import { Random } from "../vocabulary/random";
import { erring } from "../vocabulary/wall-error";
import { nextBootEpoch } from "./boot-epoch";
import type { NodeCondition } from "./condition";
import { DATA_FOLDER, type FromNode, type ServerConfig, type ServerCounts, type ToNode } from "./control";
import { Fronts } from "./fronts";
import { NO_RING } from "../membership/ring-ids";
import { MemberMemory } from "./member-memory";
import { monotonicMicros, TimerAlarm } from "./monotonic";
import { Pace, slownessOf } from "./pace";
import { ProcessWatch } from "./process-watch";
import { TcpTransport } from "./tcp-transport";

/** Lines a node may log before it only counts them: a log is bounded like everything else. */
const MAX_LOG_LINES = 500;
/** Between a node's last word and its end. */
const LAST_WORDS_MS = 50;
/** How long a start waits for links to peers before it says how many it has. */
const CONNECT_PATIENCE_MS = 3_000;

function tell(message: FromNode): void {
  if (process.connected) process.send?.(message);
}

function fail(reason: string): never {
  tell({ type: "failed", reason });
  process.exit(70);
}

/** Memory has no disk that could fail. */
interface NodeStorage extends Storage {
  suffer?(condition: DiskCondition): void;
  corrupt?(share: number): void;
  close?(): Promise<void>;
}

function openStorage(config: ServerConfig, misfortune: Random): NodeStorage {
  const { storage, engine } = config.cluster;
  if (storage.kind === "memory") return new MemoryStorage();
  const directory = join(config.directory, DATA_FOLDER);
  mkdirSync(directory, { recursive: true });
  // Loaded only where they are used: the native library is a third of a node's start.
  const { FaultyStorage } = require("./faulty-storage") as typeof import("./faulty-storage");
  const { LmdbStorage } = require("./lmdb-storage") as typeof import("./lmdb-storage");
  return new FaultyStorage(new LmdbStorage(directory, clockFor(engine), storage.sync), misfortune);
}

function tellWhenLinked(transport: TcpTransport, peers: readonly number[]): void {
  const started = monotonicMicros();
  const look = (): void => {
    const connected = transport.linkedPeers(peers);
    if (connected >= peers.length || monotonicMicros() - started > CONNECT_PATIENCE_MS * 1000)
      tell({ type: "connected", peers: connected });
    else setTimeout(look, 2);
  };
  look();
}

async function main(): Promise<void> {
  const config = JSON.parse(readFileSync(process.argv[2], "utf8")) as ServerConfig;
  const { cluster, index } = config;
  let logged = 0;
  const log = (line: string): void => {
    logged++;
    if (logged <= MAX_LOG_LINES) tell({ type: "log", line });
    else if (logged === MAX_LOG_LINES + 1) tell({ type: "log", line: "further lines are not logged" });
  };
  const epoch = nextBootEpoch(config.directory);
  let { condition } = config;
  // Each life draws from a stream of its own, or the second would repeat the first's misfortunes.
  const random = Random.fromSeed(cluster.seed).fork(`disk/${String(index)}/faults/${String(epoch)}`);
  const storage = openStorage(config, random);
  storage.suffer?.(condition.disk);
  for (const share of config.corrupted) storage.corrupt?.(share);
  const rings = new RingMaker(cluster, Random.fromSeed(cluster.seed).fork("ring"));
  const ring = rings.of(rings.first);
  const memory = new MemberMemory(config.directory);
  const remembered = cluster.engine.membership === undefined ? undefined : memory.read("membership");
  const alarm = new TimerAlarm();
  const wallTime = (now: Micros): Micros => erring(condition.wall, now + config.wallOffset, now - condition.wall.since);
  const transport: TcpTransport = new TcpTransport({
    self: index,
    cluster,
    log,
    deliver: (input) => pace.deliver(input),
    measureLegs: config.measureLegs,
  });
  const node = new Node(
    {
      index,
      epoch,
      ring,
      rings,
      remembered,
      rememberedBuckets: memory.read("buckets"),
      settings: cluster.engine,
      seed: cluster.seed,
      storageIsImmediate: storage.immediate,
      loopback: loopbackOf(cluster),
      tracing: false,
      wallTime,
    },
    alarm.now(),
  );
  const host: Host = new Host(node, {
    transport,
    storage,
    alarm,
    note: (note) => {
      if (note.kind === "suspected" || note.kind === "trusted") {
        tell({ type: "opinion", at: alarm.now(), subject: note.node, suspected: note.kind === "suspected" });
        log(`${note.kind} ${cluster.members[note.node].id}`);
      } else if (note.kind === "storage-failed") log(`storage: ${note.reason}`);
      else if (note.kind === "ring") {
        const { version, proposer, phase, first } = note;
        tell({ type: "view", seen: { at: monotonicMicros(), node: index, version, proposer, phase, first } });
      } else if (note.kind === "serving") tell({ type: "serving", on: note.on });
      else if (note.kind === "removed") log(`knows that ${cluster.members[note.node].id} was removed`);
      else if (note.kind === "retired") {
        const { version, proposer } = node.ringState?.id ?? NO_RING;
        const seen = { at: monotonicMicros(), node: index, version, proposer, phase: "left", first: false } as const;
        tell({ type: "view", seen });
        tell({ type: "retired", counts: counts() });
        // What it has just said leaves with the turn; those who hear it should get all of it.
        setTimeout(stop, LAST_WORDS_MS);
      }
    },
    persist: (slot, text) => memory.write(slot, text),
  });
  const pace = new Pace(host);
  const ownSlowness = slownessOf(cluster.members)[index];
  const suffer = (now: NodeCondition): void => {
    condition = now;
    storage.suffer?.(now.disk);
    pace.slowness = now.slowness * ownSlowness;
    transport.suffer(now);
  };
  suffer(condition);
  const watch = new ProcessWatch();
  let fronts: Fronts | undefined;
  const end = (): Promise<unknown> => {
    watch.stop();
    pace.stop();
    host.stop();
    alarm.cancel();
    return Promise.all([transport.close(), storage.close?.()]);
  };
  const stop = (): void => {
    const leave = (): never => process.exit(0);
    setTimeout(leave, 2_000);
    // Front ends first: what they have under way is answered by the node.
    (fronts?.close() ?? Promise.resolve()).then(end).then(leave, leave);
  };
  const counts = (): ServerCounts => {
    const cpu = process.cpuUsage();
    const { queueDrops, ...sent } = transport.counts();
    return {
      ...node.count(),
      ...sent,
      ...watch.counts(),
      queueDrops: queueDrops + pace.drops,
      keysHeld: storage.count(),
      steps: host.steps,
      cpuMs: (cpu.user + cpu.system) / 1000,
      rssBytes: process.memoryUsage.rss(),
    };
  };
  process.on("message", (message: ToNode) => {
    switch (message.type) {
      case "connect":
        transport.connectPeers(message.addresses);
        tellWhenLinked(transport, message.peers);
        return;
      case "count": {
        const told = counts();
        // Before the answer: who has it may stop this process at once, and that belongs to the new span.
        if (message.span) {
          transport.startSpan();
          watch.startSpan();
        }
        tell({ type: "counts", id: message.id, counts: told });
        return;
      }
      case "suffer":
        suffer(message.condition);
        tell({ type: "done", id: message.id });
        return;
      case "operate":
        host.deliver({ kind: "operate", verb: message.verb });
        tell({ type: "done", id: message.id });
        return;
      case "ring":
        tell({ type: "ring", id: message.id, state: node.ringState });
        return;
      case "corrupt":
        storage.corrupt?.(message.share);
        tell({ type: "done", id: message.id });
        return;
      case "stop":
        stop();
        return;
    }
  });
  let port: number;
  try {
    port = await transport.listen(config.port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    fail(code === "EADDRINUSE" ? `port ${String(config.port)} on 127.0.0.1 is in use by another process` : message);
  }
  host.start();
  if (config.front !== undefined) {
    fronts = await Fronts.open(config.front, {
      node,
      deliver: (input) => pace.deliver(input),
      open: (sink) => transport.attach(sink),
      shut: (session) => transport.detach(session),
      now: () => alarm.now(),
      wallMicros: () => wallTime(alarm.now()),
      index,
      epoch,
      members: cluster.members,
      settings: cluster,
      counts,
      log,
      limits: config.front.limits,
    });
  }
  tell({ type: "listening", port, epoch, http: fronts?.http, pb: fronts?.pb });
}

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group: the cluster decides when its nodes end.
process.on("SIGINT", () => undefined);
process.on("uncaughtException", (error) => fail(`${error.name}: ${error.message}\n${error.stack ?? ""}`));
main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
