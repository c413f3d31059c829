/**
 * What our driver's HTTP target costs: the same closed loop on the same three nodes through the binary client, through the HTTP
 * target, and through the cheapest HTTP client that still cuts answers right (`http-client.ts`). The first ratio is what the
 * interface costs altogether; the second is what the target adds to it, which a comparison of interfaces would otherwise
 * blame on the interface. Rounds alternate.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../engine/real/client";
import { RealCluster } from "../../engine/real/cluster";
import { place } from "../../engine/real/placement";
import { Ring } from "../../engine/ring/ring";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { Reply, Request } from "../../workloads/operation";
import { EngineTarget } from "../../workloads/targets/engine";
import { EngineHttpTarget } from "../../workloads/targets/engine-http";
import type { Target } from "../../workloads/targets/target";
import { BENCH_CLUSTER } from "./engine";
import { headerOf, HttpConnection } from "./http-client";
import { closedLoop } from "./load";

export interface HttpDriverResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const NODES = 3;
const KEYS = 1_000;
const VALUE = "v".repeat(100);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WARMUP_MS = 4_000;
const SETTLE_MS = 500;
const MEASURE_MS = 2_500;

type Issue = (done: (ok: boolean) => void) => void;

interface Figures {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of this process, microseconds an operation. */
  readonly cpuUs: number;
}

/** Half reads, half writes with the context that the last read of the key brought. Keys of its own: values of others carry no marks. */
function issueTo(target: Target, prefix: string): Issue {
  const contexts = new Array<string>(KEYS).fill("");
  let turn = 0;
  return (done) => {
    const n = turn++;
    const at = (n >> 1) % KEYS;
    const key = { type: "default", bucket: "bench", key: `${prefix}${String(at)}` };
    const usual = { key, session: 0, scanLength: 0, scanEnd: "" };
    const request: Request =
      n % 2 === 0
        ? { ...usual, kind: "get", value: "", writeId: 0, context: "" }
        : { ...usual, kind: "put", value: VALUE, writeId: n, context: contexts[at] };
    target.submit(request, ({ outcome, context }: Reply) => {
      if (n % 2 === 0) contexts[at] = context;
      done(outcome === "ok");
    });
  };
}

/** The same requests by the cheapest client, one connection for each that may be under way. */
async function cheapest(ports: readonly number[], inFlight: number): Promise<{ issue: Issue; close: () => void }> {
  const fail = (why: string): void => {
    throw new Error(why);
  };
  const all = await Promise.all(
    Array.from({ length: inFlight }, (_, i) => HttpConnection.open(ports[i % ports.length], fail)),
  );
  const free = [...all];
  const contexts = new Array<string>(KEYS).fill("");
  let turn = 0;
  const issue: Issue = (done) => {
    const n = turn++;
    const at = (n >> 1) % KEYS;
    const path = `/buckets/bench/keys/cheap${String(at)}`;
    const clock = contexts[at] === "" ? "" : `X-Riak-Vclock: ${contexts[at]}\r\n`;
    const head = "HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const connection = free.pop()!;
    const text =
      n % 2 === 0
        ? `GET ${path} ${head}Accept: multipart/mixed, */*;q=0.5\r\n\r\n`
        : `PUT ${path} ${head}Content-Type: application/octet-stream\r\n${clock}Content-Length: ${String(VALUE.length)}\r\n\r\n${VALUE}`;
    connection.send(text, ({ status, head: lines }) => {
      free.push(connection);
      if (n % 2 === 0) contexts[at] = headerOf(lines, "X-Riak-Vclock") ?? "";
      done(status === 200 || status === 204 || status === 300 || status === 404);
    });
  };
  return { issue, close: () => all.forEach((connection) => connection.close()) };
}

async function round(inFlight: number, warmupMs: number, measureMs: number, issue: Issue): Promise<Figures> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const { perSecond, p99Us, failed } = await closedLoop({ inFlight, warmupMs, measureMs, issue });
  if (failed > 0) throw new Error(`${String(failed)} requests failed`);
  const { user, system } = process.cpuUsage(cpu);
  const operations = (perSecond * (performance.now() - began)) / 1_000;
  return { perSecond, p99Ms: p99Us / 1_000, cpuUs: (user + system) / operations };
}

export async function measureHttpDriver(): Promise<readonly HttpDriverResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const members = BENCH_CLUSTER.members.slice(0, NODES);
  const settings: ClusterSettings = { ...BENCH_CLUSTER, name: `bench-driver-${String(process.pid)}`, members };
  const placement = place("none", NODES);
  const cluster = await RealCluster.start({
    settings,
    directory,
    placement,
    log: () => undefined,
    front: { http: "free" },
  });
  const results: HttpDriverResult[] = [];
  try {
    const ring = Ring.build(settings.ring, members, Random.fromSeed(settings.seed).fork("ring"));
    const ports = cluster.fronts().map(({ http }) => http);
    const fronts = ports.map((port) => ({ host: "127.0.0.1", port }));
    const common = { cluster: settings, ring, routing: "any", shaped: false, graceMs: 1_000 } as const;
    const client = await Client.open({ ...common, addresses: cluster.addresses(), connectionsPerNode: 1 });
    const binary = new EngineTarget(client);
    console.log("\nThree nodes, N=3, R=W=2, half reads and half writes of 100 bytes, by our driver's targets\n");
    for (const inFlight of [16, 64]) {
      const limits = { connections: inFlight };
      const http = await EngineHttpTarget.open({ ...common, fronts, returnBody: false, limits });
      const bare = await cheapest(ports, inFlight);
      const loads = { binary: issueTo(binary, "binary"), http: issueTo(http, "http"), cheapest: bare.issue };
      const rounds: Record<keyof typeof loads, Figures[]> = { binary: [], http: [], cheapest: [] };
      const names = Object.keys(loads) as (keyof typeof loads)[];
      for (const name of names) await round(inFlight, 0, WARMUP_MS, loads[name]);
      for (let i = 0; i < ROUNDS; i++) {
        // In another order each time, so that none has the quiet machine always.
        for (let j = 0; j < names.length; j++) {
          const name = names[(i + j) % names.length];
          rounds[name].push(await round(inFlight, SETTLE_MS, MEASURE_MS, loads[name]));
        }
      }
      for (const name of names) {
        const of = (pick: (figures: Figures) => number): number => median(rounds[name].map(pick));
        const cpu = of(({ cpuUs }) => cpuUs).toFixed(1);
        console.log(
          `${name.padEnd(10)} ${String(inFlight).padStart(3)} in flight ${of(({ perSecond }) => perSecond)
            .toFixed(0)
            .padStart(7)}/s  p99 ${of(({ p99Ms }) => p99Ms).toFixed(2)} ms  driver ${cpu} us an operation`,
        );
      }
      for (const [name, against] of [
        ["http-driver/binary", rounds.binary],
        ["http-driver/cheapest", rounds.cheapest],
      ] as const) {
        const ratios = rounds.http.map(({ perSecond }, i) => perSecond / against[i].perSecond);
        const note = `rounds ${ratios.map((ratio) => ratio.toFixed(3)).join(" ")}`;
        results.push({ name: `${name}@${String(inFlight)}`, value: median(ratios), unit: "ratio", note });
      }
      await http.close();
      bare.close();
    }
    client.close();
  } finally {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
}
