/**
 * `quorumlab replay` from a run to its page: the trial is found, run again and watched in the window that was asked for. What
 * it records is held to what the run's own record says, because a replay of another stretch, or of another trial, would
 * look as convincing as the right one.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../experiments/cli/main";
import { loadRun, resolveRun } from "../../results/record/reader";
import type { TraceEvent } from "../../results/record/trace";
import { readTrace, type StoredTrace } from "../../results/record/trace-file";
import { recordingIo } from "./recording-io";

/** In memory, so that who is killed comes back empty; the preload takes its time before the warm-up begins. */
const FILE = `schema: quorumlab/experiment@1
name: hurt
title: A small cluster that is hurt
world: simulation
seed: 7
cluster: {nodes: 5}
network: {intra_zone: {dist: exponential, mean: 3ms}, client: 1ms}
tunables: {timeout: {read: 50ms, write: 50ms}, w: 1}
workload: {model: open, rate: 500/s, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 20}, value_size: 20B, context: none}
phases: {warmup: 100ms, measure: 400ms, drain: 100ms}
measure: {interval: 100ms, raw: {history: all}}
faults:
  - {id: split, kind: partition, at: 150ms, for: 50ms, groups: [[node-1, node-2], [node-3, node-4, node-5]]}
  - {id: crash, kind: kill, node: node-3, at: 250ms, for: 100ms}
sweep: {axes: {r: [1, 2]}}
repetitions: {count: 2}
`;

type Of<K extends TraceEvent["kind"]> = Extract<TraceEvent, { readonly kind: K }>;

