/**
 * Did the clock err? One sentence from the counts, for the section of that name and for the head of a report. It names what a
 * client suffers (an acknowledged write gone, a conflict that never was, a deleted value back), always out of how many
 * operations, and says of a clock without an error how many it may still make: not seen is not impossible.
 */
import { anomalyCounts, causalityOf, type AnomalyCount } from "../charts/anomaly-words";
import type { ChartCell } from "../charts/cells";
import { clockNames } from "../charts/clock-facets";
import { count, counted, listed, plain } from "../charts/numbers";
import type { AnomalyKind } from "../record/figures";

/** Plain text, not escaped; empty where nobody judged the clock. */
export function clockInWords(cells: readonly ChartCell[]): string {
  const judged = cells.filter((cell) => causalityOf(cell).length > 0);
  if (judged.length === 0) return "";
  const groups = groupsOf(judged);
  // What erred alike is told once.
  const erring: { names: string[]; errors: readonly string[] }[] = [];
  for (const { name, errors } of groups) {
    if (errors.length === 0) continue;
    const alike = erring.find((one) => one.errors.join() === errors.join());
    if (alike === undefined) erring.push({ names: [name], errors });
    else alike.names.push(name);
  }
  const clean = groups.filter(({ errors }) => errors.length === 0);
  const told = erring.slice(0, MOST_NAMED).map(({ names, errors }) => `${namesOf(names)} ${listed(errors)}`);
  const rest = erring.slice(MOST_NAMED).reduce((sum, { names }) => sum + names.length, 0);
  if (rest > 0) told.push(`${counted(rest, "other")} erred too`);
  if (clean.length > 0) told.push(unseen(clean, erring.length > 0));
  return `${capital(told.join("; "))}.`;
}

const MOST_NAMED = 4;

interface Group {
  readonly name: string;
  readonly of: readonly ChartCell[];
  readonly counts: readonly AnomalyCount[];
  readonly errors: readonly string[];
}

/**
 * By configuration where these are few; else by clock, over everything else that varies, unless a clock erred under some of it and not
 * under other: then it is the other setting that tells. The worst first.
 */
function groupsOf(cells: readonly ChartCell[]): Group[] {
  const each = cells.map((cell) => groupOf(cell.label, [cell]));
  const worstFirst = (groups: Group[]): Group[] => groups.sort((a, b) => total(b.counts) - total(a.counts));
  const names = clockNames(cells);
  if (cells.length <= MOST_NAMED || names === undefined) return worstFirst(each);
  const byClock = new Map<string, ChartCell[]>();
  for (const cell of cells) byClock.set(names.get(cell)!, [...(byClock.get(names.get(cell)!) ?? []), cell]);
  const erred = new Set(each.filter(({ errors }) => errors.length > 0).flatMap(({ of }) => of));
  const mixed = [...byClock.values()].some(
    (of) => of.some((one) => erred.has(one)) && !of.every((one) => erred.has(one)),
  );
  return worstFirst(mixed ? each : [...byClock].map(([name, of]) => groupOf(name, of)));
}

function groupOf(name: string, of: readonly ChartCell[]): Group {
  const counts = anomalyCounts(of);
  return { name, of, counts, errors: errorsOf(counts) };
}

function total(counts: readonly AnomalyCount[]): number {
  return counts.reduce((sum, { rate }) => sum + (rate?.value ?? 0), 0);
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

function unseen(clean: readonly Group[], others: boolean): string {
  const who =
    others && clean.length > MOST_NAMED ? `the other ${clean.length}` : namesOf(clean.map(({ name }) => name));
  const worst = (kind: AnomalyKind): AnomalyCount =>
    clean.map(({ counts }) => find(counts, kind)).reduce((a, b) => (b.outOf < a.outOf ? b : a));
  const [writes, reads] = [worst("lost-update"), worst("false-conflict")];
  if (writes.outOf === 0 && reads.outOf === 0) return `${who}: nothing could have shown an error`;
  const bound = Math.max(...[writes, reads].map(({ rate }) => rate?.hi ?? 0));
  const undecided = clean
    .flatMap(({ counts }) => [find(counts, "lost-update"), find(counts, "false-conflict")])
    .reduce((sum, one) => sum + one.undecided, 0);
  const of =
    `in ${clean.length === 1 ? "" : "at least "}${count(writes.outOf)} acknowledged writes and ${count(reads.outOf)} reads` +
    ` (with 95 % confidence at most ${plain(bound)} in a million)` +
    (undecided === 0 ? "" : `, ${counted(undecided, "operation")} left undecided`);
  return others
    ? `${who} made no such error ${of}`
    : `no write was lost and no false conflict returned at ${who} ${of}`;
}

function namesOf(names: readonly string[]): string {
  return names.length > MOST_NAMED ? `${names[0]} and ${names.length - 1} others` : listed(names);
}

/** `R=1` and `vv-server` are names and stay as they are; a sentence of our own begins large. */
function capital(words: string): string {
  return words.startsWith("no write") ? `N${words.slice(1)}` : words;
}
