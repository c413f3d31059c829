/**
 * `/stats` in Riak's names: JSON, or indented for people. Totals are since the process started; everything else is over the last
 * minute, and `undefined` (the word, as Riak's JSON has it) before there was anything. Times are in microseconds.
 */
import { cpus, freemem, loadavg, totalmem } from "node:os";
import type { FrontCounts } from "../riak/front";
import type { Summary } from "../riak/statistics";
import { MICROS_PER_SECOND } from "../vocabulary/micros";
import { octetsFromText } from "../vocabulary/octets";
import type { HttpContext } from "./context";
import type { Exchange } from "./exchange";
import { forbidden } from "./forbidden";
import { chooseMediaType } from "./negotiation";
import { acceptable } from "./object";

type Stat = string | number | readonly string[];

const TYPES: readonly string[] = ["application/json", "text/plain"];

export function readStats(exchange: Exchange): void {
  if (forbidden(exchange)) return;
  const type = chooseMediaType(TYPES, exchange.header("accept"));
  if (type === undefined || !acceptable(exchange, undefined))
    return exchange.text(406, `only as ${TYPES.join(" or ")}\n`);
  const stats = statsOf(exchange.context);
  const text = type === "text/plain" ? `${JSON.stringify(stats, null, 4)}\n` : JSON.stringify(stats);
  exchange.answer(200, ["Vary", "Accept, Accept-Encoding", "Content-Type", type], octetsFromText(text));
}

export function statsOf(context: HttpContext): Readonly<Record<string, Stat>> {
  const { options, session, lately, started } = context;
  const now = options.now();
  const counts = options.counts();
  const before = lately.since(now);
  const { statistics } = session;
  const minute = statistics.lastMinute();
  const { settings, members, index } = options;
  const recent = (name: keyof FrontCounts): number => counts[name] - (before?.[name] ?? 0);
  const load = loadavg();
  return {
    vnode_gets: recent("replicaReads"),
    vnode_gets_total: counts.replicaReads,
    vnode_puts: recent("replicaWrites"),
    vnode_puts_total: counts.replicaWrites,
    node_gets: minute.getTime.count,
    node_gets_total: statistics.getsTotal,
    ...figures("node_get_fsm_siblings", minute.siblings),
    ...figures("node_get_fsm_objsize", minute.objectSize),
    ...figures("node_get_fsm_time", minute.getTime),
    node_puts: minute.putTime.count,
    node_puts_total: statistics.putsTotal,
    ...figures("node_put_fsm_time", minute.putTime),
    read_repairs: recent("readRepairs"),
    read_repairs_total: counts.readRepairs,
    skipped_read_repairs: 0,
    skipped_read_repairs_total: 0,
    coord_redirs_total: counts.forwarded,
    rejected_total: counts.refused,
    pbc_connects: minute.pbConnects.count,
    pbc_connects_total: statistics.pbConnectsTotal,
    pbc_active: statistics.pbActive,
    cpu_nprocs: cpus().length,
    cpu_avg1: Math.round(load[0] * 256),
    cpu_avg5: Math.round(load[1] * 256),
    cpu_avg15: Math.round(load[2] * 256),
    mem_total: totalmem(),
    mem_allocated: totalmem() - freemem(),
    memory_total: counts.rssBytes,
    nodename: members[index].id,
    connected_nodes: members.filter((_, at) => at !== index).map(({ id }) => id),
    sys_driver_version: process.versions.uv,
    sys_system_version: `Node.js ${process.versions.node} on ${process.platform} ${process.arch}`,
    sys_system_architecture: `${process.arch}-${process.platform}`,
    sys_logical_processors: cpus().length,
    sys_process_count: 1,
    sys_wordsize: 8,
    sys_otp_release: `V8 ${process.versions.v8}`,
    uptime: Math.floor((now - started) / MICROS_PER_SECOND),
    keys_held: counts.keysHeld,
    ring_members: members.map(({ id }) => id),
    ring_num_partitions: settings.ring.partitions,
    ring_creation_size: settings.ring.partitions,
    ring_ownership: context.ownership(),
    storage_backend: settings.storage.kind,
    quorumlab_version: QUORUMLAB_VERSION,
  };
}

function figures(name: string, { count, mean, median, p95, p99, max }: Summary): Readonly<Record<string, Stat>> {
  const whole = (value: number | undefined): Stat =>
    count === 0 || value === undefined ? "undefined" : Math.round(value);
  return {
    [`${name}_mean`]: whole(mean),
    [`${name}_median`]: whole(median),
    [`${name}_95`]: whole(p95),
    [`${name}_99`]: whole(p99),
    [`${name}_100`]: whole(max),
  };
}

/** Of the package that this file is in, compiled or not. */
const QUORUMLAB_VERSION = ((): string => {
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      return (require(path) as { readonly version: string }).version;
    } catch {
      // One folder further up when compiled.
    }
  }
  return "undefined";
})();
