/**
 * A MADE-UP trace for tests and pictures of the replay page: no engine made it. A dozen lines of a quorum protocol send
 * messages with drawn delays between nodes that store sets of write ids; a partition, a crash and a pause come in
 * between, a cut message never arrives, a late one leaves a reader behind. Seeded: the same bytes everywhere. A
 * read is called stale when it misses a write that had been acknowledged before it began.
 */
import { Random } from "../../../engine/vocabulary/random";
import type { TraceEvent } from "../../../results/record/trace";
import type { Trace } from "../../../results/replay/model";

export interface MadeUpOptions {
  readonly nodes?: number;
  readonly zones?: number;
  readonly clients?: number;
  readonly keys?: readonly string[];
  readonly operations?: number;
  readonly gapMicros?: number;
  readonly faults?: boolean;
  readonly siblings?: boolean;
  readonly tokensPerNode?: number;
  readonly names?: (index: number) => string;
}

type Fate = Extract<TraceEvent, { kind: "message" }>["fate"];

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly act: (now: number) => void;
}

const FROM = 58_000_000;
const WARMUP = 1_250_000;

export function madeUpTrace(options: MadeUpOptions = {}): Trace {
  const {
    nodes: nodeCount = 5,
    zones = 2,
    clients: clientCount = 3,
    keys = ["user17", "user4", "cart:9"],
    operations: operationCount = 60,
    gapMicros = 6_000,
    faults = true,
    siblings = true,
    tokensPerNode = 8,
    names = (index) => `node-${index + 1}`,
  } = options;
  const random = Random.fromSeed("made-up trace");
  const zoneOf = (index: number): string => "abcdefgh"[Math.floor((index * zones) / nodeCount)];
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({ id: names(i), zone: zoneOf(i) }));
  const tokens = nodes
    .flatMap(({ id }) => Array.from({ length: tokensPerNode }, () => ({ at: random.nextFloat(), node: id })))
    .sort((a, b) => a.at - b.at);
  const events: TraceEvent[] = [];
  const queue: Pending[] = [];
  let order = 0;
  const later = (at: number, act: (now: number) => void): void => {
    queue.push({ at, order: order++, act });
  };
  const state = new Map<string, "up" | "down" | "paused">();
  let cut: ReadonlySet<string> | undefined;
  const held = new Map<string, readonly number[]>();
  const replicasOf = (key: string): readonly string[] => {
    const start = [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % nodeCount;
    return [0, 1, 2].slice(0, Math.min(3, nodeCount)).map((step) => nodes[(start + step * 2) % nodeCount].id);
  };
  const delay = (): number => 300 + Math.floor(-900 * Math.log(1 - random.nextFloat() * 0.999));
  let messages = 0;

  function send(
    now: number,
    message: { from: string; to: string; what: string; key: string; versions: readonly number[]; detail: string },
    arrives?: (now: number) => void,
  ): void {
    const { from, to } = message;
    const at = now + (from === to ? 0 : delay());
    let fate: Fate = "delivered";
    if (cut !== undefined && from !== to && cut.has(from) !== cut.has(to) && !to.startsWith("client")) fate = "cut";
    else if (state.get(to) === "down") fate = "node-down";
    else if (random.nextFloat() < 0.02 && from !== to) fate = "lost";
    const arrivedAt = fate === "delivered" ? at + (state.get(to) === "paused" ? 4_000 : 0) : undefined;
    events.push({ kind: "message", id: ++messages, ...message, sentAt: now, arrivedAt, fate, bytes: 120 });
    if (arrivedAt !== undefined && arrives !== undefined) later(arrivedAt, arrives);
  }
  const holds = (node: string, key: string): readonly number[] => held.get(`${node} ${key}`) ?? [];
  function keep(now: number, node: string, key: string, versions: readonly number[]): void {
    const before = holds(node, key);
    if (versions.join() === before.join()) return;
    held.set(`${node} ${key}`, versions);
    events.push({
      kind: "state",
      at: now,
      node,
      vnode: 3,
      key,
      versions,
      clock: versions.map((id) => `{${node}:${id % 1000}}`).join(" "),
    });
  }
  const covers = new Map<number, readonly number[]>();
  /** What is left of two replicas' versions: those that no other was written on top of. */
  function merge(a: readonly number[], b: readonly number[]): readonly number[] {
    const all = [...new Set([...a, ...b])].sort((x, y) => x - y);
    return all.filter((id) => !all.some((other) => covers.get(other)?.includes(id) === true));
  }

  for (const key of keys)
    for (const node of replicasOf(key)) keep(FROM, node, key, [1 + keys.indexOf(key) * 1_000_000]);
  const acknowledged = new Map<string, { id: number; at: number }[]>();

  function operate(index: number, now: number): void {
    const client = `client-${(index % clientCount) + 1}`;
    const key = keys[random.nextFloat() < 0.7 ? 0 : random.nextUint32() % keys.length];
    const replicas = replicasOf(key);
    const coordinator = nodes[random.nextUint32() % nodeCount].id;
    const isWrite = random.nextFloat() < 0.4;
    const writeId = isWrite ? 1 + keys.indexOf(key) * 1_000_000 + index + 1 : 0;
    let done = false;
    const finish = (at: number, outcome: string, versions: readonly number[]): void => {
      if (done) return;
      done = true;
      const known = (acknowledged.get(key) ?? []).filter((one) => one.at < now);
      const newest = known.at(-1)?.id;
      const stale =
        isWrite || outcome !== "ok" ? undefined : newest !== undefined && !versions.some((id) => id >= newest);
      if (isWrite && outcome === "ok") acknowledged.set(key, [...(acknowledged.get(key) ?? []), { id: writeId, at }]);
      events.push({
        kind: "operation",
        startedAt: now,
        endedAt: at,
        client,
        operation: isWrite ? "update" : "read",
        key,
        outcome,
        writeId,
        versions,
        stale,
        replicas,
      });
    };
    later(now + 25_000, (at) => finish(at, "timeout", []));
    const request = {
      from: client,
      to: coordinator,
      what: isWrite ? "put" : "get",
      key,
      versions: isWrite ? [writeId] : [],
    };
    send(now, { ...request, detail: "" }, (there) => {
      let answers = 0;
      const answer = (at: number, versions: readonly number[]): void => {
        if (++answers !== 1) return;
        send(at, { from: coordinator, to: client, what: "answer", key, versions, detail: "ok" }, (back) =>
          finish(back, "ok", versions),
        );
      };
      // Two of the replicas are told at once, so that the third is sometimes read before it knows.
      const seen = siblings && random.nextFloat() < 0.3 ? [] : merge(holds(replicas[0], key), []);
      if (isWrite) covers.set(writeId, [...new Set([...seen, ...seen.flatMap((id) => covers.get(id) ?? [])])]);
      for (const replica of replicas)
        if (isWrite)
          send(
            there,
            { from: coordinator, to: replica, what: "replica-put", key, versions: [writeId], detail: "" },
            (at) => {
              keep(at, replica, key, merge(holds(replica, key), [writeId]));
              send(
                at,
                { from: replica, to: coordinator, what: "replica-put-reply", key, versions: [], detail: "stored" },
                (back) => answer(back, [writeId]),
              );
            },
          );
        else
          send(there, { from: coordinator, to: replica, what: "replica-get", key, versions: [], detail: "" }, (at) => {
            const found = holds(replica, key);
            send(
              at,
              { from: replica, to: coordinator, what: "replica-get-reply", key, versions: found, detail: "found" },
              (back) => {
                answer(back, found);
                const merged = merge(holds(replicas[0], key), found);
                if (answers === 3 && merged.join() !== found.join()) {
                  events.push({
                    kind: "note",
                    at: back,
                    node: coordinator,
                    text: `read repair of ${key} at ${replica}`,
                  });
                  send(
                    back,
                    {
                      from: coordinator,
                      to: replica,
                      what: "replica-put",
                      key,
                      versions: merged,
                      detail: "read-repair",
                    },
                    (end) => keep(end, replica, key, merge(holds(replica, key), merged)),
                  );
                }
              },
            );
          });
    });
  }

  for (let i = 0; i < operationCount; i++) {
    const at = FROM + 2_000 + Math.floor(i * gapMicros + random.nextFloat() * gapMicros);
    later(at, (now) => operate(i, now));
  }
  const span = operationCount * gapMicros;
  for (let at = FROM + 10_000; at < FROM + span; at += 50_000)
    later(at, (now) =>
      nodes.forEach(({ id }, i) =>
        send(now, {
          from: id,
          to: nodes[(i + 1) % nodeCount].id,
          what: "heartbeat",
          key: "",
          versions: [],
          detail: "",
        }),
      ),
    );
  if (faults) {
    const at = (share: number): number => FROM + Math.floor(span * share);
    const fault = (now: number, id: string, phase: "begin" | "end", what: string): void => {
      events.push({ kind: "fault", at: now, id, phase, what });
    };
    const first = nodes[0].id;
    const last = nodes[nodeCount - 1].id;
    later(at(0.25), (now) => {
      fault(now, "split", "begin", `partition: ${first} | everybody else`);
      cut = new Set([first]);
    });
    later(at(0.45), (now) => {
      fault(now, "split", "end", `partition: ${first} | everybody else`);
      cut = undefined;
    });
    const status = (now: number, node: string, to: "up" | "down" | "paused"): void => {
      state.set(node, to);
      events.push({ kind: "node", at: now, node, state: to });
    };
    later(at(0.6), (now) => {
      fault(now, "crash", "begin", `kill: ${last}`);
      status(now, last, "down");
    });
    later(at(0.7), (now) => {
      fault(now, "crash", "end", `kill: ${last}`);
      status(now, last, "up");
    });
    later(at(0.8), (now) => {
      fault(now, "gc", "begin", `pause: ${nodes[1].id}`);
      status(now, nodes[1].id, "paused");
    });
    later(at(0.86), (now) => {
      fault(now, "gc", "end", `pause: ${nodes[1].id}`);
      status(now, nodes[1].id, "up");
    });
  }
  let last = FROM;
  while (queue.length > 0) {
    let next = 0;
    queue.forEach((one, i) => {
      if (one.at < queue[next].at || (one.at === queue[next].at && one.order < queue[next].order)) next = i;
    });
    const [pending] = queue.splice(next, 1);
    last = pending.at;
    pending.act(pending.at);
  }
  return {
    header: {
      schema: "quorumlab/trace@1",
      trial: "0123456789ab",
      cell: "r1-w1-dvvset",
      nodes,
      tokens,
      warmupMicros: WARMUP,
      fromMicros: FROM,
      toMicros: last + 1_000,
      dropped: 0,
    },
    events,
  };
}
