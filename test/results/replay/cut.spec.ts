/** Cutting a trace to what a page holds, and trace files from whoever wrote them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readTrace, TRACE_BOUNDS, writeTrace } from "../../../results/record/trace-file";
import type { TraceEvent } from "../../../results/record/trace";
import { cutTrace, firstAnomaly } from "../../../results/replay/cut";
import { replayModel } from "../../../results/replay/model";
import { madeUpTrace } from "./made-up-trace";

const isMessage = (event: TraceEvent): boolean => event.kind === "message";
const isHeartbeat = (event: TraceEvent): boolean => event.kind === "message" && event.what === "heartbeat";

describe("cutting a trace", () => {
  const trace = madeUpTrace();
  const messages = trace.events.filter(isMessage).length;
  const heartbeats = trace.events.filter(isHeartbeat).length;

  it("leaves a small one as it is", () => {
    const cut = cutTrace(trace);
    assert.equal(cut.trace.events.filter(isMessage).length, messages);
    assert.deepEqual([cut.droppedMessages, cut.droppedOperations, cut.droppedHeartbeats], [0, 0, 0]);
    assert.deepEqual(cut.trace.header, trace.header);
  });

  it("gives up heartbeats first, and then nothing else when that is enough", () => {
    assert.ok(heartbeats > 10);
    const cut = cutTrace(trace, { mostMessages: messages - heartbeats });
    assert.equal(cut.trace.events.filter(isHeartbeat).length, 0);
    assert.equal(cut.droppedMessages, heartbeats);
    assert.equal(cut.droppedHeartbeats, heartbeats);
    assert.equal(cut.trace.header.toMicros, trace.header.toMicros);
  });

  it("keeps a whole stretch around what matters, and counts the rest", () => {
    const focus = firstAnomaly(trace)!;
    const cut = cutTrace(trace, { mostMessages: 100, focus });
    const { header, events } = cut.trace;
    const kept = events.filter(isMessage);
    assert.ok(kept.length <= 100 && kept.length > 80, String(kept.length));
    assert.ok(header.fromMicros <= focus && focus <= header.toMicros);
    assert.equal(cut.droppedMessages, messages - kept.length);
    const sentInside = trace.events.filter(
      (event) =>
        event.kind === "message" &&
        !isHeartbeat(event) &&
        event.sentAt >= header.fromMicros &&
        event.sentAt <= header.toMicros,
    );
    const ids = new Set(kept.map((event) => (event.kind === "message" ? event.id : 0)));
    assert.ok(
      sentInside.every((event) => event.kind === "message" && ids.has(event.id)),
      "nothing is thinned",
    );
  });

  it("carries what was so before into the window", () => {
    const { fromMicros, toMicros } = trace.header;
    const from = fromMicros + Math.floor((toMicros - fromMicros) * 0.35);
    const whole = replayModel().timeline(trace);
    const part = replayModel().timeline(cutTrace(trace, { from }).trace);
    for (const { key } of part.keys) {
      const before = whole.stateAt(whole.positionAt(from - 1), key);
      const now = part.stateAt(part.first, key);
      const held = (state: typeof now): string[] =>
        state.replicas.map(({ node, versions }) => `${node}: ${versions?.join() ?? "?"}`).sort();
      assert.deepEqual(held(now), held(before));
      assert.deepEqual(
        now.faults.map(({ id }) => id),
        before.faults.map(({ id }) => id),
      );
      assert.deepEqual(now.troubled, before.troubled);
    }
    assert.ok(part.stateAt(part.first, part.keys[0].key).faults.length === 1, "the partition is in force there");
  });

  it("says nothing of keys that nobody touches", () => {
    const at = trace.header.fromMicros;
    const idle: TraceEvent = { kind: "state", at, node: "node-1", vnode: 0, key: "idle", versions: [1], clock: "" };
    const cut = cutTrace({ ...trace, events: [idle, ...trace.events] });
    assert.ok(!cut.trace.events.some((event) => event.kind === "state" && event.key === "idle"));
  });

  it("finds the first stale read or siblings, and none where there are none", () => {
    const quiet = madeUpTrace({ operations: 1, faults: false });
    assert.equal(firstAnomaly(quiet), undefined);
    const first = firstAnomaly(trace)!;
    const stale = trace.events.flatMap((event) =>
      event.kind === "operation" && event.stale === true ? [event.startedAt] : [],
    );
    assert.ok(stale.length > 0 && first <= Math.min(...stale));
  });
});

describe("a trace file", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "quorumlab-trace-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("comes back as it was written", () => {
    const trace = madeUpTrace();
    const file = join(folder, "trace.jsonl.gz");
    writeTrace(file, trace);
    assert.deepEqual(readTrace(file), trace);
  });

  function refusal(content: string | Uint8Array): string {
    const file = join(folder, "hostile.jsonl.gz");
    writeFileSync(file, typeof content === "string" ? gzipSync(content) : content);
    let told = "";
    assert.throws(
      () => readTrace(file),
      (error: Error) => {
        assert.equal(error.name, "RunNotReadable");
        told = error.message;
        return true;
      },
    );
    assert.ok(told.startsWith(`${file} is no trace that can be shown: `), told);
    assert.ok(!told.includes("\n") && told.length < file.length + 200, told);
    return told.slice(`${file} is no trace that can be shown: `.length);
  }
  const { header, events } = madeUpTrace({ operations: 2 });
  const lines = (first: unknown, ...more: readonly unknown[]): string =>
    [first, ...more].map((one) => JSON.stringify(one) + "\n").join("");
  const wrongHeader = (fields: object): string => refusal(lines({ ...header, ...fields }));
  const sent = events.find((event) => event.kind === "message" && event.fate === "delivered")!;
  const wrongMessage = (fields: object): string => refusal(lines(header, events[0], { ...sent, ...fields }));

  it("that is none is refused in one sentence", () => {
    assert.equal(refusal(new Uint8Array([1, 2, 3])), "it is not compressed with gzip, or damaged");
    assert.equal(refusal(""), "it is empty");
    assert.equal(refusal("null\n"), "line 1: header should be an object");
    assert.equal(refusal("{}\n"), "line 1: header.schema should be quorumlab/trace@1");
    assert.equal(refusal(lines(header) + "{\n"), "line 2 is no JSON");
    assert.throws(() => readTrace(join(folder, "absent")), /cannot be opened \(ENOENT\)/);
    assert.throws(() => readTrace(folder), /no regular file/);
  });

  it("is checked line by line", () => {
    assert.match(wrongHeader({ toMicros: -1 }), /^line 1: toMicros/);
    assert.match(wrongHeader({ fromMicros: 0.5 }), /^line 1: fromMicros should be a whole number/);
    assert.match(wrongHeader({ tokens: [{ at: 1, node: "x" }] }), /^line 1: tokens lie/);
    assert.match(wrongHeader({ nodes: [header.nodes[0], header.nodes[0]] }), /^line 1: two nodes/);
    assert.match(wrongMessage({ kind: "__proto__" }), /^line 3: kind should be one of message/);
    assert.match(wrongMessage({ versions: [1.5] }), /^line 3: versions should be whole numbers/);
    assert.match(wrongMessage({ arrivedAt: 1 }), /^line 3: arrivedAt should be a whole number and not before sentAt/);
    assert.match(wrongMessage({ arrivedAt: null }), /^line 3: a delivered message has arrivedAt/);
    assert.match(wrongMessage({ fate: "eaten" }), /^line 3: message.fate should be/);
    assert.match(wrongMessage({ key: "k".repeat(TRACE_BOUNDS.textLength + 1) }), /^line 3: a text is longer/);
    assert.match(wrongMessage({ versions: new Array(TRACE_BOUNDS.listLength + 1).fill(1) }), /^line 3: more than/);
  });

  it("that unpacks without end is refused before it fills the memory", () => {
    const file = join(folder, "bomb.jsonl.gz");
    writeFileSync(file, gzipSync(Buffer.alloc(1_000_001, 32)));
    assert.throws(() => readTrace(file, 1_000_000), /it unpacks to more than 1000000 bytes$/);
  });
});
