/**
 * `quorumlab serve`: a cluster from an experiment file that stays up for people and their clients. A run ends by itself and
 * measures; this does neither, so what counts is that one sees at once where to connect, that a node which dies is seen
 * and comes back under the same address, and that nothing is left when it ends.
 */
import { InvalidArgumentError, type Command } from "commander";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RealCluster } from "../../engine/real/cluster";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { Problem } from "../spec/experiment";
import type { Served } from "../spec/served";
import { collect, common, errPaint, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { readExperimentFile } from "./experiment-file";
import { columnsOf, type Io } from "./io";
import { countProblems, explainable, plural, problemLine } from "./problem-lines";
import type { KeptData } from "./serve-data";
import { textTable } from "./table";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly set?: readonly string[];
  readonly profile?: string;
  readonly seed?: string;
  readonly httpPort?: number;
  readonly pbPort?: number;
  readonly host: string;
  readonly data?: string;
  /** In milliseconds. */
  readonly duration?: number;
}

/** Of Riak. */
const HTTP_PORT = 8098;
const PB_PORT = 8087;
const LAST_PORT = 65_535;
const LOOPBACK = "127.0.0.1";
/** A node that ended is started again after this long, and no more than so often within the span. */
const REST_MS = 500;
const MOST_REVIVALS = 3;
const REVIVALS_SPAN_MS = 30_000;
const PING_PATIENCE_MS = 5_000;

export function defineServe(program: Command, context: CommandContext): void {
  const command = program
    .command("serve")
    .description(
      "start a cluster from an experiment file and keep it up, for Riak's clients over HTTP and protocol buffers",
    )
    .argument("<file>", "experiment file, or a name of the catalogue; of a sweep its baseline is taken")
    .option("-S, --set <key=value>", "change a key, an axis of the sweep too, such as -S r=1; may be repeated", collect)
    .option("-p, --profile <name>", "one of the file's profiles")
    .option("--seed <number>", "the root of all randomness: of where the ring's tokens are, too")
    .option(
      "--http-port <port>",
      `of the first node, the next ones follow; 0: free ones; ${HTTP_PORT} where those are free`,
      port,
    )
    .option("--pb-port <port>", `the same for protocol buffers; ${PB_PORT} where those are free`, port)
    .option("--host <address>", "the address to listen on; anybody who reaches it may do anything", LOOPBACK)
    .option("--data <dir>", "keep the nodes' data there (cluster.storage lmdb), and go on from what is there")
    .option("--duration <time>", "end after it, such as 10s; until Ctrl-C when left out", duration)
    .action((file: string, options: Options) => serve(file, options, context));
  common(command, [
    ["quorumlab serve quickstart", "five nodes with N = 3; Riak's HTTP API on port 8098 and up"],
    ["quorumlab serve my.yaml -S r=1 -S w=1", "with other values than the file's"],
    ["quorumlab serve quickstart --data ./data", "data that is there again next time"],
    ["quorumlab serve my.yaml --http-port 0 --json", "free ports, told as one line of JSON"],
  ]);
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > LAST_PORT)
    throw new InvalidArgumentError(`allowed: an integer from 0 to ${LAST_PORT}`);
  return value;
}

function duration(text: string): number {
  const { parseDurationMs } =
    require("../../engine/vocabulary/quantities") as typeof import("../../engine/vocabulary/quantities");
  const value = parseDurationMs(text);
  if (value === undefined || value <= 0 || value > 2 ** 31 - 1)
    throw new InvalidArgumentError("allowed: a time with its unit, such as 10s, up to 24 days");
  return value;
}

