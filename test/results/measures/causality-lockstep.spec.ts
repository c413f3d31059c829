/**
 * The measure of causality beside its dumb twin, on histories that no store would leave (random versions, random ends) and on those
 * of small simulated stores, one that is right and some that err in a known way. With all room every figure is equal; with hardly any,
 * what differs is undecided.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CausalityMeasure, type CausalityBounds } from "../../../results/measures/causality";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import type { Findings } from "../../../results/measures/measure";
import type { AnomalyKind } from "../../../results/record/figures";
import type { OperationRecord, Snapshot } from "../../../results/record/history";
import { Random } from "../../../engine/vocabulary/random";
import { causalTruth, type Truth } from "./causality-oracle";
import { get, inOrderOfCompletion, PHASES, put } from "./histories";

function measured(history: readonly OperationRecord[], final: Snapshot, bounds?: CausalityBounds): Findings {
  const grid = new IntervalGrid(100);
  grid.begin(PHASES);
  const measure = new CausalityMeasure({ grid }, bounds);
  for (const operation of history) measure.operation(operation);
  measure.snapshot(final);
  return measure.finish();
}

function anomaly({ figures }: Findings, kind: AnomalyKind) {
  return figures!.causality!.anomalies.find((one) => one.kind === kind)!;
}

/** [count, judged] of everything, in one order. */
function figuresOf(findings: Findings): Record<string, readonly number[]> {
  const of = (kind: AnomalyKind): number[] => {
    const { count, outOf } = anomaly(findings, kind);
    return [count, outOf];
  };
  const metric = (name: string): number[] => {
    const { value, n } = findings.metrics![name];
    return [value ?? 0, n];
  };
  return {
    lost: of("lost-update"),
    missed: of("missed-conflict"),
    dominated: of("false-dominance"),
    conflicts: of("false-conflict"),
    pairs: metric("false_conflicts"),
    resurrected: of("resurrected-delete"),
    wentBack: metric("non_monotonic_reads"),
    missedOwn: metric("read_your_writes_misses"),
  };
}

function expected(truth: Truth): Record<string, readonly number[]> {
  const judged = truth.acknowledged - truth.undecided.length;
  return {
    lost: [truth.lost.length, judged],
    missed: [truth.missed.length, judged],
    dominated: [truth.dominated.length, judged],
    conflicts: [truth.readsWithFalsePairs, truth.readsWithVersions],
    pairs: [truth.falsePairs, truth.readsWithVersions],
    resurrected: [truth.resurrected, truth.readsOfDeleted],
    wentBack: [truth.wentBack, truth.judgedForGoingBack],
    missedOwn: [truth.missedOwn, truth.judgedForOwn],
  };
}

interface Drawn {
  readonly history: OperationRecord[];
  readonly final: Snapshot;
}

