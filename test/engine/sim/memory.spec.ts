/**
 * A week of virtual time takes seconds, so whatever is kept for each operation, message or event is a leak that no short
 * run shows. Here a cluster with disks, queues, lives and link faults works for a while, is weighed, works three times as
 * long, and is weighed again: only what grows with keys, nodes and links may have grown. And the trace of it, its digest, is
 * as large as ever.
 */
import { strict as assert } from "node:assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { AnswerMessage } from "../../../engine/messages";
import { Bench, key, members } from "./settings";

const KEYS = 40;
const SESSIONS = 8;
/** Operations between two disturbances. */
const ROUND = 2_000;
/** Less than one small object for each of an operation's messages; compiled code and new lives take their part of it. */
const BYTES_AN_OPERATION = 64;

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

function weigh(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Closed loop: every session asks again when it was answered, whatever the answer. */
class Load {
  begun = 0;
  ended = 0;
  private wanted = 0;
  private readonly contexts = new Map<number, string>();

  constructor(private readonly bench: Bench) {}

  work(operations: number): void {
    this.wanted += operations;
    for (let session = 0; session < SESSIONS; session++) this.ask(session);
    for (let i = 0; i < 100_000 && this.ended < this.begun; i++) this.bench.runMs(20);
    assert.equal(this.ended, this.begun, "every operation ends");
  }

  private ask(session: number): void {
    if (this.begun >= this.wanted) return;
    const number = this.begun++;
    const at = (number * 7) % KEYS;
    const done = (answer: AnswerMessage): void => {
      this.ended++;
      if (answer.outcome === "ok") this.contexts.set(at, answer.context);
      this.ask(session);
    };
    const { client } = this.bench;
    if (number % 3 === 0) client.get(session, key(`k${String(at)}`), undefined, done);
    else {
      const version = { writeId: number + 1, value: `v${String(number)}`, tombstone: false };
      client.put(session, key(`k${String(at)}`), this.contexts.get(at) ?? "", version, undefined, done);
    }
  }
}

/** Each of them once, and over again. */
function disturb(bench: Bench): void {
  const { cluster } = bench;
  const link = { from: new Set([0]), to: new Set([1]), bothWays: true };
  cluster.setRules([{ ...link, loss: 0.3, duplicate: 0.3, reorder: 0.3, hold: { except: [] } }]);
  cluster.setPartitions([{ groupOf: [0, 1, 1], groups: 2, oneWay: false, sideOf: undefined }]);
  bench.runMs(300);
  cluster.setPartitions([]);
  cluster.setRules([]);
  cluster.pause(1);
  bench.runMs(50);
  cluster.resume(1);
  cluster.kill(2);
  bench.runMs(50);
  cluster.boot(2);
  bench.runMs(700);
}

describe("the memory of a simulation", function () {
  this.timeout(120_000);

  for (const sync of ["group", "never"] as const) {
    it(`does not grow with the operations that were carried out (sync ${sync}) (long)`, () => {
      const ms = (valueMs: number): { dist: "constant"; valueMs: number } => ({ dist: "constant", valueMs });
      const bench = new Bench({
        members: members(3),
        storage: { kind: "lmdb", sync },
        network: {
          intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 },
          bandwidthBytesPerSecond: 1e7,
          loss: 0.001,
        },
        nodeModel: {
          service: { message: ms(0.02), read: ms(0.05), write: ms(0.05), sync: ms(0.2) },
          workers: 2,
          queueLimit: 1_000,
        },
        engine: { readTimeoutMs: 200, writeTimeoutMs: 200, maxSiblings: 10 },
      });
      const load = new Load(bench);
      const rounds = (count: number): void => {
        for (let i = 0; i < count; i++) {
          load.work(ROUND);
          disturb(bench);
        }
      };
      // What the system has not written back after half a minute, it writes back; and what is old is cut with the next store.
      const weighed = (): number => {
        bench.runMs(31_000);
        load.work(200);
        return weigh();
      };
      rounds(5);
      const before = weighed();
      const began = load.ended;
      rounds(12);
      const grown = weighed() - before;
      const operations = load.ended - began;
      const allowed = operations * BYTES_AN_OPERATION;
      assert.ok(
        grown < allowed,
        `${String(operations)} operations left ${String(grown)} bytes behind, ${String(allowed)} allowed`,
      );
      assert.equal(bench.client.outstanding(), 0);
      assert.ok(bench.cluster.queue.pending < 1_000);
      assert.ok(bench.cluster.digest.checkpoints.length <= 4_096, "checkpoints are thinned");
      assert.ok(bench.cluster.digest.events > 100_000, "and many more events were there");
    });
  }
});