async function serve(file: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  if (io.stderr.isTTY) io.stderr.write(`reading ${file}\n`);
  const served = configurationOf(file, options, context);
  if (served === undefined) return;
  const { cell, experiment } = served;
  const { seedOf } = require("../plan") as typeof import("../plan");
  const settings: ClusterSettings = {
    ...cell.cluster,
    name: `${experiment.name}-served`,
    seed: seedOf(experiment, 1),
  };
  const size = settings.members.length;
  const ports = await choosePorts(size, options, io);
  if (options.host !== LOOPBACK && options.host !== "localhost" && options.host !== "::1")
    io.stderr.write(
      `${errPaint(context, options).yellow("warning")}  listening on ${options.host}: there is no authentication, and whoever reaches it may read, change and delete everything\n`,
    );
  const { keepData } = require("./serve-data") as typeof import("./serve-data");
  const kept: KeptData | undefined =
    options.data === undefined ? undefined : keepData(resolve(io.cwd, options.data), settings);
  const directory = kept?.directory ?? mkdtempSync(join(tmpdir(), "quorumlab-serve-"));
  const ending = new Ending(io, () => {
    if (kept === undefined) rmSync(directory, { recursive: true, force: true });
  });
  try {
    await keepUp({ served, settings, directory, ports, ending }, options, context);
  } finally {
    ending.over();
    kept?.release();
    if (kept === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

/** What is to be served, or undefined after telling every problem and choosing exit code 2. */
function configurationOf(file: string, options: Options, context: CommandContext): Served | undefined {
  const { resolveServed } = require("../spec/served") as typeof import("../spec/served");
  const { io } = context;
  const { path, text } = readExperimentFile(file, io);
  const { set = [], profile, seed, data } = options;
  const ownStorage = set.some((one) => /^\s*cluster\.storage\s*=/.test(one));
  const sets = data === undefined || ownStorage ? set : ["cluster.storage=lmdb", ...set];
  const resolution = resolveServed({
    path,
    text,
    sets: seed === undefined ? sets : [...sets, `seed=${seed}`],
    ...(profile === undefined ? {} : { profile }),
  });
  if (!resolution.ok) return refuse(resolution.problems, options, context);
  const { served } = resolution;
  if (data !== undefined && served.cell.cluster.storage.kind === "memory")
    throw new UserError(
      "--data keeps what nodes have on disk, and cluster.storage is memory; leave -S cluster.storage out",
    );
  return served;
}

function refuse(problems: readonly Problem[], options: Options, context: CommandContext): undefined {
  const { io } = context;
  const paint = errPaint(context, options);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (options.json === true) printJson(io, { schema: "quorumlab/validate@1", ok: false, problems: errors });
  else for (const problem of errors) io.stderr.write(problemLine(problem, paint));
  const about = explainable(errors);
  io.stderr.write(
    `${countProblems(errors)}; nothing was started${about === undefined ? "" : `      (quorumlab explain ${about})`}\n`,
  );
  context.exit(2);
  return undefined;
}

interface Ports {
  readonly http: readonly number[] | "free";
  readonly pb: readonly number[] | "free";
}

/** Those that were asked for, or the usual ones where all of them are free, or free ones. Throws {@link UserError}. */
async function choosePorts(size: number, options: Options, io: Io): Promise<Ports> {
  const { host } = options;
  const taken = new Set<number>();
  const choose = async (
    flag: string,
    asked: number | undefined,
    usual: number,
  ): Promise<readonly number[] | "free"> => {
    if (asked === 0) return "free";
    const first = asked ?? usual;
    const wanted = Array.from({ length: size }, (_, i) => first + i);
    if (wanted[size - 1] > LAST_PORT)
      throw new UserError(
        `${flag} ${first}: ${plural(size, "node")} take the ports up to ${wanted[size - 1]}, and the last is ${LAST_PORT}`,
      );
    const double = wanted.find((one) => taken.has(one));
    if (double !== undefined && asked !== undefined)
      throw new UserError(
        `${flag} ${first}: port ${double} would be that of two front ends; move one of them by ${size}`,
      );
    for (const one of wanted) {
      const why = double === one ? "is the other front end's" : await whyTaken(host, one);
      if (why === undefined) continue;
      if (asked !== undefined) throw new UserError(`${flag} ${first}: port ${one} on ${host} ${why}`, 3);
      io.stderr.write(`port ${one} ${why}: taking free ones instead of ${first} and up (${flag} chooses)\n`);
      return "free";
    }
    for (const one of wanted) taken.add(one);
    return wanted;
  };
  // What was asked for goes first, or a usual port would be in its way.
  const http = options.httpPort === undefined ? undefined : await choose("--http-port", options.httpPort, HTTP_PORT);
  const pb = await choose("--pb-port", options.pbPort, PB_PORT);
  return { http: http ?? (await choose("--http-port", undefined, HTTP_PORT)), pb };
}

/** Undefined when it can be listened on. */
function whyTaken(host: string, one: number): Promise<string | undefined> {
  return new Promise((resolveWhy, reject) => {
    const server = createServer();
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "EADDRINUSE") resolveWhy("is in use by another program");
      else if (code === "EACCES") resolveWhy("may not be listened on by this user");
      else if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
        reject(new UserError(`--host ${host} is no address of this machine`));
      else resolveWhy(message);
    });
    server.listen(one, host, () => server.close(() => resolveWhy(undefined)));
  });
}

