/**
 * Did the clock err? One sentence from the counts, for the section of that name and for the head of a report. It names what a
 * client suffers (an acknowledged write gone, a conflict that never was, a deleted value back), always out of how many
 * operations, and says of a clock without an error how many it may still make: not seen is not impossible.
 */
import { anomalyCounts, causalityOf, type AnomalyCount } from "../charts/anomaly-words";
import type { ChartCell } from "../charts/cells";
import { count, counted, listed, plain } from "../charts/numbers";
import type { AnomalyKind } from "../record/figures";

/** Plain text, not escaped; empty where nobody judged the clock. */
export function clockInWords(cells: readonly ChartCell[]): string {
  const judged = cells.filter((cell) => causalityOf(cell).length > 0);
  if (judged.length === 0) return "";
  const groups = groupsOf(judged).map(({ name, of }) => {
    const counts = anomalyCounts(of);
    return { name, counts, errors: errorsOf(counts) };
  });
  // What erred alike is told once.
  const erring: { name: string; errors: readonly string[] }[] = [];
  for (const { name, errors } of groups) {
    if (errors.length === 0) continue;
    const alike = erring.find((one) => one.errors.join() === errors.join());
    if (alike === undefined) erring.push({ name, errors });
    else alike.name = `${alike.name.replace(" and ", ", ")} and ${name}`;
  }
  const clean = groups.filter(({ errors }) => errors.length === 0);
  const told = erring.slice(0, MOST_NAMED).map(({ name, errors }) => `${name} ${listed(errors)}`);
  if (erring.length > MOST_NAMED) told.push(`${listed(erring.slice(MOST_NAMED).map(({ name }) => name))} erred too`);
  if (clean.length > 0) told.push(unseen(clean, erring.length > 0));
  return `${capital(told.join("; "))}.`;
}

const MOST_NAMED = 4;

interface Group {
  readonly name: string;
  readonly of: readonly ChartCell[];
}

/** By configuration where these are few, else by clock, over everything else that varies. */
function groupsOf(cells: readonly ChartCell[]): Group[] {
  const byClock = new Map<string, ChartCell[]>();
  for (const cell of cells) {
    const clock = clockOf(cell);
    if (clock !== undefined) byClock.set(clock, [...(byClock.get(clock) ?? []), cell]);
  }
  const each = cells.map((cell) => ({ name: cell.label, of: [cell] }));
  const groups =
    cells.length > MOST_NAMED && byClock.size > 1 ? [...byClock].map(([name, of]) => ({ name, of })) : each;
  return groups.sort((a, b) => total(b.of) - total(a.of));
}

function clockOf({ summary }: ChartCell): string | undefined {
  const key = Object.keys(summary.axes).find((axis) => axis === "clock" || axis.endsWith(".clock"));
  return key === undefined ? undefined : String(summary.axes[key]);
}

function total(cells: readonly ChartCell[]): number {
  return anomalyCounts(cells).reduce((sum, { rate }) => sum + (rate?.value ?? 0), 0);
}

function find(counts: readonly AnomalyCount[], kind: AnomalyKind): AnomalyCount {
  return counts.find(({ words }) => words.kind === kind)!;
}

/** What a client suffers; missed conflicts and wrong winners are lost updates. */
function errorsOf(counts: readonly AnomalyCount[]): string[] {
  const lost = find(counts, "lost-update");
  const conflicts = find(counts, "false-conflict");
  const back = find(counts, "resurrected-delete");
  return [
    ...(lost.count === 0 ? [] : [`lost ${count(lost.count)} of ${count(lost.outOf)} acknowledged writes`]),
    ...(conflicts.count === 0
      ? []
      : [`returned false conflicts in ${count(conflicts.count)} of ${count(conflicts.outOf)} reads`]),
    ...(back.count === 0 ? [] : [`returned deleted values in ${count(back.count)} of ${count(back.outOf)} reads`]),
  ];
}

function unseen(
  clean: readonly { readonly name: string; readonly counts: readonly AnomalyCount[] }[],
  others: boolean,
): string {
  const worst = (kind: AnomalyKind): AnomalyCount =>
    clean.map(({ counts }) => find(counts, kind)).reduce((a, b) => (b.outOf < a.outOf ? b : a));
  const [writes, reads] = [worst("lost-update"), worst("false-conflict")];
  if (writes.outOf === 0 && reads.outOf === 0) return `${names(clean)}: nothing could have shown an error`;
  const bound = Math.max(...[writes, reads].map(({ rate }) => rate?.hi ?? 0));
  const undecided = clean
    .flatMap(({ counts }) => [find(counts, "lost-update"), find(counts, "false-conflict")])
    .reduce((sum, one) => sum + one.undecided, 0);
  const of =
    `in ${clean.length === 1 ? "" : "at least "}${count(writes.outOf)} acknowledged writes and ${count(reads.outOf)} reads` +
    ` (with 95 % confidence at most ${plain(bound)} in a million)` +
    (undecided === 0 ? "" : `, ${counted(undecided, "operation")} left undecided`);
  return others
    ? `${names(clean)} made no such error ${of}`
    : `no write was lost and no false conflict returned at ${names(clean)} ${of}`;
}

function names(groups: readonly { readonly name: string }[]): string {
  if (groups.length > MOST_NAMED) return `${groups[0].name} and ${groups.length - 1} others`;
  return listed(groups.map(({ name }) => name));
}

/** `R=1` and `vv-server` are names and stay as they are; a sentence of our own begins large. */
function capital(words: string): string {
  return words.startsWith("no write") ? `N${words.slice(1)}` : words;
}
