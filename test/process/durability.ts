/**
 * What an acknowledgement promises, held against what is there in the end: every write that was acknowledged with its DW
 * met is in the final state of its key, or was replaced by a write whose client had read it. Clients keep books of what
 * they wrote and what they knew then; the final state is read from every primary and every hint directly, and once more
 * by a get of all replicas. No clock is asked whether one write covers another: the recorded contexts say so.
 *
 * The mistake this avoids is to check too early or too leniently: a hint on its way, or a replica that has not been
 * repaired yet, is no loss, but what is nowhere when all has come to rest is, however many copies agree on the rest.
 */
import type { AnswerMessage, Inspected, RequestOptions } from "../../engine/messages";
import { ANY_HINT } from "../../engine/messages";
import type { Context, Version } from "../../engine/clocks/clock";
import type { Ring } from "../../engine/ring/ring";
import { type Address, decodeAddress } from "../../engine/vocabulary/address";
import { certainty, type Outcome } from "../../engine/vocabulary/outcomes";
import type { ClusterSettings } from "../../engine/vocabulary/settings";

/** A cluster as clients and inspectors see it, in either world; time is that world's. */
export interface DurableWorld {
  readonly name: "processes" | "simulation";
  readonly settings: ClusterSettings;
  readonly ring: Ring;
  nowMs(): number;
  get(session: number, key: Address, options: RequestOptions | undefined, done: (answer: AnswerMessage) => void): void;
  put(
    session: number,
    key: Address,
    context: Context,
    version: Version,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
  ): void;
  /** Requests that still owe an answer. */
  outstanding(): number;
  later(ms: number, act: () => void): void;
  /** Lets time go by: for waiting on a condition with a deadline. */
  pass(ms: number): Promise<void>;
  /** Undefined: the node did not answer. */
  inspect(node: number, vnodes: readonly number[], keys: readonly Address[]): Promise<Inspected | undefined>;
  /** Hints that nodes keep now; undefined where one did not say. */
  hintsHeld(): Promise<number | undefined>;
}

export interface Written {
  readonly id: number;
  readonly session: number;
  /** Writes that its client had seen and that it therefore replaces. */
  readonly replaced: readonly number[];
  /** Whether it may be demanded back; not where the experiment declares that it may be lost. */
  readonly promised: boolean;
  readonly tombstone: boolean;
  outcome: Outcome | undefined;
  /** Rests in the books for so many settlings although it has been seen nowhere. */
  unseen: number;
}

/** A promise that was not kept. */
export interface Breach {
  readonly what: "lost" | "from nowhere" | "came back" | "a definite failure happened" | "did not end" | "did not converge" | "unreadable"; // prettier-ignore
  readonly evidence: string;
}

/** All that clients have written and not yet seen replaced for good. */
export class Books {
  private readonly keys = new Map<Address, Map<number, Written>>();
  private nextId = 1;
  operations = 0;
  writes = 0;
  acknowledged = 0;
  readonly outcomes = new Map<Outcome, number>();

  began(key: Address, session: number, replaced: readonly number[], tombstone = false, promised = true): Written {
    const write: Written = {
      id: this.nextId++,
      session,
      replaced,
      promised,
      tombstone,
      outcome: undefined,
      unseen: 0,
    };
    let writes = this.keys.get(key);
    if (writes === undefined) this.keys.set(key, (writes = new Map<number, Written>()));
    writes.set(write.id, write);
    this.writes++;
    return write;
  }

  ended(write: Written, outcome: Outcome): void {
    write.outcome = outcome;
    if (outcome === "ok") this.acknowledged++;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  addresses(): readonly Address[] {
    return [...this.keys.keys()];
  }

  /**
   * Of all that a get or an inspection brought: what nobody wrote to this key, and what was told not to have happened. A
   * read of few replicas may be late by however much (`atRest` false); at rest nothing comes back that was replaced.
   */
  impossible(key: Address, ids: Iterable<number>, atRest = false): readonly Breach[] {
    const breaches: Breach[] = [];
    for (const id of ids) {
      const write = this.keys.get(key)?.get(id);
      if (write?.outcome !== undefined && certainty(write.outcome) === "definite")
        breaches.push({ what: "a definite failure happened", evidence: `${describe(write)} of ${nameOf(key)}` });
      else if (write === undefined && (id >= this.nextId || this.isOfAnother(key, id)))
        breaches.push({ what: "from nowhere", evidence: `w${String(id)} of ${nameOf(key)}` });
      else if (write === undefined && atRest)
        breaches.push({ what: "came back", evidence: `w${String(id)} of ${nameOf(key)}, long replaced` });
    }
    return breaches;
  }

  private isOfAnother(key: Address, id: number): boolean {
    return [...this.keys].some(([other, writes]) => other !== key && writes.has(id));
  }

  /** Acknowledged writes of a key that are neither among `ids` nor replaced, however indirectly, by one of them. */
  missing(key: Address, ids: Iterable<number>): readonly Written[] {
    const writes = this.keys.get(key);
    if (writes === undefined) return [];
    const covered = new Set<number>();
    const left = [...ids];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (covered.has(id)) continue;
      covered.add(id);
      left.push(...(writes.get(id)?.replaced ?? []));
    }
    return [...writes.values()].filter(({ id, outcome, promised }) => promised && outcome === "ok" && !covered.has(id));
  }

