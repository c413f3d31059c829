/**
 * Shopping carts (DeCandia et al., "Dynamo", SOSP 2007, sections 4.4 and 6.3): a shopper reads a cart, merges the versions
 * that came, puts an item in or takes one out, and writes with the context of the read. A cart belongs to one shopper, so
 * versions diverge only by failures or by *robots*: the last few clients, which change one and the same cart in quick
 * succession and then turn to another together. That is the cause the paper gives for what it measured.
 *
 * After so many changes a cart is checked out and its next key begins empty; carts and their tombstones stay small, and a
 * trial of any length ends. All is decided when an operation is drawn, but what is in the cart that the read brings.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import { assert } from "../../engine/vocabulary/assert";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import type { Random } from "../../engine/vocabulary/random";
import type { DrawnOperation, MergeCounts, Workload } from "../operation";
import type { CartSettings, WorkloadSettings } from "../settings";
import { addItem, CARTS, decodeCart, emptyCart, encodeCart, itemsOf, removeItem, type Cart } from "./cart-contents";
import type { MixStrategy } from "./mix";
import { Resolver } from "./resolver";

export const cart: MixStrategy = {
  name: "cart",
  prose:
    "Shopping carts: read, merge the versions, add or remove an item, write with the read's context. A cart has one shopper; robots change one cart together, in quick succession.",
  create(settings, random) {
    assert(settings.mixture?.name === "cart", "a workload of carts has its settings");
    return new CartWorkload(settings, settings.mixture, random.fork("cart"));
  },
};

/** A cart that is open: how often a cart of this number was checked out, and changes since. */
interface OpenCart {
  generation: number;
  changes: number;
}

class CartWorkload implements Workload {
  readonly name: string;
  readonly loadCount: number;
  readonly hottestKeyShare = undefined;
  readonly notes: readonly string[];
  private readonly settings: CartSettings;
  private readonly shoppers: number;
  /** Robots and shoppers take turns by lot in an open load; in a closed one everybody has his own. */
  private readonly byLot: boolean;
  private readonly burstChance: number;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly lots: Random;
  private readonly places: Random;
  private readonly robotPlaces: Random;
  private readonly looks: Random;
  private readonly kinds: Random;
  private readonly things: Random;
  /** A cart's number among those of all drivers is this and its place in `open`. */
  private readonly first: number;
  private readonly open: OpenCart[];
  private readonly resolver: Resolver<Cart>;
  private change = 0;
  private shopperTurn = 0;
  /** Robots' changes left on the cart they are at. */
  private robotsLeft = 0;
  private robotsAt = 0;

  constructor(workload: WorkloadSettings, settings: CartSettings, random: Random) {
    assert(settings.carts >= 1 && settings.items >= 1 && settings.checkout >= 1, "there are carts, and items to buy");
    assert(settings.robots < workload.load.clients, "at least one client is a shopper");
    this.name = workload.name;
    this.settings = settings;
    this.notes = workload.notes;
    this.loadCount = settings.carts;
    this.first = settings.first ?? 0;
    this.shoppers = workload.load.clients - settings.robots;
    this.byLot = workload.load.model === "open";
    this.burstChance = chanceOfBurst(settings);
    this.type = octetsFromText(workload.bucketType);
    this.bucket = octetsFromText(workload.bucket);
    this.lots = random.fork("lots");
    this.places = random.fork("places");
    this.robotPlaces = random.fork("robot-places");
    this.looks = random.fork("looks");
    this.kinds = random.fork("kinds");
    this.things = random.fork("things");
    this.open = Array.from({ length: settings.carts }, () => ({ generation: 0, changes: 0 }));
    this.resolver = new Resolver(settings.resolver, CARTS);
  }

  get merges(): MergeCounts {
    return this.resolver.counts;
  }

  loadOperation(index: number): DrawnOperation {
    assert(index >= 0 && index < this.loadCount, "a load operation lies within the load");
    return { ...drawn("insert", this.keyOf(index, 0)), value: encodeCart(emptyCart(this.first + index, 0)) };
  }

  next(client = 0): DrawnOperation {
    const robot = this.byLot ? this.lotFallsOnRobot() : client >= this.shoppers;
    if (robot) {
      if (this.robotsLeft === 0) {
        this.robotsAt = this.robotPlaces.nextBelow(this.settings.carts);
        this.robotsLeft = this.settings.robots;
      }
      const who = this.byLot ? this.shoppers + this.settings.robots - this.robotsLeft : client;
      this.robotsLeft--;
      return { ...this.changeOf(this.robotsAt), client: who };
    }
    const who = this.byLot ? this.shopperTurn++ % this.shoppers : client;
    const number = this.cartOf(who);
    const looks = this.looks.nextFloat() < this.settings.view;
    const operation = looks ? drawn("read", this.keyOf(number, this.open[number].generation)) : this.changeOf(number);
    return { ...operation, client: who };
  }

  inserted(): void {
    // No key is chosen by popularity.
  }

  verify(key: KeyName, value: Octets): boolean {
    const found = decodeCart(value);
    if (found === undefined || found.stamp > this.change) return false;
    const made = (id: number): boolean => id <= this.change;
    return (
      keyText(found.number, found.generation) === key.key &&
      found.additions.every(({ id }) => made(id)) &&
      found.removed.every(made)
    );
  }

  /** In an open load: robots come in rounds, each of them once. */
  private lotFallsOnRobot(): boolean {
    return this.robotsLeft > 0 || this.lots.nextFloat() < this.burstChance;
  }

  /** One of the shopper's own; where there are fewer carts than shoppers, the one he shares. */
  private cartOf(shopper: number): number {
    const { carts } = this.settings;
    if (carts <= this.shoppers) return shopper % carts;
    const own = Math.ceil((carts - shopper) / this.shoppers);
    return shopper + this.shoppers * this.places.nextBelow(own);
  }

  private changeOf(number: number): DrawnOperation {
    const open = this.open[number];
    if (open.changes === this.settings.checkout) {
      open.generation++;
      open.changes = 0;
    }
    open.changes++;
    const change = ++this.change;
    const { generation } = open;
    const removes = this.kinds.nextFloat() < this.settings.remove;
    const place = this.things.nextFloat();
    const item = Math.floor(place * this.settings.items);
    const merge = (payloads: readonly Octets[]): Octets => {
      const before = this.resolver.resolve(payloads) ?? emptyCart(this.first + number, generation);
      const there = removes ? itemsOf(before) : [];
      return encodeCart(
        there.length > 0
          ? removeItem(before, there[Math.floor(place * there.length)], change)
          : addItem(before, item, change),
      );
    };
    return { ...drawn("rmw", this.keyOf(number, generation)), merge };
  }

  private keyOf(number: number, generation: number): KeyName {
    return { type: this.type, bucket: this.bucket, key: keyText(this.first + number, generation) };
  }
}

function keyText(number: number, generation: number): Octets {
  return generation === 0 ? `cart${String(number)}` : `cart${String(number)}.${String(generation)}`;
}

/** A round of R robots is R operations, a shopper's turn is one: the chance of a round that makes the share come true. */
function chanceOfBurst({ robots, robotShare }: CartSettings): number {
  return robots === 0 ? 0 : robotShare / (robots - robotShare * (robots - 1));
}

function drawn(kind: DrawnOperation["kind"], key: KeyName): DrawnOperation {
  return { kind, key, value: "", scanLength: 0, blind: false, insertNumber: -1 };
}