/** A write has seen only what began before it, a read returns only what began before it ended; nothing else is sane about them. */
const histories = (size: { writes: number; reads: number }) =>
  fc
    .record({
      writes: fc.array(
        fc.record({
          start: fc.integer({ min: 0, max: 300 }),
          lasts: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })),
          fate: fc.constantFrom("ok", "ok", "ok", "ok", "timeout", "unavailable"),
          kind: fc.constantFrom("update", "update", "update", "delete"),
          key: fc.constantFrom("k", "k", "k", "l"),
          session: fc.integer({ min: 1, max: 3 }),
          seen: fc.array(fc.nat(1_000), { maxLength: 3 }),
        }),
        { maxLength: size.writes, size: "max" },
      ),
      reads: fc.array(
        fc.record({
          start: fc.integer({ min: 0, max: 400 }),
          lasts: fc.integer({ min: 1, max: 30 }),
          key: fc.constantFrom("k", "k", "k", "l"),
          session: fc.integer({ min: 1, max: 3 }),
          phase: fc.constantFrom("warmup", "measure", "measure", "measure"),
          versions: fc.array(fc.nat(1_000), { maxLength: 4 }),
        }),
        { maxLength: size.reads, size: "max" },
      ),
      end: fc.array(fc.oneof({ weight: 12, arbitrary: fc.array(fc.nat(1_000), { maxLength: 2 }) }, fc.constant(null)), {
        minLength: 2,
        maxLength: 6,
      }),
    })
    .map(({ writes, reads, end }): Drawn => {
      const made: OperationRecord[] = [];
      for (const [i, write] of writes.sort((a, b) => a.start - b.start).entries()) {
        const older = made.filter(
          ({ key, start, outcome }) => key === write.key && start < write.start && outcome !== "unavailable",
        );
        const seen = older.length === 0 ? [] : write.seen.map((n) => older.at(-1 - (n % Math.min(5, older.length)))!);
        const { kind, fate: outcome, key, session } = write;
        const ids = [...new Set(seen.map(({ writeId }) => writeId))];
        made.push(
          put(i + 1, write.start, write.start + write.lasts, { id: i, kind, outcome, key, session, seen: ids }),
        );
      }
      const asked = reads.map(({ start, lasts, key, session, phase, versions }, i) => {
        const known = made
          .filter((one) => one.key === key && one.start < start + lasts && one.outcome !== "unavailable")
          .reverse();
        const ids = known.length === 0 ? [] : versions.map((n) => known[n % Math.min(8, known.length)].writeId);
        return get([...new Set(ids)], start, start + lasts, { id: 1_000 + i, key, session, phase });
      });
      const keys = ["k", "l"].map((key, which) => {
        const all = made.filter((one) => one.key === key && one.outcome !== "unavailable");
        const replicas = end
          .filter((_, i) => i % 2 === which)
          .map((ids) => {
            if (ids === null) return "unreachable" as const;
            return all.length === 0 ? [] : ids.map((n) => all[all.length - 1 - (n % Math.min(8, all.length))].writeId);
          });
        return { key, busy: false, replicas };
      });
      const final = { at: 2_000_000, tookMicros: 1, final: true, population: 2, keys };
      return { history: inOrderOfCompletion([...made, ...asked]), final };
    });

describe("the measure of causality beside sets of write ids", () => {
  it("comes to the same figures on any history", () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(histories({ writes: 25, reads: 15 }), ({ history, final }) => {
        const truth = expected(causalTruth(history, final));
        assert.deepEqual(figuresOf(measured(history, final)), truth);
        for (const [name, [count]] of Object.entries(truth)) seen[name] = (seen[name] ?? 0) + count;
      }),
      { numRuns: 1_500, seed: 20_261_125 },
    );
    for (const [name, count] of Object.entries(seen)) assert.ok(count > 20, `${name}: only ${count}`);
  });

  it("with hardly any room says nothing wrong: every difference is undecided", () => {
    let [differ, equal] = [0, 0];
    fc.assert(
      fc.property(histories({ writes: 60, reads: 20 }), ({ history, final }) => {
        const truth = expected(causalTruth(history, final));
        const findings = measured(history, final, { writesHeld: 0, uncovered: 16 });
        const found = figuresOf(findings);
        for (const [name, kind] of [
          ["lost", "lost-update"],
          ["missed", "missed-conflict"],
          ["dominated", "false-dominance"],
          ["conflicts", "false-conflict"],
          ["resurrected", "resurrected-delete"],
        ] as const) {
          const { count, undecided } = anomaly(findings, kind);
          assert.ok(count <= truth[name][0], `${name}: ${count} of ${truth[name][0]}`);
          assert.ok(count + undecided >= truth[name][0], `${name}: ${count} and ${undecided} of ${truth[name][0]}`);
          if (count === truth[name][0]) equal++;
          else differ++;
        }
        const { value, hi } = findings.metrics!["false_conflicts"];
        if (value !== null) assert.ok(value <= truth["pairs"][0] && hi! >= truth["pairs"][0]);
        for (const name of ["wentBack", "missedOwn"])
          assert.ok(
            found[name][0] <= truth[name][0] && truth[name][0] - found[name][0] <= truth[name][1] - found[name][1],
            name,
          );
      }),
      { numRuns: 1_000, seed: 20_261_126 },
    );
    assert.ok(equal > 2_000 && differ > 100, `${equal} equal, ${differ} not`);
  });
});

/** What a store does with a write at a replica, and with another replica's versions. `true`: `b` replaces `a`. */
type Replaces = (a: StoredVersion, b: StoredVersion) => boolean;

interface StoredVersion {
  readonly id: number;
  readonly past: ReadonlySet<number>;
  /** Wall time of whoever coordinated it. */
  readonly stamp: number;
  readonly context: ReadonlySet<number>;
}