  /** What is there now is all that is remembered of the past; writes of unknown fate may still turn up for a while. */
  closeAt(key: Address, ids: ReadonlySet<number>): void {
    const writes = this.keys.get(key);
    for (const [id, write] of writes ?? []) {
      if (ids.has(id)) continue;
      const mayComeYet = write.outcome === undefined || certainty(write.outcome) === "indefinite";
      if (!mayComeYet || ++write.unseen > 2) writes!.delete(id);
    }
  }
}

export function describe({ id, session, outcome, replaced, tombstone }: Written): string {
  const knew = replaced.length === 0 ? "" : ` after ${replaced.map((one) => `w${String(one)}`).join(" ")}`;
  return `w${String(id)}${tombstone ? " (a delete)" : ""} of session ${String(session)}: ${outcome ?? "under way"}${knew}`;
}

function nameOf(key: Address): string {
  return decodeAddress(key)?.key ?? key;
}

export interface Rest {
  readonly breaches: readonly Breach[];
  /** From when this was asked until all primaries of every key agreed and no hint was left; undefined: they did not. */
  readonly convergedMs: number | undefined;
  /** Keys whose primaries differed when this was asked. */
  readonly divergentAtFirst: number;
}

export interface RestOptions {
  readonly deadlineMs: number;
  /** Whether hints must have gone home. */
  readonly hintsGoHome?: boolean;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** What nodes hold of one key. */
interface Holding {
  readonly primaries: readonly (readonly number[])[];
  readonly hints: readonly (readonly number[])[];
  readonly unreadable: number;
}

/** Faults have ended and nobody writes any more: waits until all agree, then judges. */
export async function comeToRest(world: DurableWorld, books: Books, options: RestOptions): Promise<Rest> {
  const { deadlineMs, hintsGoHome = true, everyMs = 20 } = options;
  const began = world.nowMs();
  const end = began + deadlineMs;
  const breaches: Breach[] = [];
  const keys = books.addresses();
  let divergentAtFirst: number | undefined;
  let convergedMs: number | undefined;
  let held = new Map<Address, Holding>();
  let silent: string | undefined;
  do {
    const seen = await heldOf(world, keys);
    if (typeof seen === "string") silent = seen;
    else {
      silent = undefined;
      held = seen;
      const differ = [...seen.values()].filter((holding) => !agree(holding)).length;
      divergentAtFirst ??= differ;
      const hints = hintsGoHome ? await world.hintsHeld() : 0;
      if (differ === 0 && hints === 0 && world.outstanding() === 0) convergedMs = world.nowMs() - began;
    }
    if (convergedMs === undefined) await world.pass(everyMs);
  } while (convergedMs === undefined && world.nowMs() < end);
  if (world.outstanding() > 0)
    breaches.push({ what: "did not end", evidence: `${String(world.outstanding())} operations` });
  if (silent !== undefined) breaches.push({ what: "unreadable", evidence: silent });
  if (convergedMs === undefined) breaches.push({ what: "did not converge", evidence: await whoDiffers(world, held) });
  const lost = new Set<number>();
  const isMissing = (key: Address, ids: Iterable<number>, there: string): void => {
    for (const write of books.missing(key, ids)) {
      if (lost.has(write.id)) continue;
      lost.add(write.id);
      breaches.push({
        what: "lost",
        evidence: `${describe(write)} of ${nameOf(key)}; ${there} [${[...ids].join(" ")}]`,
      });
    }
  };
  for (const [key, { primaries, hints, unreadable }] of held) {
    const ids = new Set([...primaries.flat(), ...hints.flat()]);
    isMissing(key, ids, "there is");
    breaches.push(...books.impossible(key, ids, true));
    if (unreadable > 0)
      breaches.push({ what: "unreadable", evidence: `${String(unreadable)} copies of ${nameOf(key)}` });
  }
  if (convergedMs === undefined) return { breaches, convergedMs, divergentAtFirst: divergentAtFirst ?? keys.length };
  for (const key of keys) {
    const answer = await getAll(world, key);
    if (answer.outcome !== "ok") {
      breaches.push({ what: "unreadable", evidence: `a get of all replicas of ${nameOf(key)}: ${answer.outcome} ${answer.reason}` }); // prettier-ignore
      continue;
    }
    const ids = answer.versions.map(({ writeId }) => writeId);
    isMissing(key, ids, "a get of all replicas has");
    breaches.push(...books.impossible(key, ids, true));
    if (breaches.length === 0) books.closeAt(key, new Set(ids));
  }
  return { breaches, convergedMs, divergentAtFirst: divergentAtFirst! };
}

function agree({ primaries }: Holding): boolean {
  return primaries.every((ids) => ids.length === primaries[0].length && ids.every((id) => primaries[0].includes(id)));
}

async function whoDiffers(world: DurableWorld, held: ReadonlyMap<Address, Holding>): Promise<string> {
  const differ = [...held].filter(([, holding]) => !agree(holding));
  const hints = await world.hintsHeld();
  const some = differ.slice(0, 2).map(([key, { primaries }]) => {
    const owners = world.ring.preferenceList(key, world.settings.engine.nVal);
    return `${nameOf(key)}: ${primaries.map((ids, i) => `node-${String(owners[i].node + 1)} [${ids.join(" ")}]`).join(", ")}`;
  });
  return `${String(differ.length)} of ${String(held.size)} keys, ${String(hints ?? "unknown")} hints kept; ${some.join("; ")}`;
}

/** What every primary and whoever keeps hints holds; or which node did not answer. */
async function heldOf(world: DurableWorld, keys: readonly Address[]): Promise<Map<Address, Holding> | string> {
  const { ring, settings } = world;
  const holdings = new Map(keys.map((key) => [key, { primaries: [] as number[][], hints: [] as number[][], unreadable: 0 }])); // prettier-ignore
  for (let node = 0; node < settings.members.length; node++) {
    const asked: { readonly key: Address; readonly vnode: number }[] = [];
    for (const key of keys) {
      for (const place of ring.preferenceList(key, settings.engine.nVal))
        if (place.node === node) asked.push({ key, vnode: place.vnode });
      asked.push({ key, vnode: ANY_HINT });
    }
    for (let from = 0; from < asked.length; from += AT_ONCE) {
      const some = asked.slice(from, from + AT_ONCE);
      const seen = await world.inspect(
        node,
        some.map(({ vnode }) => vnode),
        some.map(({ key }) => key),
      );
      if (seen === undefined) return `node-${String(node + 1)} does not answer`;
      some.forEach(({ key, vnode }, i) => {
        const holding = holdings.get(key)!;
        const ids = seen.held[i];
        if (ids === "failed") holding.unreadable++;
        else if (vnode === ANY_HINT) holding.hints.push([...(ids ?? [])]);
      });
      // Primaries in order of preference, so that evidence can name them.
      some.forEach(({ key, vnode }, i) => {
        if (vnode === ANY_HINT) return;
        const at = ring.preferenceList(key, settings.engine.nVal).findIndex((place) => place.node === node && place.vnode === vnode); // prettier-ignore
        const ids = seen.held[i];
        holdings.get(key)!.primaries[at] = ids === "failed" ? [] : [...(ids ?? [])];
      });
    }
  }
  return holdings;
}

async function getAll(world: DurableWorld, key: Address): Promise<AnswerMessage> {
  let answer: AnswerMessage | undefined;
  // A busy machine may be late once; a copy that is gone is gone every time.
  for (let attempt = 0; attempt < GET_ATTEMPTS && answer?.outcome !== "ok"; attempt++) {
    answer = undefined;
    world.get(0, key, { r: "all", timeoutMs: 5_000 }, (got) => (answer = got));
    for (let waited = 0; answer === undefined && waited < 4_000; waited++) await world.pass(2);
  }
  return answer ?? { kind: "answer", id: 0, outcome: "timeout", coordinator: -1, versions: [], context: "", reason: "no answer" }; // prettier-ignore
}

/** Keys in one inspection. */
const AT_ONCE = 256;
const GET_ATTEMPTS = 3;
