/**
 * Named clients that do exactly what a script says, one step after the other: for arguments in which it matters who wrote
 * after having read what. Repetitions are walked, not written out, so a script costs what it is written as. Nothing is
 * drawn: a script is the same under every seed, and what differs between two runs of it is the store.
 */
import { assert } from "../../engine/vocabulary/assert";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import { octetsFromText, type Octets } from "../../engine/vocabulary/octets";
import { clientsOf, stepCount, type ScriptStep } from "../../engine/vocabulary/written-scripts";
import type { DrawnOperation, OperationKind, Workload } from "../operation";
import type { WorkloadSettings } from "../settings";
import type { MixStrategy } from "./mix";

export const scripted: MixStrategy = {
  name: "scripted",
  prose:
    "The steps of workload.script, each begun when the one before was answered, whatever that answer was. It begins with the measured phase and runs once.",
  create(settings) {
    assert(settings.mixture?.name === "scripted", "a scripted workload has a script");
    return new ScriptedWorkload(settings, settings.mixture.steps);
  },
};

/** Where the walk is in one list of steps, and how often the list is still to be done. */
interface Level {
  readonly steps: readonly ScriptStep[];
  at: number;
  times: number;
}

class ScriptedWorkload implements Workload {
  readonly name: string;
  readonly loadCount = 0;
  readonly hottestKeyShare: number;
  readonly notes: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly type: Octets;
  private readonly bucket: Octets;
  private readonly levels: Level[];
  private left: number;
  private writes = 0;

  constructor(settings: WorkloadSettings, steps: readonly ScriptStep[]) {
    this.name = settings.name;
    this.notes = settings.notes;
    const names = clientsOf(steps);
    assert(names.length >= 1, "a script has a client");
    assert(names.length <= settings.load.clients, "every client of a script has a session");
    this.numbers = new Map(names.map((name, i) => [name, i]));
    this.type = octetsFromText(settings.bucketType);
    this.bucket = octetsFromText(settings.bucket);
    this.levels = [{ steps, at: 0, times: 1 }];
    this.left = stepCount(steps);
    this.hottestKeyShare = hottestShare(steps);
  }

  loadOperation(): DrawnOperation {
    throw new Error("a script loads nothing");
  }

  over(): boolean {
    return this.upcoming() === undefined;
  }

  stepsLeft(): number {
    return this.left;
  }

  /** Waits that come next, added up. */
  pause(): Micros {
    let ms = 0;
    for (let step = this.upcoming(); step?.kind === "wait"; step = this.upcoming()) {
      ms += step.ms;
      this.done();
    }
    return fromMs(ms);
  }

  next(): DrawnOperation {
    const step = this.upcoming();
    assert(step?.kind === "ask", "a script is asked for a step when it has one, after its pause");
    this.done();
    const { client, verb } = step;
    const write = verb === "put" || verb === "blind-put";
    return {
      kind: KINDS[verb],
      key: { type: this.type, bucket: this.bucket, key: octetsFromText(step.key) },
      value: write ? octetsFromText(`${client} ${String(++this.writes)}`) : "",
      scanLength: 0,
      blind: verb === "blind-put" || verb === "blind-delete",
      insertNumber: -1,
      client: this.numbers.get(client)!,
    };
  }

  inserted(): void {
    // Inserts nothing.
  }

  /** The next step that is no repetition; undefined at the end. */
  private upcoming(): Exclude<ScriptStep, { kind: "repeat" }> | undefined {
    for (;;) {
      const level = this.levels.at(-1);
      if (level === undefined) return undefined;
      if (level.at === level.steps.length) {
        level.at = 0;
        if (--level.times > 0) continue;
        this.levels.pop();
        continue;
      }
      const step = level.steps[level.at];
      if (step.kind !== "repeat") return step;
      // Past it before going in: when it is done the walk goes on behind it.
      level.at++;
      this.levels.push({ steps: step.steps, at: 0, times: step.times });
    }
  }

  private done(): void {
    this.levels.at(-1)!.at++;
    this.left--;
  }
}

const KINDS: Readonly<Record<Extract<ScriptStep, { kind: "ask" }>["verb"], OperationKind>> = {
  get: "read",
  put: "update",
  "blind-put": "update",
  delete: "delete",
  "blind-delete": "delete",
};

function hottestShare(steps: readonly ScriptStep[]): number {
  const counts = new Map<string, number>();
  const walk = (list: readonly ScriptStep[], times: number): void => {
    for (const step of list) {
      if (step.kind === "ask") counts.set(step.key, (counts.get(step.key) ?? 0) + times);
      else if (step.kind === "repeat") walk(step.steps, times * step.times);
    }
  };
  walk(steps, 1);
  const all = [...counts.values()];
  return Math.max(...all) / all.reduce((sum, count) => sum + count, 0);
}
