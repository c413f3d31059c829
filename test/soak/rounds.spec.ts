/**
 * The soak's rounds in virtual time: on the engine as it is they keep every promise, whatever the seed draws; with a bug
 * planted in its nodes the promise that it breaks is seen to be broken. Only bugs that clients can come to know are
 * planted here: a copy fewer than was acknowledged is no loss while another is left, and is the swarm's to find, which
 * looks into the books of replicas (`test/simulation/`).
 */
import { strict as assert } from "node:assert";
import { Effects, type Input } from "../../engine/io";
import { Node } from "../../engine/node";
import type { NodeFactory, RunningNode } from "../../engine/sim/machine";
import type { Micros } from "../../engine/vocabulary/micros";
import { Books } from "../process/durability";
import { REPAIR_PLANTS } from "../simulation/plants";
import type { Plant } from "../simulation/swarm-run";
import { figures, type Outcome, play } from "./rounds";
import { drawRound, type Soaked } from "./scenario";
import { simulatedField } from "./simulated";

const LOAD = { sessions: 8, thinkMs: 25, convergenceMs: 6_000 };
const SOUND: NodeFactory = (options, now) => new Node(options, now);

/** Rounds from the first on, up to one with a breach. */
async function soak(seed: number, rounds: number, plant?: Plant, syncMs?: number): Promise<readonly Outcome[]> {
  const soaked: Soaked = { seed, storage: "lmdb", wipe: false };
  const field = simulatedField(soaked, plant?.(SOUND) ?? SOUND, syncMs);
  const books = new Books();
  const outcomes: Outcome[] = [];
  for (let n = 1; n <= rounds; n++) {
    const outcome = await play(field, books, { soaked, load: LOAD }, drawRound(soaked, field.world.settings, n));
    outcomes.push(outcome);
    if (outcome.breaches.length > 0) break;
  }
  return outcomes;
}

/** The node hears that a copy is stored when it has only been handed over. */
class EagerDisk implements RunningNode {
  private readonly mine = new Effects();
  private readonly told = new Set<number>();
  private now: Micros = 0;

  constructor(private readonly inner: RunningNode) {}

  step(now: Micros, input: Input): void {
    this.now = now;
    if (input.kind === "stored" && this.told.delete(input.token)) return;
    this.inner.step(now, input);
  }

  takeEffects(): Effects {
    this.mine.clear();
    for (let handed = this.take(); handed.length > 0; handed = this.take()) {
      for (const token of handed) {
        this.told.add(token);
        this.inner.step(this.now, { kind: "stored", token });
      }
    }
    return this.mine;
  }

  nextWakeup(): Micros | undefined {
    return this.inner.nextWakeup();
  }

  count(): ReturnType<RunningNode["count"]> {
    return this.inner.count();
  }

  /** Passes effects on; tokens of stores among them. */
  private take(): readonly number[] {
    const effects = this.inner.takeEffects();
    const stores: number[] = [];
    for (let i = 0; i < effects.count; i++) {
      const effect = effects.at(i);
      this.mine.push(effect);
      if (effect.kind === "store") stores.push(effect.token);
    }
    return stores;
  }
}

const eagerDisks: Plant = (create) => (options, now) => new EagerDisk(create(options, now));
const onlyTheRoot = REPAIR_PLANTS.get("an exchange that compares the root alone")!.plant;

describe("a soak in virtual time", function () {
  this.timeout(60_000);

  it("keeps every promise, is the same twice, and adds up by kind of fault", async () => {
    const outcomes = await soak(1, 3);
    assert.deepEqual(
      outcomes.flatMap(({ breaches }) => breaches),
      [],
    );
    assert.ok(outcomes.every(({ acknowledged, convergedMs }) => acknowledged > 500 && convergedMs !== undefined));
    assert.deepEqual(await soak(1, 1), outcomes.slice(0, 1));
    const rows = figures("simulation", outcomes);
    assert.deepEqual(
      rows.map(([label]) => label),
      ["fault", "kill", "power", "several", "all"],
    );
    const operations = rows.slice(1).map((row) => Number(row[3]));
    const all = operations.pop();
    assert.equal(
      operations.reduce((a, b) => a + b),
      all,
    );
  });

  for (const { name, plant, what } of [
    { name: "acknowledged as stored when it was only handed over", plant: eagerDisks, what: "lost" },
    { name: "an exchange that compares the root alone", plant: onlyTheRoot, what: "did not converge" },
  ] as const) {
    it(`sees a planted bug within three seeds: ${name} (long)`, async () => {
      const found = new Set<string>();
      for (let seed = 1; seed <= 3 && !found.has(what); seed++) {
        // Slow disks: what they lose in a power failure is a matter of milliseconds.
        for (const { breaches } of await soak(seed, 1, plant, 5)) for (const breach of breaches) found.add(breach.what);
        assert.deepEqual((await soak(seed, 1, undefined, 5))[0].breaches, [], "without it all is well");
      }
      assert.ok(found.has(what), [...found].join(", ") || "nothing was found");
    });
  }
});
