/** Merges by meaning: whatever order versions meet in, and however often, the same is in them; nothing is forgotten. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addItem,
  decodeCart,
  emptyCart,
  encodeCart,
  itemsOf,
  mergeCarts,
  removeItem,
  type Cart,
} from "../../../workloads/mixes/cart-contents";
import {
  countTo,
  decodeCounter,
  emptyCounter,
  encodeCounter,
  mergeCounters,
  total,
  type Counter,
} from "../../../workloads/mixes/counter-contents";
import { Resolver } from "../../../workloads/mixes/resolver";
import { CARTS } from "../../../workloads/mixes/cart-contents";
import { COUNTERS } from "../../../workloads/mixes/counter-contents";

/** What somebody does at one of a few copies. */
type Act =
  | { readonly kind: "add"; readonly copy: number; readonly item: number }
  | { readonly kind: "remove"; readonly copy: number; readonly item: number }
  | { readonly kind: "merge"; readonly copy: number; readonly from: number };

const COPIES = 3;
const copy = fc.nat(COPIES - 1);
const item = fc.nat(3);
const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("add" as const), copy, item }),
    fc.record({ kind: fc.constant("remove" as const), copy, item }),
    fc.record({ kind: fc.constant("merge" as const), copy, from: copy }),
  ),
  { maxLength: 30 },
);

/** The same by sets of ids, kept for every copy: what was added, and what was removed, as seen from there. */
class Told {
  readonly added = new Map<number, number>();
  readonly removed = new Set<number>();

  take(other: Told): void {
    for (const [id, thing] of other.added) this.added.set(id, thing);
    for (const id of other.removed) this.removed.add(id);
  }

  get live(): readonly number[] {
    return [...this.added.keys()].filter((id) => !this.removed.has(id)).sort((a, b) => a - b);
  }
}

function carried(history: readonly Act[]): { readonly carts: readonly Cart[]; readonly told: readonly Told[] } {
  const carts = Array.from({ length: COPIES }, () => emptyCart(7, 1));
  const told = Array.from({ length: COPIES }, () => new Told());
  history.forEach((act, i) => {
    const change = i + 1;
    const model = told[act.copy];
    switch (act.kind) {
      case "add":
        carts[act.copy] = addItem(carts[act.copy], act.item, change);
        model.added.set(change, act.item);
        break;
      case "remove":
        carts[act.copy] = removeItem(carts[act.copy], act.item, change);
        for (const [id, thing] of model.added) if (thing === act.item) model.removed.add(id);
        break;
      case "merge":
        carts[act.copy] = mergeCarts(carts[act.copy], carts[act.from]);
        model.take(told[act.from]);
        break;
    }
  });
  return { carts, told };
}

describe("a cart's contents", () => {
  it("merge in any order, any grouping and any number of times to the same", () => {
    fc.assert(
      fc.property(acts, (history) => {
        const [a, b, c] = carried(history).carts;
        assert.deepEqual(mergeCarts(a, b), mergeCarts(b, a));
        assert.deepEqual(mergeCarts(mergeCarts(a, b), c), mergeCarts(a, mergeCarts(b, c)));
        assert.deepEqual(mergeCarts(a, a), a);
        assert.deepEqual(mergeCarts(mergeCarts(a, b), b), mergeCarts(a, b));
      }),
    );
  });

  it("hold at every copy what was added there or merged in, less what somebody who saw it removed", () => {
    fc.assert(
      fc.property(acts, (history) => {
        const { carts, told } = carried(history);
        carts.forEach((cart, i) => {
          assert.deepEqual(
            cart.additions.map(({ id }) => id),
            told[i].live,
          );
          const things = told[i].live.map((id) => told[i].added.get(id)!);
          assert.deepEqual(
            itemsOf(cart),
            [...new Set(things)].sort((a, b) => a - b),
          );
        });
      }),
    );
  });

  it("keep an addition made beside a removal of the same item, and do not bring back what was removed", () => {
    const shared = addItem(emptyCart(0, 0), 5, 1);
    const without = removeItem(shared, 5, 2);
    const again = addItem(shared, 5, 3);
    const merged = mergeCarts(without, again);
    assert.deepEqual(itemsOf(merged), [5]);
    assert.deepEqual(
      merged.additions.map(({ id }) => id),
      [3],
    );
    assert.deepEqual(itemsOf(mergeCarts(without, shared)), [], "a version that has not heard of the removal");
  });

  it("come back from their bytes, and other bytes are none", () => {
    fc.assert(
      fc.property(acts, (history) => {
        for (const cart of carried(history).carts) assert.deepEqual(decodeCart(encodeCart(cart)), cart);
      }),
    );
    const bytes = encodeCart(addItem(addItem(emptyCart(1, 2), 3, 4), 5, 6));
    for (let length = 0; length < bytes.length; length++) assert.equal(decodeCart(bytes.slice(0, length)), undefined);
    assert.equal(decodeCart(`${bytes}x`), undefined);
    assert.equal(decodeCart(encodeCounter(emptyCounter(1))), undefined);
    assert.ok(bytes.length <= 12, `${bytes.length} bytes`);
  });

  it("never make a cart of hostile bytes that is not in order", () => {
    const octets = fc.array(fc.nat(255), { maxLength: 30 }).map((bytes) => String.fromCharCode(0xc1, ...bytes));
    fc.assert(
      fc.property(octets, (bytes) => {
        const cart = decodeCart(bytes);
        if (cart !== undefined) assert.deepEqual(mergeCarts(cart, cart), cart);
      }),
    );
  });
});

