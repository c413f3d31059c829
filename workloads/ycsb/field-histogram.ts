/**
 * The file that `fieldlengthhistogram` names: a first line `BlockSize<TAB>bytes`, then a line `bucket<TAB>weight` for every
 * bucket from 0 on, in order. YCSB inserts each line at its bucket's number and so crashes on a gap, moves what is there on a
 * repetition, and says neither; here the first wrong line is named. How lengths are drawn is told in `record-values.ts`.
 */
import type { LengthSettings } from "../settings";

type HistogramSettings = Extract<LengthSettings, { readonly dist: "histogram" }>;

export function readFieldHistogram(text: string): HistogramSettings | { readonly problem: string } {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines[lines.length - 1].trim() === "") lines.pop();
  const wrong = (index: number, what: string): { readonly problem: string } => ({
    problem: `line ${index + 1}: ${what}`,
  });
  if (lines.length === 0) return { problem: "the file is empty" };
  const head = /^BlockSize\t(\d{1,10})\s*$/.exec(lines[0]);
  const blockBytes = Number(head?.[1]);
  if (head === null || blockBytes < 1) return wrong(0, `"${lines[0]}" is not BlockSize, a tab and a number of bytes`);
  if (lines.length - 1 > MOST_BUCKETS) return wrong(MOST_BUCKETS + 1, `more than ${MOST_BUCKETS} buckets`);
  const weights: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const fields = /^(\d{1,10})\t(\d{1,10})\s*$/.exec(line);
    if (fields === null) return wrong(index, `"${line}" is not a bucket, a tab and a count`);
    if (Number(fields[1]) !== weights.length)
      return wrong(
        index,
        `bucket ${fields[1]} where ${weights.length} comes next; buckets are listed from 0, one a line`,
      );
    weights.push(Number(fields[2]));
  }
  const area = weights.reduce((sum, weight) => sum + weight, 0);
  if (area === 0) return { problem: "no bucket has a count above 0" };
  if (area > MAX_INT) return { problem: `the counts come to ${area}, more than ${MAX_INT}` };
  if (weights.length === 1)
    return { problem: "a single bucket means fields of 0 bytes in YCSB; use fieldlengthdistribution=constant" };
  return { dist: "histogram", blockBytes, weights };
}

const MOST_BUCKETS = 100_000;
const MAX_INT = 2_147_483_647;
