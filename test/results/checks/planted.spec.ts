/**
 * Stores with known promises, driven by the real driver in virtual time: one that keeps a promise must pass its check, and one
 * that is broken on purpose must be caught with a witness that holds by itself.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { checkHistory, describeHistoryCheck, type HistoryCheck } from "../../../results/checks/history-check";
import { checkRegister } from "../../../results/checks/register";
import type { OperationRecord } from "../../../results/record/history";
import type { Reply, Request } from "../../../workloads/operation";
import type { Target } from "../../../workloads/targets/target";
import { drive, EventList } from "../../workloads/event-list";
import { driverOf, refused, REPLY, scripted, settings } from "../../workloads/scripted-target";

interface Held {
  readonly writeId: number;
  readonly timestamp: number;
  readonly isDelete: boolean;
}

const NOTHING: Held = { writeId: 0, timestamp: -1, isDelete: false };

function found({ writeId, isDelete }: Held, tombstones: boolean): Reply {
  const versions = writeId === 0 || (isDelete && !tombstones) ? [] : [writeId];
  return { ...REPLY, versions, values: isDelete ? 0 : versions.length };
}

/** Answers after at most `patience`, as a target must. */
abstract class Store implements Pick<Target, "submit"> {
  constructor(
    protected readonly world: EventList,
    private readonly random: Random,
    private readonly patience = Infinity,
  ) {}

  protected delay(): number {
    // Mostly short, now and then twenty times as long.
    return 1 + this.random.nextBelow(this.random.nextBelow(20) === 0 ? 20_000 : 1000);
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    let answered = false;
    const once = (reply: Reply): void => {
      if (answered) return;
      answered = true;
      done(reply);
    };
    if (this.patience < Infinity) this.world.at(this.world.now() + this.patience, () => once(refused("timeout")));
    this.ask(request, once);
  }

  protected abstract ask(request: Request, done: (reply: Reply) => void): void;
}

/** One copy, one instant an operation. Reads may come from a cache that is filled every `cacheMicros`. */
class OneCopy extends Store {
  private readonly held = new Map<string, Held>();
  private readonly cached = new Map<string, { readonly at: number; readonly value: Held }>();
  cacheMicros = 0;

  protected ask({ kind, key: { key }, writeId }: Request, done: (reply: Reply) => void): void {
    this.world.at(this.world.now() + this.delay(), () => {
      const now = this.world.now();
      if (kind !== "get") this.held.set(key, { writeId, timestamp: now, isDelete: kind === "delete" });
      const reply = kind === "get" ? found(this.readable(key, now), false) : REPLY;
      this.world.at(now + this.delay(), () => done(reply));
    });
  }

  private readable(key: string, now: number): Held {
    const value = this.held.get(key) ?? NOTHING;
    if (this.cacheMicros === 0) return value;
    const cached = this.cached.get(key);
    if (cached !== undefined && now < cached.at + this.cacheMicros) return cached.value;
    this.cached.set(key, { at: now, value });
    return value;
  }
}

/** Three copies; the later of two beginnings wins; no read repair. */
class Quorums extends Store {
  private readonly copies = [new Map<string, Held>(), new Map<string, Held>(), new Map<string, Held>()];

  constructor(
    world: EventList,
    random: Random,
    private readonly r: number,
    private readonly w: number,
  ) {
    super(world, random);
  }

  protected ask({ kind, key: { key }, writeId }: Request, done: (reply: Reply) => void): void {
    const mine: Held = { writeId, timestamp: this.world.now(), isDelete: kind === "delete" };
    const needed = kind === "get" ? this.r : this.w;
    let answers = 0;
    let newest = NOTHING;
    for (const copy of this.copies) {
      this.world.at(this.world.now() + this.delay(), () => {
        const held = copy.get(key) ?? NOTHING;
        if (kind !== "get" && newer(mine, held)) copy.set(key, mine);
        this.world.at(this.world.now() + this.delay(), () => {
          if (newer(held, newest)) newest = held;
          if (++answers === needed) done(kind === "get" ? found(newest, true) : REPLY);
        });
      });
    }
  }
}

