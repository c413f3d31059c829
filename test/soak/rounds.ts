/**
 * One round of a soak: sessions write while the round's faults come and go; when all have ended and every request has its
 * answer, all replicas must come to agree and every acknowledged write must be there. What a round came to is a record;
 * rounds are added up by the kind of fault they had.
 *
 * Books go on from round to round and are closed after each, so a soak remembers what is there and not all that ever was.
 */
import { encodeAddress } from "../../engine/vocabulary/address";
import { Books, type Breach, comeToRest, type DurableWorld } from "../process/durability";
import { DurableLoad } from "../process/durable-load";
import { DW, isPromised, type Round, type Soaked } from "./scenario";

/** What a round needs of the world it is played in. */
export interface Field {
  readonly world: DurableWorld;
  /** Lets the round's faults happen until all are over, or until it is interrupted. */
  faults(round: Round): Promise<void>;
}

export interface Load {
  readonly sessions: number;
  readonly thinkMs: number;
  /** After the last fault, until all agree. */
  readonly convergenceMs: number;
}

export const USUAL_LOAD: Load = { sessions: 8, thinkMs: 25, convergenceMs: 90_000 };

/** What one round came to. */
export interface Outcome {
  readonly round: Round;
  readonly operations: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly divergentAtFirst: number;
  readonly convergedMs: number | undefined;
  readonly breaches: readonly Breach[];
}

/** `interrupted`: whoever waits is not interested any more, and nothing is judged. */
export async function play(
  field: Field,
  books: Books,
  { soaked, load: { sessions, thinkMs, convergenceMs } }: { readonly soaked: Soaked; readonly load: Load },
  round: Round,
  interrupted: () => boolean = () => false,
): Promise<Outcome> {
  const { world } = field;
  const { operations, acknowledged } = books;
  const unknown = (): number =>
    (["timeout", "connection_lost", "quorum_unreachable"] as const).reduce(
      (sum, outcome) => sum + (books.outcomes.get(outcome) ?? 0),
      0,
    );
  const unknownBefore = unknown();
  const keys = Array.from({ length: KEYS }, (_, i) =>
    encodeAddress({ type: "default", bucket: "soak", key: `k${String(i)}` }),
  );
  const load = new DurableLoad(world, books, {
    sessions,
    keys,
    seed: round.seed,
    thinkMs,
    dw: DW,
    r: ["one", "quorum", "all"],
    promised: (dw) => isPromised(soaked, dw),
  });
  await field.faults(round);
  const over = world.nowMs();
  void load.stop();
  while (load.unfinished > 0 && world.nowMs() - over < ANSWERS_MS) await world.pass(5);
  const breaches: Breach[] = [...load.breaches];
  if (load.unfinished > 0) breaches.push({ what: "did not end", evidence: `${String(load.unfinished)} sessions` });
  let divergentAtFirst = 0;
  let convergedMs: number | undefined;
  if (!interrupted()) {
    const until = world.nowMs();
    const rest = await comeToRest(world, books, { deadlineMs: convergenceMs });
    breaches.push(...rest.breaches);
    divergentAtFirst = rest.divergentAtFirst;
    // From the end of the last fault, not of the last answer.
    if (rest.convergedMs !== undefined) convergedMs = rest.convergedMs + until - over;
  }
  return {
    round,
    operations: books.operations - operations,
    acknowledged: books.acknowledged - acknowledged,
    unknown: unknown() - unknownBefore,
    divergentAtFirst,
    convergedMs,
    breaches,
  };
}

/** Rows of a table, its head first: a row for each kind of fault, and one for all. */
export function figures(world: string, outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  const labels = [...new Set(outcomes.map(({ round }) => round.label))].sort();
  const row = (name: string, some: readonly Outcome[]): readonly string[] => {
    const sum = (of: (outcome: Outcome) => number): string => String(some.reduce((all, one) => all + of(one), 0));
    const times = some.flatMap(({ convergedMs }) => convergedMs ?? []);
    return [
      name,
      world,
      String(some.length),
      sum(({ operations }) => operations),
      sum(({ acknowledged }) => acknowledged),
      sum(({ unknown }) => unknown),
      sum(({ breaches }) => breaches.filter(({ what }) => what === "lost").length),
      times.length === 0 ? "-" : `${(median(times) / 1_000).toFixed(2)} s`,
      times.length === 0 ? "-" : `${(Math.max(...times) / 1_000).toFixed(2)} s`,
      String(median(some.map(({ divergentAtFirst }) => divergentAtFirst))),
    ];
  };
  const head = ["fault", "world", "rounds", "operations", "acknowledged", "unknown", "lost", "converged, median", "longest", "keys apart, median"]; // prettier-ignore
  return [head, ...labels.map((label) => row(label, outcomes.filter(({ round }) => round.label === label))), row("all", outcomes)]; // prettier-ignore
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

const KEYS = 150;
/** After the last fault, until every request has its answer. */
const ANSWERS_MS = 30_000;
