/**
 * What a member has promised, as text: the state of the ring it has seen, what it wishes, and who was removed. It outlives
 * the process, so it is read with suspicion: what does not have this shape is refused as a whole, because a member that has
 * forgotten a step of the ring would coordinate under one that all others have left.
 */
import type { MemberEntry, NodeIndex, RingState } from "../messages";
import type { RingPlan } from "../ring/plan";

export interface Remembered {
  readonly ring: RingState;
  readonly wish: MemberEntry["wish"];
  readonly replaces: NodeIndex | undefined;
  readonly removed: readonly NodeIndex[];
}

export class BrokenMemory extends Error {
  override readonly name = "BrokenMemory";
}

export function textOf(remembered: Remembered): string {
  return JSON.stringify(remembered);
}

/** @throws BrokenMemory saying what is wrong. */
export function rememberedFrom(text: string): Remembered {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BrokenMemory("it is no JSON");
  }
  const { ring, wish, replaces, removed } = object(value, "it");
  if (wish !== "in" && wish !== "out" && wish !== "gone") throw new BrokenMemory("wish is none of in, out, gone");
  return {
    ring: ringFrom(object(ring, "ring")),
    wish,
    replaces: replaces === undefined ? undefined : whole(replaces, "replaces"),
    removed: nodes(removed, "removed"),
  };
}

function ringFrom({ id, phase, plan, next, former, without }: Record<string, unknown>): RingState {
  const { version, proposer } = object(id, "ring.id");
  if (phase !== "settled" && phase !== "joining" && phase !== "switching") throw new BrokenMemory("ring.phase");
  if ((next === undefined) !== (phase === "settled")) throw new BrokenMemory("ring.next does not go with ring.phase");
  return {
    id: { version: whole(version, "ring.id.version"), proposer: whole(proposer, "ring.id.proposer") },
    phase,
    plan: planFrom(object(plan, "ring.plan"), "ring.plan"),
    next: next === undefined ? undefined : planFrom(object(next, "ring.next"), "ring.next"),
    former: nodes(former, "ring.former"),
    without: nodes(without, "ring.without"),
  };
}

function planFrom({ members, owners, tokens }: Record<string, unknown>, what: string): RingPlan {
  if (tokens !== undefined && !Array.isArray(tokens)) throw new BrokenMemory(`${what}.tokens`);
  return {
    members: nodes(members, `${what}.members`),
    ...(owners === undefined ? {} : { owners: nodes(owners, `${what}.owners`) }),
    ...(tokens === undefined
      ? {}
      : {
          tokens: (tokens as unknown[]).map((token) => {
            const [at, node] = nodes(token, `${what}.tokens`);
            return [at, node] as const;
          }),
        }),
  };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BrokenMemory(`${what} is no object`);
  return value as Record<string, unknown>;
}

function nodes(value: unknown, what: string): number[] {
  if (!Array.isArray(value)) throw new BrokenMemory(`${what} is no list`);
  return value.map((one) => whole(one, what));
}

function whole(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new BrokenMemory(`${what}: ${String(value)} is no whole number`);
  return value;
}
