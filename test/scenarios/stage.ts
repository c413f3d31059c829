/**
 * Carries the commands of a scenario out on a simulated cluster of constant latencies. Nodes have a perfect detector and
 * memory storage unless the scenario says otherwise, so that a trace holds what the scenario is about and no heartbeats.
 *
 *   cluster nodes=5 n=3 r=2 w=2 clock=dvvset latency=1ms …   begins anew; detector.<key>=… sets what the detector has
 *   put k v1 via node-2 [as bob] [blind] [r=…]               begins; a session remembers its contexts
 *   get k via node-2 [as bob] [r=…]      delete k via node-2
 *   run [50ms]                                               for so long, or until all is answered and nothing on its way
 *   cut node-1 | node-2,node-3 [oneway]  hold node-1 > node-2  lose node-1 > node-2,node-3
 *   heal                                                     ends all of those
 *   kill node-1      restart node-1      pause node-1        resume node-1
 *   join node-4 via node-1 [replacing node-2]   leave node-1   remove node-3 via node-1     with gossip=<interval>
 *   owners k         states k
 */
import { detectorNamedWith, plain } from "../engine/detectors/named";
import { clockFor } from "../../engine/clocks/clock";
import type { LinkRule, PartitionRule } from "../../engine/host/faults";
import type { AnswerMessage, Held, RequestOptions } from "../../engine/messages";
import type { SimulatedClient } from "../../engine/sim/client";
import { SimulatedCluster } from "../../engine/sim/cluster";
import { type Address, encodeAddress } from "../../engine/vocabulary/address";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import type {
  ClusterSettings,
  DistributionSettings,
  MembershipSettings,
  QuorumValue,
  StandIn,
} from "../../engine/vocabulary/settings";
import { BadScenario, type Command } from "./script";
import { answerInWords, nodeName, scanInWords, TraceLines } from "./trace-lines";

/** `run` without a length gives up after so long. */
const PATIENCE: Micros = 10_000_000;

interface Act {
  readonly cluster: SimulatedCluster;
  readonly client: SimulatedClient;
  readonly trace: TraceLines;
}

export class Stage {
  private act: Act | undefined;
  private readonly sessions: string[] = [];
  /** By session and key. */
  private readonly contexts = new Map<string, string>();
  private rules: LinkRule[] = [];
  private partitions: PartitionRule[] = [];
  private nextWrite = 1;
  private unanswered = 0;

  perform(command: Command): readonly string[] {
    const { verb, words } = command;
    switch (verb) {
      case "cluster":
        this.begin(command);
        break;
      case "put":
      case "delete":
      case "get":
        this.ask(verb, command);
        break;
      case "scan":
        this.scan(words);
        break;
      case "run":
        this.run(words[0]);
        break;
      case "cut":
        this.partitions.push(this.partition(words));
        this.cluster.setPartitions([...this.partitions]);
        break;
      case "hold":
      case "lose":
        this.rules.push({ ...this.links(words), ...(verb === "hold" ? { hold: { except: [] } } : { loss: 1 }) });
        this.cluster.setRules([...this.rules]);
        break;
      case "heal":
        this.rules = [];
        this.partitions = [];
        this.cluster.setRules([]);
        this.cluster.setPartitions([]);
        break;
      case "kill":
        for (const node of this.nodes(words[0])) this.cluster.kill(node);
        break;
      case "restart":
        for (const node of this.nodes(words[0])) this.cluster.boot(node);
        break;
      case "pause":
        for (const node of this.nodes(words[0])) this.cluster.pause(node);
        break;
      case "resume":
        for (const node of this.nodes(words[0])) this.cluster.resume(node);
        break;
      case "join":
        for (const node of this.nodes(words[0])) {
          this.cluster.boot(node);
          const replaced = words[3] === "replacing" ? this.nodes(words[4])[0] : undefined;
          this.cluster.operate(node, { kind: "join", via: this.nodes(words[2])[0], replaces: replaced });
        }
        break;
      case "leave":
        for (const node of this.nodes(words[0])) this.cluster.operate(node, { kind: "leave" });
        break;
      case "remove":
        this.cluster.operate(this.nodes(words[2])[0], { kind: "remove", node: this.nodes(words[0])[0] });
        break;
      case "owners":
        return [this.owners(words[0]).map(({ node }) => nodeName(node)).join(" ")]; // prettier-ignore
      case "states":
        return this.states(words[0]);
      default:
        throw new BadScenario(`no command "${verb}"`);
    }
    return this.scene.trace.take();
  }