const STORES: Readonly<Record<string, { readonly replaces: Replaces; readonly errs: readonly string[] }>> = {
  exact: { replaces: (a, b) => b.past.has(a.id), errs: [] },
  // Only a version that was read directly gives way: what that had replaced, and comes again from another replica, stays.
  forgetful: { replaces: (a, b) => b.context.has(a.id), errs: ["conflicts", "pairs"] },
  "last write": {
    replaces: (a, b) => b.stamp > a.stamp || (b.stamp === a.stamp && b.id > a.id),
    errs: ["lost", "missed"],
  },
  "skewed last write": {
    replaces: (a, b) => b.stamp > a.stamp || (b.stamp === a.stamp && b.id > a.id),
    errs: ["lost", "missed", "dominated"],
  },
};

/** Three replicas, one key; a write goes to one at once and to the others later or never, a read asks one or all. */
function simulate(name: string, seed: number): Drawn {
  const { replaces } = STORES[name];
  const random = Random.fromSeed(`${name}/${String(seed)}`);
  const replicas: StoredVersion[][] = [[], [], []];
  const later: { at: number; replica: number; versions: StoredVersion[] }[] = [];
  const take = (replica: number, versions: readonly StoredVersion[]): void => {
    const all = [...new Map([...replicas[replica], ...versions].map((one) => [one.id, one])).values()];
    replicas[replica] = all.filter((a) => !all.some((b) => a !== b && replaces(a, b)));
  };
  const sessions = [1, 2, 3].map(() => [] as StoredVersion[]);
  const history: OperationRecord[] = [];
  const skew = [0, 0, 0].map(() => (name === "skewed last write" ? random.nextBelow(400) : 0));
  let id = 0;
  for (let at = 0; at < 2_000; at += 5 + random.nextBelow(20)) {
    for (const due of later.filter((one) => one.at <= at)) take(due.replica, due.versions);
    later.splice(0, later.length, ...later.filter((one) => one.at > at));
    const who = random.nextBelow(3);
    const replica = random.nextBelow(3);
    const session = who + 1;
    const end = at + 3;
    if (random.nextBelow(2) === 0) {
      const asked = random.nextBelow(2) === 0 ? [replica] : [0, 1, 2];
      const all = [...new Map(asked.flatMap((r) => replicas[r].map((one) => [one.id, one] as const))).values()];
      const versions = all.filter((a) => !all.some((b) => a !== b && replaces(a, b)));
      sessions[who] = versions;
      history.push(
        get(
          versions.map((one) => one.id),
          at,
          end,
          { id: history.length, session },
        ),
      );
    } else {
      const context = new Set(sessions[who].map((one) => one.id));
      const past = new Set(sessions[who].flatMap((one) => [one.id, ...one.past]));
      const version = { id: ++id, past, context, stamp: at + skew[replica] };
      take(replica, [version]);
      for (const other of [0, 1, 2]) {
        if (other !== replica && random.nextBelow(5) > 0)
          later.push({ at: at + random.nextBelow(60), replica: other, versions: [version] });
      }
      history.push(put(id, at, end, { id: history.length, session, seen: [...context] }));
    }
  }
  for (const due of later) take(due.replica, due.versions);
  const keys = [{ key: "k", busy: false, replicas: replicas.map((versions) => versions.map((one) => one.id)) }];
  return { history, final: { at: 2_000_000, tookMicros: 1, final: true, population: 1, keys } };
}

describe("the measure of causality on small simulated stores", () => {
  for (const [name, { errs }] of Object.entries(STORES)) {
    it(`finds in a store that is "${name}" ${errs.length === 0 ? "no error of the clock" : errs.join(", ")} and nothing else, as its twin does`, () => {
      const totals: Record<string, number> = {};
      for (let seed = 0; seed < 60; seed++) {
        const { history, final } = simulate(name, seed);
        const found = figuresOf(measured(history, final));
        assert.deepEqual(found, expected(causalTruth(history, final)), `seed ${String(seed)}`);
        for (const [what, [count]] of Object.entries(found)) totals[what] = (totals[what] ?? 0) + count;
      }
      for (const what of ["lost", "missed", "dominated", "conflicts", "pairs"])
        assert.equal(totals[what] > 0, errs.includes(what), `${what}: ${totals[what]}`);
      assert.ok(totals["wentBack"] > 0 && totals["missedOwn"] > 0, "with R = 1 sessions see time go back");
    });
  }
});