describe("a counter's contents", () => {
  const counting = fc.array(fc.record({ copy, from: fc.option(copy) }), { maxLength: 30 });
  const counted = (history: readonly { copy: number; from: number | null }[]): readonly Counter[] => {
    const copies = Array.from({ length: COPIES }, () => emptyCounter(4));
    const own = copies.map(() => 0);
    history.forEach(({ copy: at, from }, i) => {
      copies[at] = from === null ? countTo(copies[at], at, ++own[at], i + 1) : mergeCounters(copies[at], copies[from]);
    });
    return copies;
  };

  it("merge in any order, any grouping and any number of times to the same, and lose no increment", () => {
    fc.assert(
      fc.property(counting, (history) => {
        const [a, b, c] = counted(history);
        const all = mergeCounters(mergeCounters(a, b), c);
        assert.deepEqual(mergeCounters(a, b), mergeCounters(b, a));
        assert.deepEqual(mergeCounters(a, mergeCounters(b, c)), all);
        assert.deepEqual(mergeCounters(a, a), a);
        assert.equal(total(all), history.filter(({ from }) => from === null).length);
      }),
    );
  });

  it("heal by a client's own count what a stale read had left out", () => {
    const stale = countTo(emptyCounter(0), 2, 1, 1);
    const third = countTo(stale, 2, 3, 5);
    assert.equal(total(third), 3);
  });

  it("come back from their bytes, and other bytes are none", () => {
    fc.assert(
      fc.property(counting, (history) => {
        for (const counter of counted(history)) assert.deepEqual(decodeCounter(encodeCounter(counter)), counter);
      }),
    );
    const bytes = encodeCounter(countTo(countTo(emptyCounter(1), 3, 2, 9), 40, 1, 10));
    for (let length = 0; length < bytes.length; length++)
      assert.equal(decodeCounter(bytes.slice(0, length)), undefined);
    assert.equal(decodeCounter(encodeCart(emptyCart(1, 0))), undefined);
  });
});

describe("a resolver", () => {
  const shared = addItem(addItem(emptyCart(0, 0), 1, 1), 2, 2);
  /** Removed 1; then, beside it, somebody added 3. */
  const [older, newer] = [removeItem(shared, 1, 3), addItem(shared, 3, 4)];
  const siblings = [encodeCart(older), encodeCart(newer)];

  it("that merges takes all of every version, and loses nothing", () => {
    const union = new Resolver("union", CARTS);
    assert.deepEqual(itemsOf(union.resolve(siblings)!), [2, 3]);
    assert.deepEqual(union.counts, { reads: 1, versions: 2, dropped: 0, undone: 0 });
  });

  it("that takes one version counts what the others held, and what comes back", () => {
    const newest = new Resolver("newest", CARTS);
    assert.deepEqual(itemsOf(newest.resolve(siblings)!), [1, 2, 3]);
    assert.deepEqual(newest.counts, { reads: 1, versions: 2, dropped: 0, undone: 1 });
    const none = new Resolver("none", CARTS);
    assert.deepEqual(itemsOf(none.resolve(siblings)!), [2]);
    assert.deepEqual(none.counts, { reads: 1, versions: 2, dropped: 1, undone: 0 });
  });

  it("has nothing to do with one version, tombstones or nothing", () => {
    const union = new Resolver("union", CARTS);
    assert.equal(union.resolve([]), undefined);
    assert.equal(union.resolve(["", ""]), undefined);
    assert.deepEqual(union.resolve(["", siblings[0], "not a cart"]), older);
    assert.deepEqual(union.counts, { reads: 0, versions: 0, dropped: 0, undone: 0 });
  });

  it("of counters counts the increments it drops", () => {
    const [a, b] = [countTo(emptyCounter(0), 1, 4, 1), countTo(emptyCounter(0), 2, 3, 2)];
    const newest = new Resolver("newest", COUNTERS);
    assert.equal(total(newest.resolve([encodeCounter(a), encodeCounter(b)])!), 3);
    assert.equal(newest.counts.dropped, 4);
    assert.equal(total(new Resolver("counter", COUNTERS).resolve([encodeCounter(a), encodeCounter(b)])!), 7);
  });
});
