/**
 * Tables of time by latency put together, and the modes in them. Repetitions are pooled: counts of equal times and latencies
 * are added, which says how often something happened and nothing of how repetitions differ. A mode is a peak that a
 * valley sets apart: the counts between fall below half of the lower of the two peaks, and by more than chance would make them
 * (four times the root of a count, which is the spread of a count of rare events).
 */
import type { LatencyBins } from "../record/single-operations";

export interface PooledTable {
  readonly widthS: number;
  readonly edgesMs: readonly number[];
  /** By column and bin. */
  readonly counts: readonly (readonly number[])[];
  readonly total: number;
}

/** Those of one kind with the same edges, until `endS`, in at most `most` columns. undefined where there is nothing. */
export function pooledTable(
  tables: readonly LatencyBins[],
  kind: string,
  endS: number,
  most: number,
): PooledTable | undefined {
  const planes = tables.flatMap((table) =>
    table.planes.filter((one) => one.kind === kind).map((plane) => ({ table, plane })),
  );
  if (planes.length === 0) return undefined;
  const { edgesMs } = planes[0].table;
  const alike = planes.filter(({ table }) => table.widthS > 0 && sameEdges(table.edgesMs, edgesMs));
  let widthS = Math.max(...alike.map(({ table }) => table.widthS));
  if (alike.length === 0 || !Number.isFinite(widthS)) return undefined;
  while (endS / widthS > most) widthS *= 2;
  const columns = Math.max(1, Math.ceil(endS / widthS - 1e-9));
  const counts = Array.from({ length: columns }, () => new Array<number>(edgesMs.length - 1).fill(0));
  let total = 0;
  for (const { table, plane } of alike) {
    plane.columns.forEach(([first, ...found], column) => {
      const at = Math.floor((column * table.widthS) / widthS + 1e-9);
      if (at >= columns) return;
      found.forEach((count, i) => {
        if (!Number.isFinite(count) || counts[at][first + i] === undefined) return;
        counts[at][first + i] += count;
        total += count;
      });
    });
  }
  return total === 0 ? undefined : { widthS, edgesMs, counts, total };
}

/** Over all columns. */
export function byLatency({ counts, edgesMs }: PooledTable): number[] {
  return edgesMs.slice(1).map((_, bin) => counts.reduce((sum, column) => sum + column[bin], 0));
}

/** The bins of the peaks, from the fastest. The first and the last bin are none: they hold all that lies beyond the scale. */
export function modesOf(all: readonly number[]): number[] {
  const counts = all.map((count, bin) => (bin === 0 || bin === all.length - 1 ? 0 : count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const peaks: number[] = [];
  let valley = Infinity;
  counts.forEach((count, bin) => {
    valley = Math.min(valley, count);
    if (count < LEAST_SHARE * total) return;
    const last = peaks.at(-1);
    if (last === undefined) {
      peaks.push(bin);
      valley = Infinity;
      return;
    }
    const lower = Math.min(counts[last], count);
    if (valley < lower / 2 && lower - valley > 4 * Math.sqrt(lower)) {
      peaks.push(bin);
      valley = Infinity;
    } else if (count > counts[last]) {
      peaks[peaks.length - 1] = bin;
      valley = Infinity;
    }
  });
  return peaks;
}

/** Less than this share of all is no mode but a tail. */
const LEAST_SHARE = 0.01;

function sameEdges(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((edge, i) => edge === b[i]);
}
