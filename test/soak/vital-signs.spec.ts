/**
 * The judgement of the soak's memory and files on series whose truth is known: sawtooths of a collector, steps of a warm-up,
 * leaks slow and fast. A leak that is planted must be seen, and a collector at work must not be.
 */
import { strict as assert } from "node:assert";
import { Random } from "../../engine/vocabulary/random";
import { Life, sampleOf } from "./vital-signs";

const MIB = 1 << 20;
const SECONDS = (minutes: number): number[] => Array.from({ length: minutes * 12 }, (_, i) => i * 5);

function lifeOf(minutes: number, at: (second: number) => { bytes: number; files?: number }): Life {
  const life = new Life("node-1", 1);
  for (const second of SECONDS(minutes)) {
    const { bytes, files = 20 } = at(second);
    life.add({ atMs: second * 1_000, bytes, files });
  }
  return life;
}

describe("vital signs of a soak", () => {
  const random = Random.fromSeed(5).fork("collector");
  const sawtooth = (second: number): number => 60 * MIB + (second % 40) * MIB + random.nextFloat() * 3 * MIB;

  it("are flat under a collector's sawtooth, a warm-up and a step", () => {
    assert.equal(lifeOf(30, (s) => ({ bytes: sawtooth(s) })).trend()?.flat, true);
    assert.equal(lifeOf(30, (s) => ({ bytes: sawtooth(s) - Math.max(0, 80 - s) * MIB * 0.5 })).trend()?.flat, true);
    assert.equal(lifeOf(30, (s) => ({ bytes: sawtooth(s) + (s > 900 ? 6 * MIB : 0) })).trend()?.flat, true);
  });

  it("show a leak of memory of two megabytes a minute under the same sawtooth, and its slope", () => {
    const trend = lifeOf(30, (s) => ({ bytes: sawtooth(s) + (s / 60) * 2 * MIB })).trend()!;
    assert.equal(trend.flat, false);
    assert.ok(Math.abs(trend.memory.perMinute / MIB - 2) < 0.3, String(trend.memory.perMinute / MIB));
  });

  it("show files that are opened with each fault and never closed", () => {
    assert.equal(lifeOf(30, (s) => ({ bytes: sawtooth(s), files: 20 + Math.floor(s / 100) })).trend()?.flat, false);
    assert.equal(lifeOf(30, (s) => ({ bytes: sawtooth(s), files: 20 + (s % 30) / 5 })).trend()?.flat, true);
  });

  it("are not judged of lives that are too short", () => {
    assert.equal(lifeOf(3, (s) => ({ bytes: s * MIB })).trend(), undefined);
    assert.equal(new Life("node-1", 1).trend(), undefined);
  });

  it("are read of a process that runs, and of none that does not", () => {
    const sample = sampleOf(process.pid, 7);
    if (process.platform !== "linux") return assert.equal(sample, undefined);
    assert.ok(sample !== undefined && sample.bytes > 10 * MIB && sample.files > 3 && sample.atMs === 7);
    assert.equal(sampleOf(2 ** 22 + 1, 0), undefined);
  });
});