  private get scene(): Act {
    if (this.act === undefined) throw new BadScenario("a scenario begins with `cluster`");
    return this.act;
  }

  private get cluster(): SimulatedCluster {
    return this.scene.cluster;
  }

  private begin({ settings }: Command): void {
    const cluster = settingsOf(settings);
    const trace = new TraceLines(clockFor(cluster.engine), (session) => this.sessions[session]);
    const simulated = new SimulatedCluster({ cluster, watcher: trace });
    this.act = { cluster: simulated, client: simulated.client({ routing: "any", graceMs: 100 }), trace };
    this.sessions.length = 0;
    this.contexts.clear();
    this.rules = [];
    this.partitions = [];
    this.nextWrite = 1;
    this.unanswered = 0;
    if (simulated.ready > 0) simulated.run(simulated.ready);
    // That all nodes start is no news.
    trace.take();
  }

  private ask(verb: "put" | "delete" | "get", { words, settings }: Command): void {
    const { client, cluster, trace } = this.scene;
    const [key, value] = words;
    const session = this.session(after(words, "as") ?? "alice");
    const [via] = this.nodes(after(words, "via") ?? "node-1");
    const address = addressOf(key);
    const known = `${String(session)}/${key}`;
    const options = optionsOf(settings);
    this.unanswered++;
    const done = (answer: AnswerMessage): void => {
      this.unanswered--;
      if (answer.outcome === "ok") this.contexts.set(known, answer.context);
      trace.line(cluster.now(), `${this.sessions[session]} has the answer to the ${verb} of ${key}: ${answerInWords(answer)}`); // prettier-ignore
    };
    // The client library goes round the nodes; a scenario says where it stands.
    client["nextNode"] = via;
    if (verb === "get") return client.get(session, address, options, done);
    const tombstone = verb === "delete";
    if (!tombstone && value === undefined) throw new BadScenario("a put needs a key and a value");
    const version = { writeId: this.nextWrite++, value: tombstone ? "" : value, tombstone };
    const context = words.includes("blind") ? "" : (this.contexts.get(known) ?? "");
    client.put(session, address, context, version, options, done);
  }

  private scan(words: readonly string[]): void {
    const { client, cluster, trace } = this.scene;
    const session = this.session(after(words, "as") ?? "alice");
    const [via] = this.nodes(after(words, "via") ?? "node-1");
    const range = { start: after(words, "from") ?? "", end: after(words, "to") ?? "" };
    const limit = Number(after(words, "limit") ?? "10");
    client["nextNode"] = via;
    this.unanswered++;
    client.scan(session, { bucket: addressOf(""), ...range, limit }, undefined, (answer) => {
      this.unanswered--;
      trace.line(cluster.now(), `${this.sessions[session]} has the answer to the scan: ${scanInWords(answer)}`);
    });
  }

  private run(length: string | undefined): void {
    const { cluster, trace } = this.scene;
    if (length !== undefined) {
      const end = cluster.now() + micros(length);
      cluster.at(end, () => undefined);
      cluster.run(end);
      return;
    }
    const end = cluster.now() + PATIENCE;
    const busy = (): boolean => this.unanswered > 0 || trace.inFlight > 0;
    while (busy()) {
      if (cluster.run(end, 1) !== "events") throw new BadScenario("this never comes to rest; say how long to run");
    }
  }

  private session(name: string): number {
    const known = this.sessions.indexOf(name);
    return known >= 0 ? known : this.sessions.push(name) - 1;
  }

