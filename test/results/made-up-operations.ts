/**
 * MADE-UP single operations for tests of charts: two ways to be answered (1 and 12 times the base), a few that take very long,
 * two that were refused and one without an answer, over thirty seconds.
 */
import type { Random } from "../../engine/vocabulary/random";
import { EDGES_MICROS, type LatencyBins, type OperationSample } from "../../results/record/single-operations";

export function madeUpOperations(
  random: Random,
  baseMs: number,
  seconds: number,
): { readonly operations: OperationSample; readonly latencyBins: LatencyBins } {
  const draw = (): number => Number((random.nextFloat() * seconds).toFixed(3));
  const ms = (i: number): number =>
    Number((baseMs * (i % 4 === 0 ? 12 : 1) * (0.8 + 0.4 * random.nextFloat())).toFixed(3));
  const sizes = { drawn: 200, slowest: 20, failed: 3 };
  const all = Array.from({ length: sizes.drawn + sizes.slowest + sizes.failed }, (_, i) => i);
  const edgesMs = EDGES_MICROS.map((micros) => micros / 1_000);
  const bin = (value: number): number => edgesMs.findLastIndex((edge) => edge <= value);
  const columns = Array.from({ length: Math.max(1, Math.round(seconds / 0.4)) }, () => {
    const low = bin(baseMs);
    const high = bin(baseMs * 12);
    const counts = Array.from({ length: high - low + 2 }, (_, i) =>
      i < 2 ? 40 + Math.floor(random.nextFloat() * 20) : i >= high - low ? 10 + Math.floor(random.nextFloat() * 6) : 0,
    );
    return [low, ...counts];
  });
  const count = columns.reduce((sum, [, ...counts]) => sum + counts.reduce((a, b) => a + b, 0), 0);
  return {
    operations: {
      kinds: ["read", "update"],
      drawn: sizes.drawn,
      slowest: sizes.slowest,
      of: [12_000, 2, 1],
      t: all.map(draw),
      ms: all.map((i) =>
        i >= sizes.drawn && i < sizes.drawn + sizes.slowest ? Number((ms(0) * 5).toFixed(3)) : ms(i),
      ),
      kind: all.map((i) => i % 2),
      fate: all.map((i) => (i < sizes.drawn + sizes.slowest ? 0 : i < sizes.drawn + sizes.slowest + 2 ? 1 : 2)),
    },
    latencyBins: {
      widthS: 0.4,
      edgesMs,
      planes: [
        { kind: "read", count, columns },
        { kind: "write", count, columns },
      ],
    },
  };
}
