/**
 * What answers of Riak say of operations. Those recorded from a running Riak KV 3.2 (engines.md 3.9) stand here as they came;
 * the rest is about the one mistake that would make every later figure wrong: a write that may have been stored, reported as
 * not having happened.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { certainty } from "../../../engine/vocabulary/outcomes";
import { answerToDelete, answerToGet, answerToPut } from "../../../workloads/targets/riak-answers";
import type { Exchange } from "../../../workloads/targets/riak-http";
import { replyOfOurs, replyOfRiak } from "../../../workloads/targets/riak-replies";

const answered = (status: number, headers: Record<string, string | string[]> = {}, body = ""): Exchange => ({
  kind: "answered",
  answer: { status, headers, body: Buffer.from(body, "latin1") },
});
const NOT_FOUND = answered(404, { "content-type": "text/plain" }, "not found\n");
const MULTIPART = ["", "--B", "Content-Type: text/plain", "Etag: one", "", "1:a", "--B", "Content-Type: text/plain", "Etag: two", "", "2:b", "--B--", ""].join("\r\n"); // prettier-ignore
const SIBLINGS = answered(
  300,
  { "content-type": "multipart/mixed; boundary=B", "x-riak-vclock": "a85hYGBg", vary: "Accept, Accept-Encoding" },
  MULTIPART,
);

describe("answers of Riak's HTTP API", () => {
  it("as they were recorded", () => {
    const stored = answered(204, { "content-type": "text/plain", vary: "Accept-Encoding" });
    assert.deepEqual(answerToPut(stored), { outcome: "ok", siblings: [], context: "", reason: "" });
    assert.deepEqual(answerToGet(NOT_FOUND), { outcome: "ok", siblings: [], context: "", reason: "" });
    const { outcome, siblings, context } = answerToGet(SIBLINGS);
    assert.deepEqual(
      { outcome, context, siblings },
      {
        outcome: "ok",
        context: "a85hYGBg",
        siblings: [
          { value: "1:a", deleted: false, etag: "one" },
          { value: "2:b", deleted: false, etag: "two" },
        ],
      },
    );
    const list = answered(
      300,
      { "content-type": "text/plain", "x-riak-vclock": "a85hYGBg" },
      "Siblings:\n1aBc\n2dEf\n",
    );
    assert.equal(answerToGet(list).outcome, "invalid", "tags alone are no values");
    const wrong = answered(400, {}, "Specified w/dw/pw/node_confirms values invalid for bucket n value of 3");
    assert.deepEqual(answerToGet(wrong).outcome, "invalid");
    assert.match(answerToGet(wrong).reason, /^400 Specified/);
    assert.equal(answerToDelete(NOT_FOUND).outcome, "invalid", "nothing was there, and nothing is written");
  });

  it("of a write that is stored say so, whatever value of somebody else's stands beside it", () => {
    const foreign = answered(200, { "content-type": "text/plain", "x-riak-vclock": "abc=" }, "somebody else's");
    const { outcome, versions, values, context, reason } = replyOfRiak("put", answerToPut(foreign), -1);
    assert.deepEqual([outcome, versions, values, context], ["ok", [], 0, ""]);
    assert.match(reason, /no write of this run/);
    assert.equal(replyOfRiak("get", answerToGet(foreign), -1).outcome, "invalid");
  });

  it("of our own nodes' overload are definite, and of Riak's are not", () => {
    const overload = answerToPut(answered(500, { "content-type": "text/plain" }, "Error:\noverload\n"));
    assert.equal(replyOfOurs("put", overload).outcome, "overloaded");
    assert.equal(certainty(replyOfRiak("put", overload, -1).outcome), "indefinite");
  });

  it("tell a deleted key from one that never was, with the clock to go on from", () => {
    const gone = answered(404, { "x-riak-deleted": "true", "x-riak-vclock": "abc=" }, "not found\n");
    assert.deepEqual(answerToGet(gone).siblings, [{ value: "", deleted: true, etag: "" }]);
    const reply = replyOfRiak("get", answerToGet(gone), 2);
    assert.deepEqual(
      { ...reply },
      { outcome: "ok", versions: [], payloads: [], values: 0, context: "abc=", coordinator: 2, reason: "" },
    );
    assert.equal(answerToGet(answered(404, {}, "Unknown bucket type: t")).outcome, "invalid");
  });

  it("a put that is answered with success is stored, however the rest of the answer looks", () => {
    for (const exchange of [
      answered(204),
      answered(200, { "x-riak-vclock": "\u0001" }, "x"),
      answered(300, {}, "what"),
      answered(201),
    ]) {
      assert.equal(answerToPut(exchange).outcome, "ok");
    }
    assert.equal(answerToPut(SIBLINGS).siblings.length, 2);
    const one = answered(200, { "x-riak-vclock": "abc=", etag: '"tag"' }, "7:v");
    assert.deepEqual(answerToPut(one).siblings, [{ value: "7:v", deleted: false, etag: "tag" }]);
  });

  it("say definitely of a write only what was decided before anything was sent", () => {
    const cases: readonly (readonly [number, string, string])[] = [
      [400, "", "invalid"],
      [403, "", "invalid"],
      [409, "", "invalid"],
      [412, "", "invalid"],
      [413, "", "invalid"],
      [501, "", "invalid"],
      [429, "", "overloaded"],
      [500, "Error:\ntoo_many_siblings\n", "too_many_siblings"],
      [500, "Error:\nall_nodes_down", "unavailable"],
      [500, "Error:\n{insufficient_vnodes,1,need,2}\n", "unavailable"],
      [500, "Error:\noverload", "quorum_unreachable"],
      [500, "", "quorum_unreachable"],
      [503, "request timed out\n", "timeout"],
      [503, "PW-value unsatisfied: 1/2\n", "quorum_unreachable"],
      [503, "W-value unsatisfied: 1/2\n", "quorum_unreachable"],
      [503, "Too Many write failures to satisfy W/DW\n", "quorum_unreachable"],
      [503, "Unable to connect to Riak: nodedown\n", "unavailable"],
      [503, "client not available: gone\n", "connection_lost"],
      [408, "", "connection_lost"],
      [502, "a proxy", "connection_lost"],
      [302, "", "connection_lost"],
    ];
    for (const [status, text, outcome] of cases) {
      for (const read of [answerToPut, answerToDelete]) {
        assert.equal(read(answered(status, {}, text)).outcome, outcome, `${String(status)} ${text}`);
      }
    }
  });

  it("say of a request without an answer what is known of its bytes", () => {
    const failed = (sent: boolean, because: "deadline" | "connection" | "request" | "closed"): string =>
      answerToPut({ kind: "failed", sent, because, reason: "r" }).outcome;
    assert.deepEqual(
      [failed(true, "deadline"), failed(true, "connection"), failed(true, "closed"), failed(false, "deadline"), failed(false, "connection"), failed(false, "request")], // prettier-ignore
      ["timeout", "connection_lost", "connection_lost", "not_sent", "not_sent", "invalid"],
    );
  });

  it("are never a crash, and a write is never definite without one of the reasons above", () => {
    const text = fc.string({ unit: "binary-ascii", maxLength: 60 });
    const headers = fc.dictionary(
      fc.constantFrom("content-type", "x-riak-vclock", "x-riak-deleted", "etag", "__proto__", "constructor"),
      fc.oneof(text, fc.array(text, { maxLength: 3 })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, text, (status, some, body) => {
        const exchange = answered(status, some, body);
        replyOfRiak("get", answerToGet(exchange), -1);
        for (const { outcome, reason } of [answerToPut(exchange), answerToDelete(exchange)]) {
          assert.ok(!/[\r\n]/.test(reason));
          if (status >= 500 && status !== 501 && !/sibling|nodes|vnodes|connect/i.test(body))
            assert.equal(certainty(outcome), "indefinite");
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("bring no version that names no write: such a read is worth nothing", () => {
    const foreign = answered(200, { "x-riak-vclock": "abc=" }, "somebody else's");
    const { outcome, reason, versions } = replyOfRiak("get", answerToGet(foreign), -1);
    assert.deepEqual({ outcome, versions }, { outcome: "invalid", versions: [] });
    assert.match(reason, /no write of this run/);
  });
});
