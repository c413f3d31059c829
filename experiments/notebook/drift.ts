/**
 * Whether what a notebook shows now is what was committed beside it. Ids, dates and, in what was printed, durations differ from
 * one day to the next and say nothing; they are evened out first (the idea of nbval). Everything else that differs is shown line by
 * line: a number that moved is either a finding or a mistake, and somebody has to say which.
 */

/** `-` as committed, `+` as it is now; undefined where they agree. */
export function drift(committed: string, now: string, most = 40): readonly string[] | undefined {
  const [before, after] = [evened(committed), evened(now)];
  if (before === after) return undefined;
  return changes(before.split("\n"), after.split("\n"), most);
}

export function pictureDrifts(committed: string, now: string): boolean {
  // Coordinates to a whole pixel.
  const rounded = (svg: string): string =>
    evened(svg).replace(/\d+\.\d+/g, (number) => String(Math.round(Number(number))));
  return rounded(committed) !== rounded(now);
}

function evened(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(/\b\d{8}T\d{6}Z-[0-9a-z]{6}\b/g, "<run>")
    .replace(/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?\b/g, "<time>")
    .replace(/"id": "[\w-]{1,64}"/g, '"id": "<cell>"')
    .replace(/"execution_count": (\d+|null)/g, '"execution_count": 0')
    .replace(/\b(took|in|after) \d+(\.\d+)? ?(ms|s)\b/g, "$1 <duration>");
}

/** By the longest common subsequence of what lies between the equal beginning and the equal end. */
function changes(before: readonly string[], after: readonly string[], most: number): string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let [endBefore, endAfter] = [before.length, after.length];
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore--;
    endAfter--;
  }
  const [a, b] = [before.slice(start, endBefore), after.slice(start, endAfter)];
  const lines = a.length * b.length > MOST_PRODUCT ? [...a.map(minus), ...b.map(plus)] : byCommon(a, b);
  const shown = lines.slice(0, most);
  return [`@@ line ${start + 1} @@`, ...shown, ...(lines.length > most ? [`… ${lines.length - most} more lines`] : [])];
}

const MOST_PRODUCT = 4_000_000;
const minus = (line: string): string => `-${line.slice(0, 200)}`;
const plus = (line: string): string => `+${line.slice(0, 200)}`;

function byCommon(a: readonly string[], b: readonly string[]): string[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) lines.push(minus(a[i++]));
    else lines.push(plus(b[j++]));
  }
  return lines;
}
