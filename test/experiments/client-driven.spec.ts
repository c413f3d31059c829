/**
 * Client-driven coordination as an experiment asks for it: what is refused and why, what reaches the cell, and whether it saves what
 * Dynamo's table 2 says it does (DYN-T2) with the hop that the catalogue fixed beforehand.
 */
import assert from "node:assert/strict";
import { errorsOf, experimentOf, problemsOf } from "./problems-of";
import { type Cell, smoke, valueOf } from "./smoke-cells";

const file = (rest: string): string =>
  `schema: quorumlab/experiment@1\nname: try\nworld: simulation\nnetwork: {client: 1ms, intra_zone: 1ms, balancer: 2ms}\nworkload: {routing: client-driven}\n${rest}`;

describe("routing client-driven, as written", () => {
  it("has its poll in the cell, and the balancer only where it stands in the way", () => {
    const cells = experimentOf(
      file("sweep: {axes: {workload.routing: [any, token-aware, client-driven]}}\nrepetitions: {count: 1}\n"),
    ).cells;
    assert.deepEqual(
      cells.map(({ workload, cluster }) => [
        workload.routing,
        workload.membershipPollMs,
        cluster.network.balancer !== undefined,
      ]),
      [
        ["any", undefined, true],
        ["token-aware", undefined, false],
        ["client-driven", 10_000, false],
      ],
    );
  });

  it("is refused where a client could not do what is asked, and says what could", () => {
    assert.deepEqual(errorsOf(file("tunables: {clock: dvvset}\n")), []);
    const logs = "stand_in: coordinator-log, sloppy_quorum: true";
    assert.deepEqual(errorsOf(file(`tunables: {clock: dvvset, ${logs}}\n`)), []);
    const [log] = errorsOf(file(`tunables: {clock: lww, ${logs}}\n`));
    assert.match(log, /^5:\d+ with workload.routing: client-driven and tunables.clock: lww .* no disk/);
    const deletes = "membership: gossip, delete_mode: immediate";
    assert.deepEqual(errorsOf(file(`tunables: {clock: dvvset, ${deletes}}\n`)), []);
    const [tombstones] = errorsOf(file(`tunables: {clock: vv-client, ${deletes}}\n`));
    assert.match(tombstones, /tombstones cannot be removed by agreement; use tunables.delete_mode: keep/);
    const wars = file("").replace("client: 1ms", "client: 1ms, wars: {w: 1ms, a: 1ms, r: 1ms, s: 1ms}");
    assert.match(errorsOf(wars)[0], /give network.client, not network.wars/);
  });

  it("warns of what has no effect", () => {
    const warnings = (text: string): string[] => problemsOf(text).map(({ message }) => message);
    assert.ok(
      warnings(file("tunables: {background_p99: 50ms}\n")).some((text) => /background_p99 has no effect/.test(text)),
    );
    const skewed = (tunables: string): boolean =>
      warnings(file(`node_model: {clock_skew: 50ms}\ntunables: {${tunables}}\n`)).some((text) =>
        /clock_skew makes no write's timestamp wrong/.test(text),
      );
    assert.deepEqual(
      ["clock: lww", "clock: dvvset, siblings: overwrite", "clock: lww, timestamps: client", "clock: dvvset", "clock: vv-client"].map(skewed), // prettier-ignore
      [true, true, false, false, false],
    );
    const aware = file("").replace("client-driven", "token-aware, membership_poll: 5s");
    assert.ok(warnings(aware).some((text) => /membership_poll has no effect/.test(text)));
  });

  it("knows when no time would pass: a client's own reads cross no link between nodes", () => {
    const free = (mix: string): readonly string[] =>
      errorsOf(
        `schema: quorumlab/experiment@1\nname: try\nworld: simulation\nnetwork: {intra_zone: 1ms}\nworkload: {routing: client-driven, mix: ${mix}}\ntunables: {r: 2, w: 2}\n`,
      );
    assert.match(free("{read: 1}")[0], /endlessly many operations/);
    assert.deepEqual(free("{read: 0.5, update: 0.5}"), []);
  });
});

describe("experiment client-driven (long)", function () {
  this.timeout(120_000);

  /** What is left of a latency when the client coordinates. */
  const left = (cells: readonly Cell[], metric: string): number =>
    valueOf(cells, metric, { "workload.routing": "client-driven" }) /
    valueOf(cells, metric, { "workload.routing": "any" });
  const only = (clock: string): string => `sweep.axes={workload.routing: [any, client-driven], clock: [${clock}]}`;

  it("means and p99.9 of reads and writes fall by at least 35 % under timestamps (DYN-T2)", async () => {
    const sets = ["cluster.nodes=30", "workload.rate=1500/s", "phases.measure=15s"];
    const cells = await smoke("client-driven", [...sets, only("lww")]);
    for (const metric of ["read_mean_ms", "write_mean_ms", "read_p999_ms", "write_p999_ms"])
      assert.ok(left(cells, metric) <= 0.65, `${metric}: ${String(left(cells, metric))} is left`);
    const work = cells.find(({ axes }) => axes["workload.routing"] === "client-driven")!.output.figures.work!;
    assert.ok(work.byClients!.gets > 5_000 && work.byClients!.puts > 5_000);
    assert.ok(!work.roles.some(({ role }) => role.startsWith("coordinating") || role === "forwarding"));
  });

  it("under vector clocks a replica coordinates writes, whose mean falls by as much", async () => {
    const cells = await smoke("client-driven", [
      "cluster.nodes=30",
      only("dvvset"),
      "sweep.baseline={workload.routing: any, clock: dvvset}",
    ]);
    for (const metric of ["read_mean_ms", "write_mean_ms"])
      assert.ok(left(cells, metric) <= 0.65, `${metric}: ${String(left(cells, metric))} is left`);
    const work = cells.find(({ axes }) => axes["workload.routing"] === "client-driven")!.output.figures.work!;
    assert.ok(work.byClients!.gets > 500 && work.byClients!.puts === 0);
    assert.ok(work.roles.some(({ role }) => role === "coordinating puts"));
  });
});
