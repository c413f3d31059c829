import { strict as assert } from "node:assert";
import fc from "fast-check";
import { makeDetector } from "./make";
import { detectorNamedWith } from "./named";

const INTERVAL = 100_000;
const BY_HEARTBEATS = ["timeout", "chen", "bertier", "phi-normal", "phi-exponential"];

describe("a detector that waits for heartbeats, whatever their delays were", () => {
  for (const name of BY_HEARTBEATS) {
    it(`suspects who falls silent for good, once, and trusts who goes on: ${name}`, () => {
      const settings = detectorNamedWith(name, {
        heartbeat_interval: "100ms",
        timeout: "1s",
        window: 20,
        threshold: 3,
        margin: "100ms",
        min_deviation: "10ms",
        acceptable_pause: "100ms",
        first_interval: "100ms",
        max_interval: "1s",
        pause_guard: "none",
      });
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 60 }),
          fc.integer({ min: 50, max: 400 }),
          (delays, missed) => {
            const { detector } = makeDetector(settings, [1], 0);
            const beat = (sequence: number, at: number): void => {
              detector.heard(1, at);
              detector.heartbeat?.(1, sequence, 1, at);
              if (detector.hasNews) detector.advance(at);
            };
            delays.forEach((delay, i) => {
              const at = (i + 1) * INTERVAL + delay;
              for (let wake = detector.nextWakeup()!; wake <= at; wake = detector.nextWakeup() ?? Infinity)
                detector.advance(wake);
              beat(i + 1, at);
            });
            // Silence: it sleeps and wakes as it asks to, and has made up its mind after a bounded number of looks.
            let looks = 0;
            for (let wake = detector.nextWakeup(); wake !== undefined; wake = detector.nextWakeup()) {
              detector.advance(wake);
              assert.ok(++looks < 10, "it does not look for ever");
              if (detector.suspected(1)) break;
            }
            assert.equal(detector.suspected(1), true);
            const back = delays.length + missed;
            const level = detector.level!(1, back * INTERVAL);
            assert.ok(level >= 1, String(level));
            for (let sequence = back; sequence < back + 40; sequence++) beat(sequence, sequence * INTERVAL + 10_000);
            assert.equal(detector.suspected(1), false);
          },
        ),
        { numRuns: 200 },
      );
    });
  }
});
