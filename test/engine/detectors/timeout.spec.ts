import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type Detector, detectorNamed, DETECTORS } from "../../../engine/detectors/detector";
import { makeDetector } from "./make";
import { fromMs, type Micros } from "../../../engine/vocabulary/micros";

const START: Micros = 5_000_000;
const PEERS = [1, 2, 4];

const make = (timeoutMs: number, peers: readonly number[] = PEERS, now = START): Detector =>
  makeDetector({ name: "timeout", heartbeatIntervalMs: 100, timeoutMs }, peers, now).detector;

describe("the heartbeat timeout detector", () => {
  it("suspects after a silence of exactly the timeout, not before", () => {
    const table: readonly {
      readonly timeoutMs: number;
      readonly heardMs: number;
      readonly atMs: number;
      readonly suspected: boolean;
    }[] = [
      { timeoutMs: 500, heardMs: 0, atMs: 0, suspected: false },
      { timeoutMs: 500, heardMs: 0, atMs: 499.999, suspected: false },
      { timeoutMs: 500, heardMs: 0, atMs: 500, suspected: true },
      { timeoutMs: 500, heardMs: 300, atMs: 500, suspected: false },
      { timeoutMs: 500, heardMs: 300, atMs: 799.999, suspected: false },
      { timeoutMs: 500, heardMs: 300, atMs: 800, suspected: true },
      { timeoutMs: 500, heardMs: 300, atMs: 60_000, suspected: true },
      { timeoutMs: 1, heardMs: 0, atMs: 1, suspected: true },
      { timeoutMs: 0.5, heardMs: 0, atMs: 0.499, suspected: false },
      { timeoutMs: 0.5, heardMs: 0, atMs: 0.5, suspected: true },
    ];
    for (const row of table) {
      const detector = make(row.timeoutMs, [1]);
      detector.heard(1, START + fromMs(row.heardMs));
      const changed = detector.advance(START + fromMs(row.atMs));
      assert.equal(detector.suspected(1), row.suspected, JSON.stringify(row));
      assert.deepEqual(changed, row.suspected ? [1] : [], JSON.stringify(row));
    }
  });

  it("gives a peer never heard of the whole timeout from the start", () => {
    const detector = make(500);
    assert.deepEqual(detector.advance(START + 499_999), []);
    assert.deepEqual(detector.advance(START + 500_000), PEERS);
  });

  it("judges peers apart and reports each change once", () => {
    const detector = make(500);
    detector.heard(2, START + 400_000);
    assert.deepEqual(detector.advance(START + 500_000), [1, 4]);
    assert.deepEqual(detector.advance(START + 500_001), []);
    assert.deepEqual(
      PEERS.map((peer) => detector.suspected(peer)),
      [true, false, true],
    );
    assert.deepEqual(detector.advance(START + 900_000), [2]);
  });

  it("trusts a suspected peer again at its next word, and can suspect it anew", () => {
    const detector = make(500);
    detector.advance(START + 500_000);
    detector.heard(4, START + 700_000);
    assert.equal(detector.suspected(4), false, "at once, without waiting for a look");
    assert.deepEqual(detector.advance(START + 700_000), [4], "the change of mind is reported");
    assert.deepEqual(detector.advance(START + 1_199_999), []);
    assert.deepEqual(detector.advance(START + 1_200_000), [4]);
  });

  it("never calls oneself or a stranger suspected", () => {
    const detector = make(500);
    detector.advance(START + 10_000_000);
    assert.equal(detector.suspected(0), false);
    detector.heard(0, START + 10_000_000);
    assert.equal(detector.suspected(0), false);
  });

  it("asks to be woken no oftener than opinions can change", () => {
    const detector = make(500);
    // Half a minute of heartbeats every 100 ms from all peers.
    let now = START;
    let heartbeat = START;
    let wakeups = 0;
    const end = START + 30_000_000;
    for (;;) {
      const next = detector.nextWakeup();
      assert.ok(next !== undefined && next > now, "the next wake-up is in the future");
      if (Math.min(next, heartbeat) > end) break;
      if (next <= heartbeat) {
        now = next;
        wakeups++;
        assert.deepEqual(detector.advance(now), []);
      } else {
        now = heartbeat;
        for (const peer of PEERS) detector.heard(peer, now);
        heartbeat += 100_000;
      }
    }
    // A look each time the oldest sign of life could have expired: every 400 to 500 ms.
    assert.ok(wakeups >= 60 && wakeups <= 75, String(wakeups));
    detector.advance(now + 10_000_000);
    assert.equal(
      detector.nextWakeup(),
      undefined,
      "when all are suspected there is nothing to wait for but their word",
    );
    detector.heard(1, now + 11_000_000);
    detector.advance(now + 11_000_000);
    assert.equal(detector.nextWakeup(), now + 11_500_000);
  });

  it("sends heartbeats at the interval asked for", () => {
    assert.equal(make(500).heartbeatIntervalMicros, 100_000);
  });

  it("agrees with its definition over any course of words and looks", () => {
    const event = fc.record({ after: fc.nat(400), peer: fc.constantFrom(...PEERS), look: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const detector = make(0.5);
        const last = new Map(PEERS.map((peer) => [peer, START]));
        const suspected = new Set<number>();
        let reported = new Set<number>();
        let now = START;
        for (const { after, peer, look } of events) {
          now += after;
          if (!look) {
            detector.heard(peer, now);
            last.set(peer, now);
            suspected.delete(peer);
          } else {
            for (const [other, heard] of last) if (now - heard >= 500) suspected.add(other);
            const changed = detector.advance(now);
            // A peer may have spoken and fallen silent between two looks: two changes, no news.
            for (const other of PEERS) {
              if (suspected.has(other) !== reported.has(other))
                assert.ok(changed.includes(other), "a change is reported");
            }
            reported = new Set(suspected);
            const wake = detector.nextWakeup();
            assert.ok(wake === undefined || wake > now);
            for (const [other, heard] of last) {
              if (!suspected.has(other))
                assert.ok(wake !== undefined && wake <= heard + 500, "no deadline is slept through");
            }
          }
          for (const other of PEERS) assert.equal(detector.suspected(other), suspected.has(other));
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe("the map of detectors", () => {
  it("names every strategy by its own name, and the known ones when asked for another", () => {
    for (const [name, factory] of DETECTORS) assert.equal(factory.name, name);
    assert.throws(() => detectorNamed("crystal-ball"), /crystal-ball.*timeout/);
  });
});
