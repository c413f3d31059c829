/** Carts and counters as they are driven: who changes what, what is merged, and that nothing is lost that the store keeps. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { OperationRecord } from "../../../results/record/history";
import { decodeCart, itemsOf } from "../../../workloads/mixes/cart-contents";
import { decodeCounter, mergeCounters, total } from "../../../workloads/mixes/counter-contents";
import { workloadFor } from "../../../workloads/mixes/mix";
import type { DrawnOperation, Request } from "../../../workloads/operation";
import type { CartSettings, CounterSettings, WorkloadSettings } from "../../../workloads/settings";
import { driverOf, play, settings } from "../scripted-target";
import { CausalStore } from "./causal-store";

const CART: CartSettings = {
  name: "cart",
  carts: 40,
  items: 20,
  remove: 0.3,
  view: 0.5,
  robots: 0,
  robotShare: 0,
  checkout: 100,
  resolver: "union",
};
const COUNTERS: CounterSettings = { name: "counters", counters: 3, view: 0.3, resolver: "counter" };
const closed = (clients: number): WorkloadSettings["load"] => ({
  model: "closed",
  clients,
  think: undefined,
  targetPerSecond: undefined,
});
const open = (clients: number, ratePerSecond = 2000): WorkloadSettings["load"] => ({
  model: "open",
  clients,
  ratePerSecond,
  arrivals: "poisson",
});

function drawn(mixture: CartSettings | CounterSettings, load: WorkloadSettings["load"], count: number, seed = 1) {
  const workload = workloadFor(settings({ mixture, load }), Random.fromSeed(seed));
  return Array.from({ length: count }, (_, i) => workload.next(i % load.clients));
}

const numberOf = ({ key }: DrawnOperation): number => Number(/^cart(\d+)/.exec(key.key)![1]);

interface Driven {
  readonly records: readonly OperationRecord[];
  readonly sent: readonly Request[];
  readonly store: CausalStore;
  readonly progress: ReturnType<ReturnType<typeof driverOf>["progress"]>;
}

function driven(
  mixture: CartSettings | CounterSettings,
  load: WorkloadSettings["load"],
  { preload = false, clock = "dvvset" } = {},
): Driven {
  const chosen = settings({ mixture, load, preload, maxOutstanding: 10_000 });
  const random = Random.fromSeed("drive");
  const driver = driverOf({ workload: workloadFor(chosen, random.fork("workload")), settings: chosen });
  const store = new CausalStore(clock);
  const service = random.fork("service");
  const sent: Request[] = [];
  const records = play({
    driver,
    serviceMicros: () => 500 + service.nextBelow(3000),
    answer: (request, now) => store.answer(request, now),
    sent: (request) => sent.push(request),
  });
  return { records, sent, store, progress: driver.progress() };
}

describe("the cart workload", () => {
  it("gives every cart to one shopper, and every shopper his own", () => {
    for (const load of [closed(8), open(8)]) {
      const owners = new Map<number, Set<number>>();
      for (const operation of drawn(CART, load, 4000)) {
        const number = numberOf(operation);
        owners.set(number, (owners.get(number) ?? new Set()).add(operation.client!));
      }
      assert.equal(owners.size, CART.carts);
      assert.ok([...owners.values()].every((who) => who.size === 1));
    }
  });

  it("looks, adds and removes by its shares, and a robot only changes", () => {
    const operations = drawn({ ...CART, robots: 2, robotShare: 0.2 }, open(10), 20_000);
    const robots = operations.filter(({ client }) => client! >= 8);
    assert.ok(Math.abs(robots.length / operations.length - 0.2) < 0.01, String(robots.length));
    assert.ok(robots.every(({ kind }) => kind === "rmw"));
    const shoppers = operations.filter(({ client }) => client! < 8);
    const looks = shoppers.filter(({ kind }) => kind === "read");
    assert.ok(Math.abs(looks.length / shoppers.length - 0.5) < 0.02, String(looks.length));
  });

  it("sends robots round together: each of them changes the same cart, one after the other", () => {
    const operations = drawn({ ...CART, robots: 3, robotShare: 0.1 }, open(10), 9000);
    let rounds = 0;
    for (let i = 0; i + 2 < operations.length; i++) {
      if (operations[i].client !== 7) continue;
      assert.deepEqual(
        operations.slice(i, i + 3).map(({ client }) => client),
        [7, 8, 9],
      );
      assert.equal(new Set(operations.slice(i, i + 3).map(numberOf)).size, 1);
      rounds++;
    }
    assert.ok(rounds > 200, String(rounds));
  });

  it("leaves the robots of a closed load their own pace, at one cart as long as each has a turn", () => {
    const operations = drawn({ ...CART, robots: 2 }, closed(6), 600).filter(({ client }) => client! >= 4);
    assert.equal(operations.length, 200);
    for (let i = 0; i < operations.length; i += 2) assert.equal(numberOf(operations[i]), numberOf(operations[i + 1]));
  });

  it("draws the same changes whether there are robots or not in the shoppers' own streams", () => {
    const places = (mixture: CartSettings): readonly string[] =>
      drawn(mixture, closed(6), 600)
        .filter(({ client }) => client! < 4)
        .map(({ kind, key }) => `${kind} ${key.key}`);
    // Four shoppers in both: the last two clients are robots, or are not there.
    const without = drawn(CART, closed(4), 400).map(({ kind, key }) => `${kind} ${key.key}`);
    assert.deepEqual(places({ ...CART, robots: 2, checkout: 10_000 }), without);
  });

  it("puts another key in the place of a cart that is checked out", () => {
    const operations = drawn({ ...CART, carts: 1, checkout: 3, view: 0 }, closed(1), 7);
    assert.deepEqual(
      operations.map(({ key }) => key.key),
      ["cart0", "cart0", "cart0", "cart0.1", "cart0.1", "cart0.1", "cart0.2"],
    );
  });

  it("writes what it read, merged, with one change; the store keeps every addition that nobody removed", () => {
    const { records, sent, store, progress } = driven({ ...CART, carts: 2, robots: 4, robotShare: 0.5 }, open(8), {
      preload: true,
    });
    assert.ok(progress.merges!.reads > 20, JSON.stringify(progress.merges));
    assert.deepEqual([progress.merges!.dropped, progress.merges!.undone], [0, 0]);
    assert.equal(progress.integrity.broken, 0);
    assert.ok(progress.integrity.confirmed > 500);
    const written = records.filter(({ kind, phase }) => kind === "update" && phase === "measure");
    assert.ok(written.length > 500);
    // Every change that was ever written is in one of the versions that are left, as an addition or as a removal of one.
    const left = store.valuesOf("cart0").map((bytes) => decodeCart(bytes)!);
    const known = new Set(left.flatMap(({ additions, removed }) => [...additions.map(({ id }) => id), ...removed]));
    const added = sent
      .filter(({ kind, key }) => kind === "put" && key.key === "cart0")
      .flatMap(({ value }) => decodeCart(value)!.additions.map(({ id }) => id));
    assert.ok(added.length > 100);
    assert.ok(added.every((id) => known.has(id)));
  });

  it("counts what an application loses that goes on with one version", () => {
    for (const resolver of ["newest", "none"] as const) {
      const { progress } = driven({ ...CART, carts: 2, robots: 4, robotShare: 0.5, resolver }, open(8));
      assert.ok(progress.merges!.dropped > 0, JSON.stringify(progress.merges));
      assert.ok(progress.merges!.undone > 0, JSON.stringify(progress.merges));
    }
  });

  it("adds where there is nothing to remove, and begins with an empty cart where nothing is found", () => {
    const [operation] = drawn({ ...CART, remove: 1, view: 0 }, closed(1), 1);
    for (const payloads of [[], [""]]) {
      const cart = decodeCart(operation.merge!(payloads))!;
      assert.equal(itemsOf(cart).length, 1);
      assert.deepEqual(cart.removed, []);
    }
  });

  it("tells a value that it cannot have written under a key", () => {
    const workload = workloadFor(settings({ mixture: CART, load: closed(1) }), Random.fromSeed(1));
    const operation = Array.from({ length: 20 }, () => workload.next(0)).find(({ kind }) => kind === "rmw")!;
    const value = operation.merge!([]);
    assert.equal(workload.verify!(operation.key, value), true);
    assert.equal(workload.verify!({ ...operation.key, key: "cart999" }, value), false);
    assert.equal(workload.verify!(operation.key, "v"), false);
    const fresh = workloadFor(settings({ mixture: CART, load: closed(1) }), Random.fromSeed(1));
    assert.equal(fresh.verify!(operation.key, value), false, "nothing was changed yet");
  });
});

describe("the counter workload", () => {
  it("ends with every increment there is, whatever clients had read", () => {
    const { records, store, progress } = driven(COUNTERS, closed(6), { preload: true });
    const made = records.filter(({ kind, outcome }) => kind === "rmw" && outcome === "ok").length;
    let sum = 0;
    for (let i = 0; i < COUNTERS.counters; i++) {
      const versions = store.valuesOf(`counter${i}`).map((bytes) => decodeCounter(bytes)!);
      sum += total(versions.reduce(mergeCounters));
    }
    assert.ok(made > 300, String(made));
    assert.equal(sum, made);
    assert.ok(progress.merges!.reads > 20);
    assert.equal(progress.integrity.broken, 0);
  });

  it("loses increments where the store has no siblings to merge, and the clock is the cause", () => {
    const { records, store } = driven(COUNTERS, closed(6), { preload: true, clock: "lww" });
    const made = records.filter(({ kind }) => kind === "rmw").length;
    const sum = Array.from({ length: COUNTERS.counters }, (_, i) => store.valuesOf(`counter${i}`))
      .map((versions) => total(versions.map((bytes) => decodeCounter(bytes)!).reduce(mergeCounters)))
      .reduce((a, b) => a + b);
    assert.ok(sum < made, `${sum} of ${made}`);
  });
});
