/**
 * What a client is told when the cluster cannot: nodes that fall silent, primaries that are known to be down, too many
 * siblings, and every outcome in Riak's status and words.
 */
import { strict as assert } from "node:assert";
import { failureOf } from "../../../engine/http/failures";
import { OUTCOMES } from "../../../engine/vocabulary/outcomes";
import { HttpFixture } from "./front-fixture";

const TEXT = { "Content-Type": "text/plain" };

describe("failures over HTTP", () => {
  it("replicas that are silent: 503, request timed out, of reads and of writes", async () => {
    const fixture = await HttpFixture.start({ nodes: 3 });
    try {
      await fixture.put("/buckets/b/keys/k", "x");
      fixture.nodes.silence(1);
      fixture.nodes.silence(2);
      for (const [what, asked] of [
        ["GET /buckets/b/keys/k?timeout=50", {}],
        ["PUT /buckets/b/keys/k?timeout=50", { headers: TEXT, body: "y" }],
        ["DELETE /buckets/b/keys/k?timeout=50", {}],
        ["PUT /buckets/b/keys/k?timeout=50", { headers: { ...TEXT, "If-None-Match": "*" }, body: "y" }],
      ] as const) {
        const { status, body, headers } = await fixture.ask(what, asked);
        assert.deepEqual([status, body, headers["content-type"]], [503, "request timed out\n", "text/plain"], what);
      }
      assert.equal(
        (await fixture.ask("GET /buckets/b/keys/k?r=1")).status,
        300,
        "one answer is enough, and both writes may have happened",
      );
    } finally {
      await fixture.stop();
    }
  });

  it("nodes that are believed to be down: too few of them is 500, too few primaries is 503 with how many", async () => {
    const fixture = await HttpFixture.start({
      nodes: 3,
      engine: { detector: { name: "link", heartbeatIntervalMs: 100, timeoutMs: 60_000, link: {} } },
    });
    try {
      await fixture.put("/buckets/b/keys/k", "x");
      for (const node of [1, 2]) {
        fixture.nodes.silence(node);
        fixture.nodes.tellDown(node);
      }
      const rows = [
        ["GET /buckets/b/keys/k?r=1&pr=2", {}, 503, "PR-value unsatisfied: 1/2\n"],
        ["PUT /buckets/b/keys/k?w=1&dw=1&pw=all", { headers: TEXT, body: "y" }, 503, "PW-value unsatisfied: 1/3\n"],
        ["GET /buckets/b/keys/k?r=2", {}, 500, "Error:\n{insufficient_vnodes,1,need,2}\n"],
        ["PUT /buckets/b/keys/k?w=3", { headers: TEXT, body: "y" }, 500, "Error:\n{insufficient_vnodes,1,need,3}\n"],
        ["GET /buckets/b/keys/k?r=1", {}, 200, "x"],
      ] as const;
      for (const [what, asked, status, body] of rows) {
        const answer = await fixture.ask(what, asked);
        assert.deepEqual([answer.status, answer.body], [status, body], what);
      }
    } finally {
      await fixture.stop();
    }
  });

  it("too many siblings: 500, and what is stored stays as it was", async () => {
    const fixture = await HttpFixture.start({ engine: { maxSiblings: 3 } });
    try {
      for (let i = 0; i < 3; i++) await fixture.put("/buckets/b/keys/k", String(i));
      const { status, body } = await fixture.ask("PUT /buckets/b/keys/k", { headers: TEXT, body: "3" });
      assert.deepEqual([status, body], [500, "Error:\ntoo_many_siblings\n"]);
      assert.equal((await fixture.ask("GET /buckets/b/keys/k")).body.split("\n").length, 5);
    } finally {
      await fixture.stop();
    }
  });

  it("every outcome has a status that does not lie about what may have happened", () => {
    const shortfall = { what: "dw", got: 1, wanted: 2 } as const;
    const status = Object.fromEntries(
      OUTCOMES.filter((outcome) => outcome !== "ok").map((outcome) => [
        outcome,
        failureOf({ outcome, reason: "why" }, "put").status,
      ]),
    );
    assert.deepEqual(status, {
      unavailable: 503,
      overloaded: 500,
      too_many_siblings: 500,
      invalid: 400,
      unsupported: 500,
      not_sent: 503,
      timeout: 503,
      quorum_unreachable: 503,
      connection_lost: 503,
    });
    assert.equal(
      failureOf({ outcome: "quorum_unreachable", reason: "", shortfall }, "put").text,
      "DW-value unsatisfied: 1/2\n",
    );
    assert.equal(
      failureOf({ outcome: "quorum_unreachable", reason: "" }, "put").text,
      "Too Many write failures to satisfy W/DW\n",
    );
    assert.equal(failureOf({ outcome: "timeout", reason: "", shortfall }, "put").text, "request timed out\n");
  });
});