  private nodes(list: string | undefined): number[] {
    if (list === undefined) throw new BadScenario("which node?");
    return list.split(",").map((id) => {
      const index = this.cluster.settings.members.findIndex((member) => member.id === id);
      if (index < 0) throw new BadScenario(`no node "${id}"`);
      return index;
    });
  }

  private partition(words: readonly string[]): PartitionRule {
    const groups = words.filter((word) => word.startsWith("node-")).map((list) => this.nodes(list));
    const groupOf = this.cluster.settings.members.map((_, node) => groups.findIndex((group) => group.includes(node)));
    return { groupOf, groups: groups.length, oneWay: words.includes("oneway"), sideOf: undefined };
  }

  private links(words: readonly string[]): Pick<LinkRule, "from" | "to" | "bothWays"> {
    const [from, arrow, to] = words;
    if (arrow !== ">" && arrow !== "<>") throw new BadScenario("links are `node-1 > node-2` or `node-1 <> node-2`");
    return { from: new Set(this.nodes(from)), to: new Set(this.nodes(to)), bothWays: arrow === "<>" };
  }

  private owners(key: string): readonly { readonly node: number; readonly vnode: number }[] {
    const { ring, settings } = this.cluster;
    return ring.preferenceList(addressOf(key), settings.engine.nVal);
  }

  /** Write ids that each replica holds, asked past the network. */
  private states(key: string): string[] {
    const { cluster } = this;
    return this.owners(key).map(({ node, vnode }) => {
      let held: readonly Held[] | undefined;
      let asked = true;
      cluster.inspect(node, [vnode], [addressOf(key)], (found) => {
        held = found?.held;
        asked = false;
      });
      // A disk answers by an event of its own.
      while (asked && cluster.run(cluster.now() + PATIENCE, 1) === "events");
      return `${nodeName(node)} ${held === undefined ? "does not answer" : heldInWords(held[0])}`;
    });
  }
}

function heldInWords(held: Held): string {
  if (held === undefined) return "nothing";
  return held === "failed" ? "unreadable" : `[${held.map((id) => `w${String(id)}`).join(" ")}]`;
}

function addressOf(key: string): Address {
  return encodeAddress({ type: "default", bucket: "scenario", key });
}

function after(words: readonly string[], word: string): string | undefined {
  const at = words.indexOf(word);
  return at < 0 ? undefined : words[at + 1];
}

/** `50ms`, `1s` or `700us`. */
function micros(length: string): Micros {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(length);
  if (match === null) throw new BadScenario(`"${length}" is no length such as 50ms`);
  return Math.round(Number(match[1]) * { us: 1, ms: 1_000, s: 1_000_000 }[match[2] as "us" | "ms" | "s"]);
}

function constant(length: string): DistributionSettings {
  return { dist: "constant", valueMs: micros(length) / fromMs(1) };
}

function quorum(text: string): QuorumValue {
  return /^\d+$/.test(text) ? Number(text) : (text as QuorumValue);
}

function optionsOf(settings: ReadonlyMap<string, string>): RequestOptions | undefined {
  if (settings.size === 0) return undefined;
  const options: Record<string, QuorumValue> = {};
  for (const [name, value] of settings) {
    if (!["r", "w", "pr", "pw", "dw"].includes(name)) throw new BadScenario(`a request has no "${name}"`);
    options[name] = quorum(value);
  }
  return options;
}

function repairOf(take: (name: string, usual: string) => string): Partial<ClusterSettings["engine"]> {
  const standIn = take("stand_in", "none");
  const sloppyQuorum = take("sloppy_quorum", "true") === "true";
  const idle = take("hint_idle", "0ms");
  const interval = take("aae", "disabled");
  const depth = Number(take("tree_depth", "3"));
  const repair = take("aae_repair", "gets") as "gets" | "stream";
  return {
    ...(standIn === "none"
      ? {}
      : {
          standIn: standIn as StandIn,
          sloppyQuorum,
          hint: { batch: 10, idleMs: micros(idle) / fromMs(1), concurrency: 2 },
        }),
    ...(interval === "disabled"
      ? {}
      : {
          aae: {
            intervalMs: micros(interval) / fromMs(1),
            depth,
            fanout: 2,
            hash: "clock" as const,
            repair,
            concurrency: 2,
          },
        }),
  };
}

