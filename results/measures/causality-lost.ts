/**
 * Lost updates: acknowledged writes that no write had read and that no replica holds when the run has ended. Nobody chose to
 * replace them. Because nobody had read such a write, it lies in no other's past: each version that stands in its place
 * is either concurrent with it (the store missed a conflict) or in its own past (an older version won: false dominance). Where
 * nothing stands there at all it is neither. A write that waits in a hint is still on its way and not lost.
 *
 * When in doubt, not lost: a write that may have happened covers what it had read, a replica that was not reached may hold
 * anything, and a delete counts only where a value that it had replaced is there again, since tombstones are reaped.
 */
import type { Micros, WriteId } from "../record/history";
import type { JudgedKey, KeyAtEnd } from "./causality-key";
import type { UncoveredWrite, UncoveredWrites } from "./causality-uncovered";

export interface LostWrite {
  readonly kind: "lost-update" | "missed-conflict" | "false-dominance";
  readonly key: JudgedKey;
  readonly id: WriteId;
  readonly start: Micros;
  /** What stands in its place, those first that make it of its kind. */
  readonly survivors: readonly WriteId[];
}

export interface LostUpdates {
  /** Acknowledged writes of inspected keys of which it is known whether they are lost. */
  readonly judged: number;
  readonly lost: number;
  readonly undecided: number;
  readonly missedConflicts: number;
  readonly falseDominance: number;
  /** At no replica, but a hint still holds them: late and not lost. */
  readonly hinted: number;
  /** Lost for certain, and how is not. */
  readonly unclassified: number;
  /** A few for the eye, those whose past is known first, then by start. */
  readonly examples: readonly LostWrite[];
}

const EXAMPLES_A_KIND = 5;

/** `keys` by number; `atEnd` undefined for a key that was not inspected. `someCoversLost`: a cover could not be kept, nothing is certain. */
export function judgeLostUpdates(options: {
  readonly keys: readonly JudgedKey[];
  readonly atEnd: (key: JudgedKey) => KeyAtEnd | undefined;
  readonly uncovered: UncoveredWrites;
  readonly someCoversLost: boolean;
}): LostUpdates {
  const { keys, atEnd, uncovered, someCoversLost } = options;
  const count = { "lost-update": 0, "missed-conflict": 0, "false-dominance": 0, unclassified: 0 };
  const examples = new Examples();
  let acknowledged = 0;
  let undecided = 0;
  let hinted = 0;
  for (const key of keys) {
    if (atEnd(key) === undefined) continue;
    acknowledged += key.acknowledged;
    undecided += key.untracked;
  }
  for (const write of uncovered) {
    const key = keys[write.key];
    const end = atEnd(key);
    if (end === undefined || end.found.has(write.id)) continue;
    if (end.hinted.has(write.id)) {
      hinted++;
      continue;
    }
    const verdict = !end.allReached || someCoversLost ? "undecided" : judge(write, key, end, uncovered);
    if (verdict === "undecided") undecided++;
    else if (verdict !== "kept") {
      count[verdict]++;
      if (verdict !== "unclassified")
        examples.add({ kind: verdict, key, id: write.id, start: write.start }, end, uncovered);
    }
  }
  const lost = count["lost-update"] + count["missed-conflict"] + count["false-dominance"] + count.unclassified;
  return {
    judged: acknowledged - undecided,
    lost,
    undecided,
    hinted,
    missedConflicts: count["missed-conflict"],
    falseDominance: count["false-dominance"],
    unclassified: count.unclassified,
    examples: examples.all(),
  };
}

type Verdict = "kept" | "undecided" | "unclassified" | LostWrite["kind"];

function judge(write: UncoveredWrite, key: JudgedKey, { found }: KeyAtEnd, uncovered: UncoveredWrites): Verdict {
  let concurrent = false;
  let replaced = false;
  let returned = false;
  let unknown = false;
  for (const survivor of found) {
    const before = precedes(survivor, write, key, uncovered);
    if (before === "yes") {
      replaced = true;
      // An older tombstone in a delete's place brings nothing back.
      const isDelete = key.past.find(survivor)?.write?.isDelete;
      if (isDelete === false) returned = true;
      else if (isDelete === undefined && write.isDelete) unknown = true;
    } else if (before === "no") concurrent = true;
    else unknown = true;
  }
  if (write.isDelete && !returned) return unknown ? "undecided" : "kept";
  if (concurrent) return "missed-conflict";
  if (unknown) return "unclassified";
  return replaced ? "false-dominance" : "lost-update";
}

/** Had the client of `write` read `survivor`, directly or through others? */
function precedes(
  survivor: WriteId,
  write: Pick<UncoveredWrite, "id" | "start">,
  { past }: JudgedKey,
  uncovered: UncoveredWrites,
): "yes" | "no" | "unknown" {
  const [one, other] = [past.find(survivor), past.find(write.id)];
  if (one !== undefined && other !== undefined) {
    const answer = past.precedes(one, other);
    return typeof answer === "number" ? "unknown" : answer;
  }
  if (other?.write?.seen.includes(survivor) === true) return "yes";
  // What nobody had read precedes nothing, and what started later was not read.
  const start = one?.write?.start ?? uncovered.startOf(survivor);
  if (start !== undefined && start >= write.start) return "no";
  return uncovered.startOf(survivor) !== undefined ? "no" : "unknown";
}

interface Candidate {
  readonly lost: LostWrite;
  readonly known: boolean;
}

class Examples {
  private readonly byKind = new Map<LostWrite["kind"], Candidate[]>();

  add(write: Omit<LostWrite, "survivors">, { found }: KeyAtEnd, uncovered: UncoveredWrites): void {
    const { kind, key, id, start } = write;
    let list = this.byKind.get(kind);
    if (list === undefined) this.byKind.set(kind, (list = []));
    const known = key.past.find(id) !== undefined;
    const last = list.at(-1);
    const candidate = { lost: { kind, key, id, start, survivors: [] }, known };
    if (list.length === EXAMPLES_A_KIND && byStart(candidate, last!) >= 0) return;
    const wanted = kind === "false-dominance" ? "yes" : "no";
    const survivors = [...found].sort(
      (a, b) =>
        Number(precedes(b, write, key, uncovered) === wanted) - Number(precedes(a, write, key, uncovered) === wanted) ||
        a - b,
    );
    list.push({ lost: { kind, key, id, start, survivors }, known });
    list.sort(byStart);
    if (list.length > EXAMPLES_A_KIND) list.pop();
  }

  all(): LostWrite[] {
    return [...this.byKind.values()].flatMap((list) => list.map(({ lost }) => lost));
  }
}

function byStart(a: Candidate, b: Candidate): number {
  return Number(b.known) - Number(a.known) || a.lost.start - b.lost.start || a.lost.id - b.lost.id;
}