function newer(a: Held, b: Held): boolean {
  return a.timestamp > b.timestamp || (a.timestamp === b.timestamp && a.writeId > b.writeId);
}

function run(make: (world: EventList, random: Random) => Store, deletes = false): OperationRecord[] {
  const world = new EventList();
  const records: OperationRecord[] = [];
  const load = { model: "open", clients: 12, ratePerSecond: 2000, arrivals: "poisson" } as const;
  const driver = driverOf({
    workload: scripted([
      ["update", "a"],
      ["read", "a"],
      ["read", "b"],
      ["update", "b"],
      ["read", "a"],
      ["read", "c"],
      [deletes ? "delete" : "update", "c"],
      ["update", "c"],
      ["read", "c"],
    ]),
    settings: settings({ load, context: "none", maxOutstanding: 1000 }),
    phases: { warmupMs: 0, measureMs: 2000, drainMs: 0 },
  });
  drive({ driver, target: make(world, Random.fromSeed("store")), world, record: (record) => records.push(record) });
  return records;
}

function verdictsOf({ promises: { linearizable, regular } }: HistoryCheck): string {
  const said = (tally: typeof regular): string => `${tally.yes} yes ${tally.no} no ${tally.unknown} unknown`;
  return `linearizable ${said(linearizable)}, regular ${said(regular)}`;
}

/** Every witness, checked as a history of its own, is still a violation. */
function holdByThemselves(checked: HistoryCheck, records: readonly OperationRecord[]): void {
  for (const promise of ["linearizable", "regular"] as const) {
    for (const { witness } of checked.promises[promise].violations) {
      const ids = new Set(witness.operations.map(({ id }) => id));
      const few = records.filter(({ id }) => ids.has(id));
      assert(few.length <= 6, describeHistoryCheck(checked));
      assert.equal(checkRegister(few)[promise].verdict, "no");
    }
  }
}

describe("a store that is", () => {
  it("one copy is linearizable, with deletes and writes that timed out and happened all the same", () => {
    const records = run((world, random) => new OneCopy(world, random, 5000), true);
    assert(records.filter(({ writeId, outcome }) => writeId !== 0 && outcome === "timeout").length > 50);
    assert(
      records.filter(({ versions, kind, outcome }) => kind === "read" && outcome === "ok" && versions.length === 0)
        .length > 50,
    );
    const checked = checkHistory(records);
    assert.equal(verdictsOf(checked), "linearizable 3 yes 0 no 0 unknown, regular 3 yes 0 no 0 unknown");
    assert(checked.operations.checked > 3000);
  });

  it("one copy behind a stale cache is caught, also where deletes make it a search", () => {
    const records = run((world, random) => {
      const store = new OneCopy(world, random);
      store.cacheMicros = 30_000;
      return store;
    }, true);
    const checked = checkHistory(records);
    assert.equal(verdictsOf(checked), "linearizable 0 yes 3 no 0 unknown, regular 0 yes 3 no 0 unknown");
    holdByThemselves(checked, records);
  });

  it("three copies under overlapping quorums is regular, and with a witness not linearizable", () => {
    const records = run((world, random) => new Quorums(world, random, 2, 2));
    const checked = checkHistory(records);
    const { linearizable, regular } = checked.promises;
    assert.deepEqual([regular.yes, linearizable.unknown], [3, 0]);
    assert(linearizable.no > 0, describeHistoryCheck(checked));
    holdByThemselves(checked, records);
  });

  it("three copies under partial quorums is not even regular", () => {
    const records = run((world, random) => new Quorums(world, random, 1, 1));
    const checked = checkHistory(records);
    assert.equal(verdictsOf(checked), "linearizable 0 yes 3 no 0 unknown, regular 0 yes 3 no 0 unknown");
    holdByThemselves(checked, records);
  });
});