/** Why and when it ends: Ctrl-C, the time is up, or something broke. */
class Ending {
  private settle: (failure: UserError | undefined) => void = () => undefined;
  private readonly stopListening: () => void;
  /** Undefined: as asked. */
  readonly wanted = new Promise<UserError | undefined>((resolveWanted) => (this.settle = resolveWanted));
  come = false;

  constructor(io: Io, removeData: () => void) {
    this.stopListening = io.onInterrupt(() => {
      if (this.come) {
        removeData();
        io.exitNow(130);
        return;
      }
      io.stderr.write("ending: stopping the nodes; once more to end at once\n");
      this.end();
    });
  }

  end(failure?: UserError): void {
    this.come = true;
    this.settle(failure);
  }

  over(): void {
    this.stopListening();
  }
}

interface Plan {
  readonly served: Served;
  readonly settings: ClusterSettings;
  readonly directory: string;
  readonly ports: Ports;
  readonly ending: Ending;
}

async function keepUp(plan: Plan, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const { settings, directory, ports, ending, served } = plan;
  const { RealCluster } = require("../../engine/real/cluster") as typeof import("../../engine/real/cluster");
  const { place } = require("../../engine/real/placement") as typeof import("../../engine/real/placement");
  const paint = errPaint(context, options);
  const say = (line: string): void => {
    if (!ending.come) io.stderr.write(`${line}\n`);
  };
  const starting = settings.members.filter(({ joins }) => joins !== true).length;
  say(`starting ${plural(starting, "node")} of ${served.experiment.name} …`);
  const began = performance.now();
  let reviver: Reviver | undefined;
  let up = false;
  let cluster: RealCluster;
  try {
    cluster = await RealCluster.start({
      settings,
      directory,
      // Nobody measures here: where processes run is the system's business, unless the file says where.
      placement: place(served.cell.pin === "auto" ? "none" : served.cell.pin, settings.members.length),
      front: { host: options.host, ...ports },
      // While they start they suspect each other all round.
      log: (line) => (up ? say(paint.dim(line)) : undefined),
      died: (index, how) => reviver?.died(index, how),
    });
  } catch (error) {
    if (ending.come) return;
    throw error instanceof Error && error.name === "NodeDidNotStart" ? new UserError(error.message, 3) : error;
  }
  let timer: NodeJS.Timeout | undefined;
  try {
    reviver = new Reviver(cluster, settings, ending, say);
    await everyNodeAnswers(cluster, options.host);
    if (!ending.come) {
      say(`${plural(starting, "node")} answer after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
      tell(plan, cluster, options, context);
      up = true;
      if (options.duration !== undefined) timer = setTimeout(() => ending.end(), options.duration);
    }
    const failure = await ending.wanted;
    if (failure !== undefined) throw failure;
  } finally {
    clearTimeout(timer);
    ending.come = true;
    reviver?.stop();
    await cluster.stop();
  }
}

/** Starts again what ended, on the same ports; gives up on a node that does not stay up. */
class Reviver {
  private readonly when: number[][];
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly cluster: RealCluster,
    private readonly settings: ClusterSettings,
    private readonly ending: Ending,
    private readonly say: (line: string) => void,
  ) {
    this.when = settings.members.map(() => []);
  }

  died(index: number, how: string): void {
    if (this.ending.come) return;
    const { id } = this.settings.members[index];
    const now = performance.now();
    const recent = [...this.when[index].filter((at) => now - at < REVIVALS_SPAN_MS), now];
    this.when[index] = recent;
    if (recent.length > MOST_REVIVALS) {
      this.ending.end(
        new UserError(
          `${id} ended ${recent.length} times within ${REVIVALS_SPAN_MS / 1_000} s, the last time with ${how}`,
          3,
        ),
      );
      return;
    }
    const memory = this.settings.storage.kind === "memory" ? ", empty: cluster.storage is memory" : "";
    this.say(`${id} ended (${how}); starting it again${memory}`);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.revive(index);
    }, REST_MS);
    this.timers.add(timer);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async revive(index: number): Promise<void> {
    const { id } = this.settings.members[index];
    const before = this.cluster.fronts()[index];
    try {
      await this.cluster.revive(index);
    } catch (error) {
      if (this.ending.come) return;
      this.ending.end(new UserError(`${id} cannot be started again: ${(error as Error).message}`, 3));
      return;
    }
    const { http, pb } = this.cluster.fronts()[index];
    const where = http === before.http && pb === before.pb ? "where it was" : `at other ports: HTTP ${http}, PB ${pb}`;
    this.say(`${id} is up again, ${where}, pid ${this.cluster.pid(index)}`);
  }
}

interface ServedNode {
  readonly id: string;
  readonly http: string;
  readonly pb: number;
  readonly pid: number;
  readonly binary: string;
}

function nodesOf(cluster: RealCluster, host: string): readonly ServedNode[] {
  const fronts = cluster.fronts();
  const addresses = cluster.addresses();
  return cluster.settings.members.flatMap(({ id }, index) => {
    const pid = cluster.pid(index);
    if (pid === undefined) return [];
    const { http, pb } = fronts[index];
    return [{ id, http: `http://${urlHost(host)}:${http}`, pb, pid, binary: `${LOOPBACK}:${addresses[index].port}` }];
  });
}

/** An address of everybody is none to connect to. */
function reachable(host: string): string {
  return host === "0.0.0.0" ? LOOPBACK : host === "::" ? "::1" : host;
}

function urlHost(host: string): string {
  const address = reachable(host);
  return address.includes(":") ? `[${address}]` : address;
}

/** Over HTTP, as a client would see it. */
async function everyNodeAnswers(cluster: RealCluster, host: string): Promise<void> {
  await Promise.all(
    cluster.fronts().map(async ({ http }, index) => {
      if (cluster.pid(index) === undefined) return;
      const status = await ping(reachable(host), http).catch((error: unknown) => (error as Error).message);
      if (status !== 200)
        throw new UserError(
          `${cluster.settings.members[index].id} does not answer /ping on port ${http}: ${status}`,
          3,
        );
    }),
  );
}

function ping(host: string, at: number): Promise<number | undefined> {
  return new Promise((resolvePing, reject) => {
    const request = get({ host, port: at, path: "/ping", agent: false, timeout: PING_PATIENCE_MS }, (response) => {
      response.resume();
      response.once("end", () => resolvePing(response.statusCode));
    });
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.once("error", reject);
  });
}

function tell(plan: Plan, cluster: RealCluster, options: Options, context: CommandContext): void {
  const { io } = context;
  const nodes = nodesOf(cluster, options.host);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ schema: "quorumlab/serve@1", pid: process.pid, nodes })}\n`);
    return;
  }
  const { experiment, cell, axes, baseline, faults } = plan.served;
  const { engine, storage, members } = plan.settings;
  const line = (text = ""): void => io.stdout.write(`${text}\n`);
  const N = `N=${engine.nVal} R=${engine.r} W=${engine.w}`;
  line(
    `${outPaint(context, options).bold(experiment.name)}   ${N}, clock ${engine.clock}, siblings ${engine.siblings ?? "keep"}, storage ${storage.kind}`,
  );
  if (axes.length > 0)
    line(
      baseline.length === 0
        ? `Of the sweep over ${axes.join(", ")} nothing is taken, for it has no baseline; -S chooses.`
        : `Of the sweep the baseline: ${baseline.join(" ")}; -S chooses others.`,
    );
  io.stdout.write(
    textTable(
      ["node", "HTTP", "protocol buffers", "binary", "pid"],
      nodes.map(({ id, http, pb, binary, pid }) => [id, http, `${reachable(options.host)}:${pb}`, binary, String(pid)]),
      columnsOf(io),
    ),
  );
  const [first] = nodes;
  const last = nodes[nodes.length - 1];
  line();
  line(`curl -i -X PUT ${first.http}/buckets/test/keys/hello -H 'Content-Type: text/plain' -d world`);
  line(`curl -i ${last.http}/buckets/test/keys/hello`);
  line();
  if (options.host === LOOPBACK) line("Reachable from this machine alone, without authentication.");
  for (const warning of cell.warnings.filter((one) => !one.includes("only in world: simulation")))
    line(`note: ${warning}`);
  const later = members.length - nodes.length;
  if (later > 0)
    line(
      `${plural(later, "node")} of cluster.spares ${later === 1 ? "is" : "are"} not started: nobody tells them to join.`,
    );
  if (faults) line("The file's faults are not injected.");
  // npx in the background has a process id of its own, and a signal to that reaches nobody.
  const ends = `Ctrl-C, or kill ${process.pid}, ends it`;
  line(
    options.data === undefined
      ? `${ends}, and the data goes with it (--data DIR keeps it).`
      : `${ends}; the data stays in ${options.data}.`,
  );
}