describe("quorumlab replay", function () {
  this.timeout(60_000);
  let root: string;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "quorumlab-replay-"));
    writeFileSync(join(root, "hurt.yaml"), FILE);
    const io = recordingIo(root);
    assert.equal(await main(["run", join(root, "hurt.yaml"), "-o", root, "-j", "1"], io), 0, io.err());
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const replay = async (...flags: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const io = recordingIo(root);
    const code = await main(["replay", ...flags, "-o", root], io);
    return { code, out: io.out(), err: io.err() };
  };
  /** The trace that a replay with these flags was made from. */
  const traced = async (...flags: readonly string[]): Promise<StoredTrace> => {
    const file = join(root, "kept.jsonl.gz");
    const { code, err } = await replay("latest", ...flags, "--trace", file);
    assert.equal(code, 0, err);
    return readTrace(file);
  };
  const of = <K extends TraceEvent["kind"]>({ events }: StoredTrace, kind: K): readonly Of<K>[] =>
    events.filter((event): event is Of<K> => event.kind === kind);

  it("writes a page of the trial and the window that were named", async () => {
    const { code, out, err } = await replay("latest", "--trial", "r2:2", "--from", "150ms", "--to", "300ms", "--json");
    assert.equal(code, 0, err);
    const told = JSON.parse(out) as Readonly<Record<string, unknown>>;
    const { trials } = loadRun(resolveRun("@latest", { root }));
    const wanted = trials.find(({ record }) => record.cell === "r2" && record.repetition === 2)!.record;
    assert.deepEqual(
      [told.schema, told.trial, told.cell, told.from_s, told.to_s, told.dropped],
      ["quorumlab/replay@1", wanted.id, "r2", 0.15, 0.3, 0],
    );
    const page = join(root, told.page as string);
    assert.ok(existsSync(page), page);
    assert.ok(readFileSync(page, "utf8").includes(wanted.id));
  });

  it("watches from the start of the warm-up on, as the run counts, and not from the start of the preload", async () => {
    const trace = await traced("--trial", "r1:1", "--from", "0ms", "--to", "600ms");
    const { warmupMicros, fromMicros, toMicros, tokens } = trace.header;
    assert.ok(warmupMicros > 0, "there was a preload");
    assert.deepEqual([fromMicros - warmupMicros, toMicros - warmupMicros], [0, 600_000]);
    assert.ok(tokens.every(({ at }) => at >= 0 && at < 1));
    for (const { sentAt } of of(trace, "message")) assert.ok(sentAt >= fromMicros && sentAt <= toMicros);
    assert.deepEqual(
      of(trace, "fault").map(({ at, id, phase, what }) => [(at - warmupMicros) / 1_000, phase, id, what]),
      [
        [150, "begin", "split", "partition node-1, node-2 | node-3, node-4, node-5"],
        [200, "end", "split", "partition node-1, node-2 | node-3, node-4, node-5"],
        [250, "begin", "crash", "kill node-3"],
        [350, "end", "crash", "kill node-3"],
      ],
    );
    const { trials } = loadRun(resolveRun("@latest", { root }));
    const { figures } = trials.find(({ record }) => record.cell === "r1" && record.repetition === 1)!;
    const measured = of(trace, "operation").filter(
      ({ startedAt, operation, stale }) =>
        operation === "read" &&
        stale !== undefined &&
        startedAt >= warmupMicros + 100_000 &&
        startedAt < warmupMicros + 500_000,
    );
    const stale = measured.filter((one) => one.stale === true).length;
    assert.ok(stale > 0);
    assert.deepEqual([stale, measured.length], [figures!.stale.hits, figures!.stale.total], "judged as the run was");
  });

  it("knows of each message which key it is about, of replies too", async () => {
    const trace = await traced("--trial", "r2:1", "--from", "0ms", "--to", "600ms");
    const messages = of(trace, "message");
    const kinds = new Set(messages.map(({ what }) => what));
    for (const kind of ["get", "put", "answer", "replica-get", "replica-get-reply", "replica-put", "replica-put-reply"])
      assert.ok(kinds.has(kind), kind);
    assert.deepEqual(
      messages.filter(({ key }) => key === "").map(({ what }) => what),
      [],
    );
    const known = new Set(of(trace, "operation").map(({ key }) => key));
    assert.ok(messages.every(({ key }) => known.has(key)));
  });

  it("knows what replicas held when the window opens, and that a killed one comes back with nothing", async () => {
    const trace = await traced("--trial", "r2:1", "--from", "300ms", "--to", "400ms");
    const { fromMicros, warmupMicros } = trace.header;
    const states = of(trace, "state");
    const touched = new Set(of(trace, "operation").map(({ key }) => key));
    for (const { key, replicas } of of(trace, "operation"))
      for (const replica of replicas)
        assert.ok(
          states.some(({ at, node, key: held }) => at < fromMicros && node === replica && held === key),
          `${replica} of ${key}`,
        );
    assert.ok(touched.size > 0);
    const back = states.filter(({ at, node }) => node === "node-3" && at === warmupMicros + 350_000);
    assert.ok(back.length > 0, "its replicas are told anew");
    assert.ok(back.every(({ versions, clock }) => versions.length === 0 && clock === ""));
    assert.ok(states.filter(({ node }) => node !== "node-3").every(({ versions }) => versions.length > 0));
  });

  it("looks for the first stale read when no window is named", async () => {
    const trace = await traced("--trial", "r1:1");
    const { fromMicros, toMicros } = trace.header;
    const within = of(trace, "operation").filter(
      ({ stale, startedAt }) => stale === true && startedAt >= fromMicros && startedAt <= toMicros,
    );
    assert.ok(within.length > 0);
  });

  it("shows a trace that was kept again", async () => {
    const file = join(root, "again.jsonl.gz");
    const first = await replay(
      "latest",
      "--trial",
      "r2:1",
      "--from",
      "200ms",
      "--to",
      "220ms",
      "--trace",
      file,
      "--json",
    );
    assert.equal(first.code, 0, first.err);
    const page = join(root, "again.html");
    const { code, out, err } = await replay(file, "--page", page, "--json");
    assert.equal(code, 0, err);
    const essence = (text: string): unknown => {
      const { trial, from_s, to_s, messages } = JSON.parse(text) as Readonly<Record<string, unknown>>;
      return { trial, from_s, to_s, messages };
    };
    assert.deepEqual(essence(out), essence(first.out));
    assert.ok(existsSync(page));
  });

  for (const [flags, told] of [
    [
      ["--from", "2s"],
      /^error: --from 2s is after the end of the trial, which lasts 600ms from the start of its warm-up\n/,
    ],
    [["--from", "300ms", "--to", "200ms"], /^error: --to 200ms is not after --from 300ms; a window has a length\n/],
    [["--from", "3"], /^error: .*write a time with its unit, such as 58s or 200ms\n/],
    [["--cell", "r3"], /^error: this run has no cell "r3"; did you mean r[12]\?\n/],
    [["--trial", "r1:7"], /^error: r1 has no repetition 7; it has 1, 2\n/],
    [["--trial", "zz"], /^error: this run has no trial "zz"; name one as r[12]:1, or by its id such as [0-9a-f]{12}\n/],
  ] as const)
    it(`says what is wrong with ${flags.join(" ")}`, async () => {
      const { code, err, out } = await replay("latest", ...flags);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err.replace(/^running .*\n/, ""), told);
    });

  it("says what a file lacks that is no trace", async () => {
    const { code, err } = await replay(join(root, "hurt.yaml"));
    assert.equal(code, 2);
    assert.match(
      err,
      /^error: .*hurt\.yaml is no trace that can be shown: it is not compressed with gzip, or damaged\n/,
    );
  });
});
