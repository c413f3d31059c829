/** What a member has promised is read back as it was written, or not at all. */
import { strict as assert } from "node:assert";
import { BrokenMemory, type Remembered, rememberedFrom, textOf } from "../../../engine/membership/remembered";

const WHOLE: Remembered = {
  ring: {
    id: { version: 7, proposer: 2 },
    phase: "joining",
    plan: { members: [0, 1], owners: [0, 1, 0] },
    next: { members: [0, 1, 2], tokens: [[5, 0], [9, 2]] }, // prettier-ignore
    former: [4],
    without: [1],
  },
  wish: "in",
  replaces: 3,
  removed: [3, 5],
};

/** The same, with something else at a path. */
function changed(path: string, value: unknown): string {
  const copy = JSON.parse(textOf(WHOLE)) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop()!;
  let at = copy;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = value;
  return JSON.stringify(copy);
}

describe("what a member remembers", () => {
  it("is what it was told to", () => {
    assert.deepEqual(rememberedFrom(textOf(WHOLE)), WHOLE);
    const settled: Remembered = { ...WHOLE, ring: { ...WHOLE.ring, phase: "settled", next: undefined }, replaces: undefined }; // prettier-ignore
    assert.deepEqual(rememberedFrom(textOf(settled)), settled);
  });

  const broken: readonly [string, string][] = [
    ["", "nothing at all"],
    ["{", "half of it"],
    ["null", "null"],
    ["[]", "a list"],
    [textOf(WHOLE).slice(0, -20), "the beginning of it"],
    [changed("wish", "home"), "a wish that nobody has"],
    [changed("removed", "3"), "removed nodes that are no list"],
    [changed("removed", [-1]), "a node below 0"],
    [changed("replaces", 1.5), "half a node"],
    [changed("ring", undefined), "no ring"],
    [changed("ring.id.version", "7"), "a version that is text"],
    [changed("ring.id.version", 2 ** 60), "a version beyond counting"],
    [changed("ring.phase", "dancing"), "a phase that is none"],
    [changed("ring.phase", "settled"), "a settled ring that goes on"],
    [changed("ring.next", undefined), "a change to nowhere"],
    [changed("ring.plan", [0]), "a plan that is a list"],
    [changed("ring.plan.members", 2), "members that are a number"],
    [changed("ring.plan.owners", {}), "owners that are no list"],
    [changed("ring.next.tokens", 1), "tokens that are a number"],
    [changed("ring.next.tokens", [["a", 0]]), "a token at no place"],
    [changed("ring.former", undefined), "no leavers"],
  ];
  for (const [text, what] of broken)
    it(`is refused as a whole: ${what}`, () => assert.throws(() => rememberedFrom(text), BrokenMemory));
});
