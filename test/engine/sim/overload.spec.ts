/**
 * A node under overload in virtual time: late or refusing, while its peers are as they were. A message takes a node 0.1 ms,
 * so it handles 10,000 a second; a get that it coordinates is three messages to it (the question and two replies).
 */
import { strict as assert } from "node:assert";
import { overloadAddress } from "../../../engine/host/overload";
import { scheduleFaults } from "../../../engine/sim/faults";
import type { FaultSettings, OverloadCounts } from "../../../engine/vocabulary/faults";
import type { Outcome } from "../../../engine/vocabulary/outcomes";
import { Bench, type Changes, key } from "./settings";

const SECOND = 1_000_000;
const TIMED: Changes = {
  nodeModel: { service: { message: { dist: "constant", valueMs: 0.1 } }, workers: 1, queueLimit: 50_000 },
  network: { intraZone: { dist: "constant", valueMs: 0.5 }, client: { dist: "constant", valueMs: 0.5 }, loss: 0 },
  engine: { r: 2, readTimeoutMs: 5_000, detector: { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 } },
};
const crowd = (ratePerSecond: number, forMs: number | undefined, atMs = 0, id = "crowd"): FaultSettings => ({
  id,
  atMs,
  forMs,
  action: { kind: "overload", nodes: ["node-1"], ratePerSecond },
});

interface Seen {
  /** Of gets that each node coordinates: outcomes, and the worst time one took. */
  readonly outcomes: readonly Readonly<Partial<Record<Outcome, number>>>[];
  readonly worst: readonly number[];
  readonly requests: readonly (OverloadCounts | undefined)[];
  readonly digest: string;
  readonly held: readonly number[];
}

/** A second of 100 gets to each node, one at a time, while the faults happen. */
function under(faults: readonly FaultSettings[], changes: Changes = TIMED): Seen {
  const bench = new Bench(changes);
  const { cluster, client } = bench;
  bench.wait(bench.put("k"));
  const held = (): number[] => cluster.machines.map((machine) => machine.keysHeld());
  const before = held();
  const running = scheduleFaults(cluster, faults, cluster.now());
  const start = cluster.now();
  const outcomes: Partial<Record<Outcome, number>>[] = [{}, {}, {}];
  const worst = [0, 0, 0];
  for (let i = 0; i < 100; i++) {
    for (const node of [0, 1, 2]) {
      cluster.at(start + i * 10_000 + node * 1_000, () => {
        const asked = cluster.now();
        const answered = ({ outcome }: { readonly outcome: Outcome }): void => {
          outcomes[node][outcome] = (outcomes[node][outcome] ?? 0) + 1;
          worst[node] = Math.max(worst[node], cluster.now() - asked);
        };
        client.get(0, key("k"), undefined, answered, node);
      });
    }
  }
  cluster.run(start + 12 * SECOND);
  return {
    outcomes,
    worst,
    requests: running.occurrences().map(({ requests }) => requests),
    digest: cluster.digest.hex(),
    held: held().map((now, i) => now - before[i]),
  };
}

describe("a node under overload", () => {
  const quiet = under([]);

  it("is late beyond what it can do, and its peers are not", () => {
    const { outcomes, worst, requests } = under([crowd(5_000, 1_000)]);
    assert.deepEqual(outcomes, [{ ok: 100 }, { ok: 100 }, { ok: 100 }]);
    // 15,000 messages in a second of 10,000: half a second behind at its end, with the question and again with a reply.
    assert.ok(worst[0] > 300_000 && worst[0] < 1_100_000, `${String(worst[0])} us`);
    for (const node of [1, 2])
      assert.ok(worst[node] < quiet.worst[node] + 2_000, `${String(worst[node])} us on a peer`);
    assert.deepEqual(requests, [{ sent: 5_000, answered: 5_000, refused: 0, unanswered: 0, dropped: 0 }]);
  });

  it("below what it can do is nearly as it was", () => {
    const { worst } = under([crowd(1_000, 1_000)]);
    assert.ok(worst[0] < quiet.worst[0] + 2_000, `${String(worst[0])} us`);
  });

  it("refuses what is beyond its admission, its peers do not", () => {
    const { engine } = TIMED;
    const { outcomes, requests } = under([crowd(5_000, 1_000)], { ...TIMED, engine: { ...engine, admission: 5 } });
    assert.ok(outcomes[0].overloaded! > 10, JSON.stringify(outcomes));
    assert.deepEqual(outcomes.slice(1), [{ ok: 100 }, { ok: 100 }]);
    const { sent, answered, refused, unanswered, dropped } = requests[0]!;
    assert.ok(refused > 0);
    assert.deepEqual([sent, dropped], [answered + refused + unanswered, 0]);
  });

  it("under two of them has both rates", () => {
    const { requests } = under([crowd(400, 1_000), crowd(300, 500, 250, "more")]);
    assert.deepEqual(
      requests.map((counts) => counts?.sent),
      [400, 150],
    );
  });

  it("is left alone where it is down, and asked again when it is up", () => {
    const kill: FaultSettings = {
      id: "crash",
      atMs: 200,
      forMs: 300,
      action: { kind: "kill", nodes: ["node-1"], disk: "keep" },
    };
    const [counts] = under([crowd(1_000, 1_000), kill]).requests;
    assert.ok(counts!.dropped >= 298 && counts!.dropped <= 302, JSON.stringify(counts));
    assert.equal(counts!.sent + counts!.dropped, 1_000);
    assert.ok(counts!.answered > 690);
  });

  it("is reached across a partition that cuts off the clients, and keeps nothing that is new", () => {
    const cut: FaultSettings = {
      id: "cut",
      atMs: 0,
      forMs: 1_000,
      action: { kind: "partition", groups: [["node-1", "node-2"], ["node-3"]], oneWay: false, clients: { group: 1 } },
    };
    const seen = under([cut, crowd(100, 1_000)]);
    assert.equal(seen.requests[1]!.answered, 100);
    assert.deepEqual(seen.held, [0, 0, 0]);
    assert.ok(overloadAddress(1) !== key("k"));
  });

  it("happens alike for equal seeds, to the last event", () => {
    const once = (seed: number): string => under([crowd(3_000, 700)], { ...TIMED, seed }).digest;
    assert.equal(once(4), once(4));
    assert.notEqual(once(4), once(5));
    assert.notEqual(once(1), quiet.digest);
  });
});
