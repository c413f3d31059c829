/**
 * The writes of one key, and which saw which, to be drawn. Which key is worth drawing shows late: the first anomaly that a read
 * shows is drawn from the writes held then and those that follow; lost updates show at the end alone, from what is still held.
 * Without either it is the key that returned the most siblings. Bounded, so the figure can be read by eye.
 */
import type { Micros, WriteId } from "../record/history";
import type { VersionGraph } from "../record/figures";
import type { JudgedKey, KeyAtEnd } from "./causality-key";
import type { EndedWrite } from "./causality-past";

const MOST_WRITES = 200;
/** Of these before the anomaly. */
const WRITES_BEFORE = 120;

/** The writes of a key to be drawn. */
export interface DrawnKey {
  readonly key: JudgedKey;
  readonly writes: readonly EndedWrite[];
  /** Older ones that had ended before, and newer ones that found no room. */
  readonly dropped: number;
  readonly later: number;
  isCovered(id: WriteId): boolean;
}

/** Follows one key from an anomaly on. */
export class FollowedKey implements DrawnKey {
  readonly writes: EndedWrite[];
  readonly dropped: number;
  later = 0;
  private readonly covered = new Set<WriteId>();

  constructor(readonly key: JudgedKey) {
    const held = heldWrites(key);
    this.writes = held.slice(-WRITES_BEFORE);
    this.dropped = key.ended - this.writes.length;
    const ids = new Set(this.writes.map(({ id }) => id));
    for (const { id, covered } of key.past.held) if (covered && ids.has(id)) this.covered.add(id);
  }

  /** A write of this key has ended. */
  wrote(write: EndedWrite): void {
    for (const id of write.seen) if (this.covered.size < 10 * MOST_WRITES) this.covered.add(id);
    if (this.writes.length < MOST_WRITES) this.writes.push(write);
    else this.later++;
  }

  isCovered(id: WriteId): boolean {
    return this.covered.has(id);
  }
}

/** What is to be drawn of a key at the end of the run, where nothing was followed. */
export function keyAtTheEnd(key: JudgedKey): DrawnKey {
  const writes = heldWrites(key).slice(-MOST_WRITES);
  const isCovered = (id: WriteId): boolean => key.past.find(id)?.covered === true;
  return { key, writes, dropped: key.ended - writes.length, later: 0, isCovered };
}

export function versionGraph(
  drawn: DrawnKey,
  end: KeyAtEnd | undefined,
  lost: ReadonlySet<WriteId>,
  seconds: (at: Micros) => number,
): VersionGraph {
  const { key, dropped, later } = drawn;
  const writes = [...drawn.writes].sort(byStart);
  const seenBy = new Map(writes.map(({ id, seen }) => [id, seen]));
  return {
    key: key.name,
    writes: writes.map(({ id, session, start, end: ended, isDelete, seen }) => ({
      id,
      session,
      startS: seconds(start),
      endS: ended === Infinity ? null : seconds(ended),
      tombstone: isDelete,
      saw: newestOf(seen, seenBy),
      fate:
        end?.found.has(id) === true
          ? "held"
          : drawn.isCovered(id)
            ? "replaced"
            : lost.has(id)
              ? "lost"
              : ("unknown" as const),
    })),
    dropped,
    ...(later > 0 ? { later } : {}),
  };
}

/** Without those that another of them had seen, as far as the writes drawn tell. */
function newestOf(seen: readonly WriteId[], seenBy: ReadonlyMap<WriteId, readonly WriteId[]>): WriteId[] {
  const older = new Set<WriteId>();
  const next = [...seen];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    for (const before of seenBy.get(id) ?? []) {
      if (older.has(before)) continue;
      older.add(before);
      next.push(before);
    }
  }
  return seen.filter((id) => id !== 0 && !older.has(id));
}

function heldWrites({ past }: JudgedKey): EndedWrite[] {
  return past.held.flatMap(({ write }) => write ?? []).sort(byStart);
}

function byStart(a: EndedWrite, b: EndedWrite): number {
  return a.start - b.start || a.id - b.id;
}
