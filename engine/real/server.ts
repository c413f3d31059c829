/**
 * One node as an operating-system process: reads its config, makes its boot durable, listens, waits to be told its
 * peers, then runs the host loop until it is told to stop or its parent is gone. It has no life of its own: whatever
 * ends the parent closes the control channel and so ends this process.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import "./native-octets";
import { clockFor } from "../clocks/clock";
import { Host } from "../host/host";
import { loopbackOf } from "../host/loopback";
import { MemoryStorage } from "../host/memory-storage";
import type { Storage } from "../host/ports";
import { Node } from "../node";
import { Ring } from "../ring/ring";
import { Random } from "../vocabulary/random";
import { erring } from "../vocabulary/wall-error";
import { nextBootEpoch } from "./boot-epoch";
import type { FromNode, ServerConfig, ServerCounts, ToNode } from "./control";
import { monotonicMicros, TimerAlarm } from "./monotonic";
import { TcpTransport } from "./tcp-transport";

/** Lines a node may log before it only counts them: a log is bounded like everything else. */
const MAX_LOG_LINES = 500;
/** How long a start waits for links to peers before it says how many it has. */
const CONNECT_PATIENCE_MS = 3_000;

function tell(message: FromNode): void {
  if (process.connected) process.send?.(message);
}

function fail(reason: string): never {
  tell({ type: "failed", reason });
  process.exit(70);
}

function openStorage(config: ServerConfig): Storage & { close?: () => Promise<void> } {
  const { storage, engine } = config.cluster;
  if (storage.kind === "memory") return new MemoryStorage();
  const directory = join(config.directory, "lmdb");
  mkdirSync(directory, { recursive: true });
  // Loaded only where it is used: the native library is a third of a node's start.
  const { LmdbStorage } = require("./lmdb-storage") as typeof import("./lmdb-storage");
  return new LmdbStorage(directory, clockFor(engine), storage.sync);
}

function connectWhenReady(transport: TcpTransport, peers: number): void {
  const started = monotonicMicros();
  const look = (): void => {
    const connected = transport.connectedPeers();
    if (connected >= peers || monotonicMicros() - started > CONNECT_PATIENCE_MS * 1000)
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
  const storage = openStorage(config);
  const ring = Ring.build(cluster.ring, cluster.members, Random.fromSeed(cluster.seed).fork("ring"));
  const alarm = new TimerAlarm();
  const transport: TcpTransport = new TcpTransport({
    self: index,
    cluster,
    log,
    deliver: (input) => host.deliver(input),
    measureLegs: config.measureLegs,
  });
  const node = new Node(
    {
      index,
      epoch,
      ring,
      settings: cluster.engine,
      storageIsImmediate: storage.immediate,
      loopback: loopbackOf(cluster),
      tracing: false,
      wallTime: (now) => erring(config.wallError, now + config.wallOffset, now - config.wallSince),
    },
    alarm.now(),
  );
  const host: Host = new Host(node, {
    transport,
    storage,
    alarm,
    note: (note) => {
      if (note.kind === "suspected" || note.kind === "trusted") log(`${note.kind} node ${String(note.node)}`);
      else if (note.kind === "storage-failed") log(`storage: ${note.reason}`);
    },
  });
  const stop = (): void => {
    host.stop();
    alarm.cancel();
    const ended = Promise.all([transport.close(), storage.close?.()]);
    const leave = (): never => process.exit(0);
    setTimeout(leave, 2_000);
    ended.then(leave, leave);
  };
  const counts = (): ServerCounts => {
    const cpu = process.cpuUsage();
    return {
      ...node.count(),
      ...transport.counts(),
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
        connectWhenReady(transport, cluster.members.length - 1);
        return;
      case "count":
        tell({ type: "counts", id: message.id, counts: counts() });
        transport.startSpan();
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
  tell({ type: "listening", port, epoch });
}

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group: the cluster decides when its nodes end.
process.on("SIGINT", () => undefined);
process.on("uncaughtException", (error) => fail(`${error.name}: ${error.message}\n${error.stack ?? ""}`));
main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
