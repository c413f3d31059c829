/** What the simulated client passes on with a request, however requests are routed; and what it asks of buckets. */
import { strict as assert } from "node:assert";
import type { AnswerMessage, BucketAnswer, RequestOptions } from "../../../engine/messages";
import { Bench, key, members } from "./settings";

const ROUTINGS = ["any", "token-aware", "client-driven"] as const;

function answer(bench: Bench, ask: (done: (told: AnswerMessage) => void) => void): AnswerMessage {
  let told: AnswerMessage | undefined;
  ask((one) => {
    assert.equal(told, undefined, "one answer");
    told = one;
  });
  for (let i = 0; i < 500 && told === undefined; i++) bench.runMs(10);
  assert.ok(told !== undefined, "every request is answered");
  return told;
}

function bucketAnswer(bench: Bench, ask: (done: (told: BucketAnswer) => void) => void): BucketAnswer {
  let told: BucketAnswer | undefined;
  ask((one) => (told = one));
  assert.equal(told, undefined, "never within the call");
  for (let i = 0; i < 500 && told === undefined; i++) bench.runMs(10);
  assert.ok(told !== undefined, "every request is answered");
  return told;
}

for (const routing of ROUTINGS) {
  for (const clock of ["dvvset", "lww"]) {
    describe(`the simulated client (${routing}, ${clock})`, () => {
      const bench = new Bench({ members: members(5), engine: { clock } }, {}, routing);
      const version = { writeId: 7, value: "value", tombstone: false, meta: "text/plain" };
      const put = (options: RequestOptions | undefined, name = "k"): AnswerMessage =>
        answer(bench, (done) => bench.client.put(0, key(name), "", version, options, done));
      const get = (options: RequestOptions | undefined, name = "k"): AnswerMessage =>
        answer(bench, (done) => bench.client.get(0, key(name), options, done));

      it("has whole siblings after a put where it asks for them, and meta with what it reads", () => {
        assert.deepEqual(put(undefined).versions, [{ writeId: 7, value: "", tombstone: false }]);
        assert.deepEqual(put({ returnBody: true }, "j").versions, [version]);
        assert.deepEqual(get(undefined).versions, [version]);
        assert.deepEqual(get({ nVal: 1, sloppy: false, nodeConfirms: 1 }).versions, [version]);
        assert.equal(get({ nVal: 4 }).outcome, "invalid");
      });

      it("is told which threshold was missed, where it asks", () => {
        const [first, ...others] = bench.cluster.ring.preferenceList(key("k"), 3).map(({ node }) => node);
        for (const node of others) bench.cluster.kill(node);
        bench.runMs(2_000);
        for (const [told, what] of [
          [get({ explain: true }), "r"],
          [put({ explain: true }), "w"],
          [get({ r: 1, nodeConfirms: 2, explain: true }), "node_confirms"],
          [put({ w: 1, pw: 2, explain: true }), "pw"],
        ] as const) {
          const { outcome, shortfall } = told;
          assert.deepEqual(shortfall, { what, got: 1, wanted: 2 }, `${what}: ${outcome}, ${told.reason}`);
        }
        assert.equal("shortfall" in get(undefined), false);
        for (const node of [first, ...others]) if (node !== first) bench.cluster.boot(node);
        bench.runMs(3_000);
      });

      it("asks one node, or any, for properties of a bucket", () => {
        const asked = { verb: "get", type: "default", bucket: "b", change: undefined } as const;
        const any = bucketAnswer(bench, (done) => bench.client.bucket(0, "any", asked, done));
        assert.deepEqual([any.outcome, any.properties?.nVal], ["ok", 3], any.reason);
        for (const node of [0, 3]) {
          const one = bucketAnswer(bench, (done) => bench.client.bucket(0, node, asked, done));
          assert.deepEqual([one.coordinator, one.properties], [node, any.properties]);
        }
        bench.cluster.kill(3);
        bench.runMs(100);
        const none = bucketAnswer(bench, (done) => bench.client.bucket(0, 3, asked, done));
        assert.deepEqual([none.outcome, none.properties], ["not_sent", undefined]);
        assert.equal(bench.client.outstanding(), 0);
      });
    });
  }
}