function readsOf(take: (name: string, usual: string) => string): Partial<ClusterSettings["engine"]> {
  const fanout = take("read_fanout", "all");
  const digests = take("digest_reads", "false") === "true";
  const speculation = take("speculative_retry", "none");
  return {
    ...(fanout === "quorum" ? { readFanout: "quorum" as const } : {}),
    ...(digests ? { digestReads: true } : {}),
    ...(speculation === "none"
      ? {}
      : {
          speculativeRetry:
            speculation === "p99" || speculation === "always"
              ? speculation
              : { afterMs: micros(speculation) / fromMs(1) },
        }),
  };
}

function membershipOf(interval: string): MembershipSettings {
  return {
    intervalMs: micros(interval) / fromMs(1),
    fanout: 1,
    seeds: [0],
    payloadBytes: 1_400,
    doubleWrites: true,
    transferBatch: 100,
  };
}

function settingsOf(given: ReadonlyMap<string, string>): ClusterSettings {
  const left = new Map(given);
  const take = (name: string, usual: string): string => {
    const value = left.get(name) ?? usual;
    left.delete(name);
    return value;
  };
  const latency = take("latency", "1ms");
  const write = left.get("write");
  left.delete("write");
  const detectorKeys: Record<string, string | number | boolean> = {};
  for (const [name, value] of given) {
    if (!name.startsWith("detector.")) continue;
    left.delete(name);
    detectorKeys[name.slice("detector.".length)] = plain(value);
  }
  const nodes = Number(take("nodes", "3"));
  const spares = Number(take("spares", "0"));
  const gossip = left.get("gossip");
  left.delete("gossip");
  const settings: ClusterSettings = {
    name: "scenario",
    seed: Number(take("seed", "1")),
    members: Array.from({ length: nodes + spares }, (_, i) => ({
      id: nodeName(i),
      zone: "a",
      weight: 1,
      ...(i < nodes ? {} : { joins: true as const }),
    })),
    ring: {
      strategy: "equal-partitions",
      partitions: Number(take("partitions", "16")),
      vnodesPerNode: 8,
      hash: "murmur3",
      distinctHosts: "walk",
    },
    engine: {
      nVal: Number(take("n", "3")),
      r: quorum(take("r", "quorum")),
      w: quorum(take("w", "quorum")),
      pr: quorum(take("pr", "0")),
      pw: quorum(take("pw", "0")),
      dw: quorum(take("dw", "one")),
      notfoundOk: take("notfound_ok", "true") === "true",
      basicQuorum: take("basic_quorum", "false") === "true",
      coordinator: take("coordinator", "replica") as "replica" | "any",
      clock: take("clock", "dvvset"),
      maxSiblings: Number(take("max_siblings", "100")),
      readRepair: take("read_repair", "async") as "async" | "none" | "blocking",
      ...repairOf(take),
      ...readsOf(take),
      ...(gossip === undefined ? {} : { membership: membershipOf(gossip) }),
      readTimeoutMs: micros(take("timeout", "100ms")) / fromMs(1),
      writeTimeoutMs: micros(given.get("timeout") ?? "100ms") / fromMs(1),
      admission: Number(take("admission", "1000")),
      detector: detectorNamedWith(take("detector", "perfect"), {
        heartbeat_interval: take("heartbeat", "20ms"),
        timeout: take("suspect_after", "100ms"),
        ...detectorKeys,
      }),
    },
    network: { intraZone: constant(latency), client: constant(take("client", latency)), loss: 0 },
    storage: { kind: take("storage", "memory") as "memory" | "lmdb", sync: "each" },
    nodeModel: { service: write === undefined ? {} : { write: constant(write) }, workers: 1, queueLimit: 1_000 },
    simulation: { codec: "real" },
  };
  const unknown = [...left.keys()];
  if (unknown.length > 0) throw new BadScenario(`a cluster has no ${unknown.join(", ")}`);
  return settings;
}
