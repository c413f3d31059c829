/**
 * Where stores of others are, as an experiment says it: every wrong entry told at its own line and column, nothing of a URL
 * quietly dropped, a store on this machine where nobody says anything, and never a cloud's.
 */
import assert from "node:assert/strict";
import { checkHosts, hostPort, MOST_HOSTS } from "../../engine/vocabulary/written-hosts";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { Resolution } from "../../experiments/spec/experiment";

const resolve = (lines: string, sets: readonly string[] = []): Resolution =>
  resolveExperiment({ path: "given.yaml", text: `name: given\nworld: processes\n${lines}`, sets });

const told = (resolution: Resolution): readonly string[] =>
  resolution.ok ? [] : resolution.problems.filter(({ severity }) => severity === "error").map(({ line, column, message }) => `${line}:${column} ${message}`); // prettier-ignore

describe("hosts of a store of somebody else", () => {
  it("are host:port, by name, by address of version 4, and of version 6 in brackets", () => {
    const given = ["127.0.0.1:6379", "redis:6379", "db-1.example.org:1", "[::1]:65535"];
    assert.deepEqual(checkHosts(given), { ok: true, value: given });
    assert.deepEqual(given.map(hostPort), [
      { host: "127.0.0.1", port: 6379 },
      { host: "redis", port: 6379 },
      { host: "db-1.example.org", port: 1 },
      { host: "::1", port: 65535 },
    ]);
    assert.deepEqual(checkHosts("localhost:1"), { ok: true, value: ["localhost:1"] });
  });

  it("are told one by one where they are wrong, each at its place", () => {
    const problems = told(
      resolve(
        [
          "target: redis",
          "hosts:",
          "  - 127.0.0.1",
          "  - 127.0.0.1:0",
          "  - http://127.0.0.1:80",
          "  - user:secret@host:80",
          "  - ::1:6379",
          "  - 999.0.0.1:80",
          "  - 6379",
          "  - good:6379",
          "  - good:6379",
          "  - -bad-:1",
        ].join("\n"),
      ),
    );
    assert.deepEqual(
      problems.map((text) => text.slice(0, text.indexOf(" "))),
      ["5:5", "6:5", "7:5", "8:5", "9:5", "10:5", "11:5", "13:5", "14:5"],
      problems.join("\n"),
    );
    assert.match(problems[0], /names no port/);
    assert.match(problems[1], /from 1 to 65535/);
    assert.match(problems[2], /without scheme/);
    assert.match(problems[3], /user/);
    assert.match(problems[4], /brackets/);
    assert.match(problems[5], /no name and no address/);
    assert.match(problems[7], /stands there already/);
  });

  it("are bounded, and at least one", () => {
    const many = Array.from({ length: MOST_HOSTS + 1 }, (_, i) => `host-${String(i)}:80`);
    assert.ok(checkHosts(many.slice(1)).ok);
    assert.ok(!checkHosts(many).ok && !checkHosts([]).ok && !checkHosts(6379).ok && !checkHosts(null).ok);
  });

  it("are this machine's where nobody says anything, by the store's usual port", () => {
    const hostsOf = (target: string): readonly string[] | undefined => {
      const resolution = resolve(`target: ${target}\n`);
      assert.ok(resolution.ok, told(resolution).join("\n"));
      return resolution.experiment.cells[0].hosts;
    };
    assert.deepEqual(["redis", "dynamodb", "cassandra", "riak", "engine"].map(hostsOf), [
      ["127.0.0.1:6379"],
      ["127.0.0.1:8000"],
      ["127.0.0.1:9042"],
      ["127.0.0.1:8098"],
      undefined,
    ]);
  });

  it("can be said by a flag, alone or as a list, and vary with the target", () => {
    const set = resolve("target: cassandra\n", ["hosts=[a:9042, b:9042]"]);
    assert.deepEqual(set.ok && set.experiment.cells[0].hosts, ["a:9042", "b:9042"]);
    const one = resolve("target: redis\n", ["hosts=127.0.0.1:7000"]);
    assert.deepEqual(one.ok && one.experiment.cells[0].hosts, ["127.0.0.1:7000"]);
    const swept = resolve(
      "sweep: {axes: {store: {zip: {target: [redis, dynamodb], hosts: [['127.0.0.1:1'], ['127.0.0.1:2']]}}}}\n",
    );
    assert.ok(swept.ok, told(swept).join("\n"));
    assert.deepEqual(
      swept.experiment.cells.map(({ hosts }) => hosts),
      [["127.0.0.1:1"], ["127.0.0.1:2"]],
    );
  });

  it("are refused for our own cluster, beyond the one that a store has, and where they are a cloud's", () => {
    assert.match(told(resolve("hosts: [a:1]\n"))[0], /^3:8 hosts belongs to a target of somebody else/);
    assert.match(told(resolve("target: redis\nhosts: [a:1, b:1]\n"))[0], /^4:8 .*reached by one/);
    const beside = resolve("hosts: [a:1]\nsweep: {axes: {target: [redis, engine]}}\n");
    assert.ok(beside.ok, told(beside).join("\n"));
    assert.match(beside.experiment.cells[1].warnings.join(), /hosts has no effect on cells of target engine/);
    const level = told(resolve("target: cassandra\ntunables: {n_val: 7, r: 5}\ncluster: {nodes: 7}\n"));
    assert.match(level[0], /^4:.*r is 5 of 7 replicas: Cassandra has no consistency level/);
    const cloud = told(resolve("target: dynamodb\nhosts: dynamodb.eu-west-1.amazonaws.com:443\n"));
    assert.match(cloud[0], /never put on a cloud's own DynamoDB/);
  });
});
