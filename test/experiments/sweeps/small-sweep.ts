/** A sweep that takes a second, and the command line on it in this process: what the tests of reuse and resumption carry out. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../../../experiments/cli/io";
import { main } from "../../../experiments/cli/main";
import { runExperiment } from "../../../experiments/runner";
import type { ProgressEvent, RunExperiment } from "../../../experiments/run-types";
import { type JournalEntry, readJournal } from "../../../results/record/journal";

export const SWEEP = `
schema: quorumlab/experiment@1
name: sweep
title: A small sweep
world: simulation
seed: 5
cluster: {nodes: 5}
network: {intra_zone: {dist: exponential, mean: 3ms}, client: 1ms}
tunables: {n_val: 3, w: 1, sloppy_quorum: false, stand_in: none}
workload: {model: closed, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 20, popularity: uniform}, value_size: 20B}
phases: {warmup: 20ms, measure: 200ms, drain: 50ms}
measure: {interval: 50ms}
sweep: {axes: {r: [1, 2, 3]}, baseline: {r: 1}}
repetitions: {count: 2}
`;

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own with `sweep.yaml` in it. */
export class Workplace {
  readonly cwd = mkdtempSync(join(tmpdir(), "quorumlab-sweep-"));
  readonly runs = join(this.cwd, "results", "runs");

  constructor(text = SWEEP) {
    this.file(text);
  }

  file(text: string): void {
    writeFileSync(join(this.cwd, "sweep.yaml"), text);
  }

  /** `watch` may interrupt, as Ctrl-C does, and throw, as a crash of the program would. */
  async type(
    line: string,
    watch: (event: ProgressEvent, interrupt: () => void) => void = () => undefined,
  ): Promise<Said> {
    let out = "";
    let err = "";
    const handlers = new Set<() => void>();
    const sink = (write: (text: string) => void) => ({ write, isTTY: false, columns: undefined });
    const io: Io = {
      stdout: sink((text) => (out += text)),
      stderr: sink((text) => (err += text)),
      env: { COLUMNS: "200" },
      cwd: this.cwd,
      onInterrupt: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      exitNow: () => assert.fail("nothing here ends at once"),
    };
    const interrupt = (): void => handlers.forEach((handler) => handler());
    const runner: RunExperiment = (experiment, options) =>
      runExperiment(experiment, {
        ...options,
        jobs: options.jobs ?? 1,
        progress: (event) => {
          options.progress(event);
          watch(event, interrupt);
        },
      });
    const code = await main(line.split(" "), io, () => runner);
    return { code, out, err };
  }

  /** Folders of the experiment's runs, oldest first. */
  folders(experiment = "sweep"): readonly string[] {
    const folder = join(this.runs, experiment);
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "trials")
      .map(({ name }) => join(folder, name))
      .sort();
  }

  trials(experiment = "sweep"): string {
    return join(this.runs, experiment, "trials");
  }
}

export function journalOf(run: string): readonly JournalEntry[] {
  return readJournal(join(run, "journal.jsonl"));
}

export function summaryFiles(run: string): ReadonlyMap<string, string> {
  const folder = join(run, "summaries");
  const names = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  assert.ok(names.length >= 4, names.join());
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Every planned trial once in the journal with an end that stands, in the list of trials and in the table of trials; nothing half written anywhere. */
export function assertAccountedFor(run: string, planned: number): void {
  const plan = readFileSync(join(run, "plan.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { trial: string }).trial);
  assert.equal(plan.length, planned);
  const entries = journalOf(run);
  for (const trial of plan) {
    const own = entries.filter((entry) => entry.trial === trial && entry.event !== "started");
    assert.equal(own.length, 1, `${trial}: ${JSON.stringify(own)}`);
  }
  const ids = readFileSync(join(run, "trials.txt"), "utf8").trim().split("\n");
  assert.deepEqual(ids, plan);
  const rows = readFileSync(join(run, "summaries", "trials.csv"), "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1);
  assert.deepEqual(
    rows.map((row) => row.split(",")[0]),
    plan,
  );
  assert.deepEqual(halfWritten(join(run, "..", "..")), []);
}

/** Names that open with a dot, below a folder of runs. */
export function halfWritten(root: string): readonly string[] {
  return (readdirSync(root, { recursive: true }) as string[]).filter((name) => /(^|\/)\./.test(name));
}
