/** Gossip on the wire: what was said is what is heard, and bytes of strangers are refused or are gossip, and never anything else. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { Gossip, MemberEntry, RingId, RingState } from "../../../engine/messages";
import type { RingPlan } from "../../../engine/ring/plan";
import { ByteReader, ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";
import { decodeGossip, encodeGossip } from "../../../engine/wire/membership-codec";

/** Objects as others make them. */
const PLAIN = { noNullPrototype: true } as const;
const node = fc.integer({ min: 0, max: 9_999 });
const nodes = fc.uniqueArray(node, { maxLength: 8 });
const number = fc.integer({ min: 0, max: 2 ** 40 });
const ringId: fc.Arbitrary<RingId> = fc.record({ version: number, proposer: node }, PLAIN);
const entry: fc.Arbitrary<MemberEntry> = fc.record(
  {
    node,
    epoch: number,
    version: number,
    wish: fc.constantFrom("in" as const, "out" as const, "gone" as const),
    replaces: fc.option(node, { nil: undefined }),
    seen: ringId,
    sent: ringId,
    removed: fc.boolean(),
  },
  PLAIN,
);
const plan: fc.Arbitrary<RingPlan> = fc
  .record({
    members: fc.uniqueArray(node, { minLength: 1, maxLength: 6 }).map((all) => all.sort((a, b) => a - b)),
    owners: fc.option(fc.array(fc.nat(), { maxLength: 20 }), { nil: undefined }),
    tokens: fc.option(fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat()), { maxLength: 20 }), { nil: undefined }), // prettier-ignore
  })
  .map(({ members, owners, tokens }) => ({
    members,
    ...(owners === undefined ? {} : { owners: owners.map((at) => members[at % members.length]) }),
    ...(tokens === undefined ? {} : { tokens: tokens.map(([at, of]) => [at, members[of % members.length]] as const) }),
  }));
const ring: fc.Arbitrary<RingState> = fc
  .record(
    {
      id: ringId,
      phase: fc.constantFrom("settled" as const, "joining" as const, "switching" as const),
      plan,
      next: plan,
      former: nodes,
      without: nodes,
    },
    PLAIN,
  )
  .map((state) => (state.phase === "settled" ? { ...state, next: undefined } : state));
const gossip: fc.Arbitrary<Gossip> = fc.record(
  {
    kind: fc.constant("gossip" as const),
    ringId,
    ring: fc.option(ring, { nil: undefined }),
    hash: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { nil: undefined }),
    digests: fc.array(fc.tuple(node, number, number), { maxLength: 10 }).map((all) => all.flat()),
    entries: fc.array(entry, { maxLength: 10 }),
    wants: nodes,
    wantsRing: fc.boolean(),
  },
  PLAIN,
);

function encoded(message: Gossip): Uint8Array {
  const out = new ByteWriter(16);
  encodeGossip(message, out);
  return out.bytes.slice(0, out.length);
}

/** Undefined: refused. */
function decoded(bytes: Uint8Array): Gossip | undefined {
  try {
    return decodeGossip(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

describe("gossip on the wire", () => {
  it("is heard as it was said", () => {
    fc.assert(fc.property(gossip, (message) => assert.deepEqual(decoded(encoded(message)), message)));
  });

  it("is refused where it is cut short", () => {
    fc.assert(
      fc.property(gossip, fc.nat(), (message, at) => {
        const bytes = encoded(message);
        assert.equal(decoded(bytes.slice(0, at % bytes.length)), undefined);
      }),
    );
  });

  it("is refused, or is other gossip, where it is damaged", () => {
    let refused = 0;
    const check = (bytes: Uint8Array): void => {
      const message = decoded(bytes);
      if (message === undefined) refused++;
      else assert.deepEqual(decoded(encoded(message)), message);
    };
    fc.assert(
      fc.property(gossip, fc.nat(), fc.integer({ min: 0, max: 255 }), (message, at, value) => {
        const bytes = encoded(message);
        bytes[at % bytes.length] = value;
        check(bytes);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check));
    assert.ok(refused > 20, String(refused));
  });

  const settled = (of: RingPlan): Gossip => {
    const id = { version: 1, proposer: 0 };
    return { kind: "gossip", ringId: id, hash: undefined, digests: [], entries: [], wants: [], wantsRing: false, ring: { id, phase: "settled", plan: of, next: undefined, former: [], without: [] } }; // prettier-ignore
  };
  const broken: readonly [string, RingPlan][] = [
    ["without members", { members: [] }],
    ["whose members are in no order", { members: [2, 1] }],
    ["with a member twice", { members: [1, 1] }],
    ["of which somebody else owns a part", { members: [1, 2], owners: [1, 3] }],
    ["with somebody else's token", { members: [1, 2], tokens: [[5, 3]] }],
  ];
  for (const [what, of] of broken) it(`is refused with a ring ${what}`, () => assert.equal(decoded(encoded(settled(of))), undefined)); // prettier-ignore

  it("allocates nothing that is only announced", () => {
    // Flags, an id, then four thousand million digests.
    assert.equal(decoded(Uint8Array.from([0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])), undefined);
  });
});
