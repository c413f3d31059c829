/**
 * Trace events against the rules of the format's documentation, because no Perfetto is at hand: every begin has its end,
 * slices of one track do not overlap, arrows begin and end inside slices, every process that is used has a name.
 */
import assert from "node:assert/strict";
import { traceEventPieces } from "../../../results/export/trace-events";
import type { TraceEvent } from "../../../results/record/trace";
import { madeUpTrace } from "../replay/made-up-trace";

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly id: string | number;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly bp?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

function eventsOf(trace: ReturnType<typeof madeUpTrace>): Event[] {
  const text = [...traceEventPieces(trace)].join("");
  return (JSON.parse(text) as { traceEvents: Event[] }).traceEvents;
}

describe("trace events", () => {
  const made = madeUpTrace({ operations: 80, names: (i) => (i === 0 ? 'node "α"\n' : `node-${i + 1}`) });
  const events = eventsOf(made);
  const of = (...phases: string[]): Event[] => events.filter(({ ph }) => phases.includes(ph));
  const recorded = <K extends TraceEvent["kind"]>(kind: K): Extract<TraceEvent, { kind: K }>[] =>
    made.events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind);

  it("uses phases of the format, with times in microseconds", () => {
    for (const event of events) {
      assert.match(event.ph, /^[MXbesfi]$/);
      assert.ok(Number.isSafeInteger(event.pid) && Number.isSafeInteger(event.tid) && event.name.length > 0);
      if (event.ph !== "M") assert.ok(Number.isFinite(event.ts) && event.ts >= 0, JSON.stringify(event));
    }
  });

  it("names every process and every client's track", () => {
    const named = new Set(
      of("M")
        .filter(({ name }) => name === "process_name")
        .map(({ pid }) => pid),
    );
    const tracks = new Set(
      of("M")
        .filter(({ name }) => name === "thread_name")
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    assert.equal(named.size, made.header.nodes.length + 2);
    for (const event of events) {
      assert.ok(named.has(event.pid), JSON.stringify(event));
      if (event.ph === "X") assert.ok(tracks.has(`${event.pid} ${event.tid}`), JSON.stringify(event));
    }
  });

  it("ends every asynchronous slice that it begins, once and not before", () => {
    const open = new Map<string, number>();
    let pairs = 0;
    for (const { ph, cat, id, ts } of of("b", "e").sort((a, b) => a.ts - b.ts || (a.ph < b.ph ? -1 : 1))) {
      const key = `${cat} ${id}`;
      if (ph === "b") {
        assert.ok(!open.has(key), `${key} begins twice`);
        open.set(key, ts);
      } else {
        assert.ok(open.has(key), `${key} ends without having begun`);
        open.delete(key);
        pairs++;
      }
    }
    assert.deepEqual([...open], []);
    const faults = new Set(recorded("fault").map(({ id }) => id)).size;
    assert.equal(pairs, recorded("message").length + recorded("operation").length + faults);
  });

  it("has no two slices of one track that overlap", () => {
    const ends = new Map<string, number>();
    for (const { pid, tid, ts, dur } of of("X").sort((a, b) => a.ts - b.ts)) {
      assert.ok(dur > 0 && ts >= (ends.get(`${pid} ${tid}`) ?? -1));
      ends.set(`${pid} ${tid}`, ts + dur);
    }
    assert.ok(ends.size > 5);
  });

  it("has an arrow for each message that arrived, from slice to slice", () => {
    const slices = of("X");
    const inside = ({ pid, tid, ts }: Event): boolean =>
      slices.some((slice) => slice.pid === pid && slice.tid === tid && slice.ts <= ts && ts < slice.ts + slice.dur);
    const arrived = recorded("message").filter(({ arrivedAt }) => arrivedAt !== undefined);
    const ends = new Map(of("f").map((event) => [event.id, event]));
    assert.ok(arrived.length > 50 && arrived.length < recorded("message").length);
    assert.equal(of("s").length, arrived.length);
    assert.equal(ends.size, arrived.length);
    for (const start of of("s")) {
      const end = ends.get(start.id)!;
      assert.ok(inside(start) && inside(end) && end.bp === "e" && end.ts >= start.ts);
    }
    for (const { id, sentAt, arrivedAt } of arrived)
      assert.deepEqual([of("s").find((one) => one.id === id)!.ts, ends.get(id)!.ts], [sentAt, arrivedAt]);
  });

  it("keeps what a request came to", () => {
    const [first] = recorded("operation");
    const event = of("b").find(({ cat, ts }) => cat === "request" && ts === first.startedAt)!;
    assert.equal(event.args["outcome"], first.outcome);
    assert.deepEqual(event.args["versions"], first.versions);
  });

  it("cuts faults that began before the window or go on beyond it to the window", () => {
    const { header } = made;
    const at = header.fromMicros + 10;
    const fault = (id: string, phase: "begin" | "end"): TraceEvent => ({ kind: "fault", at, id, phase, what: "x" });
    const cut = eventsOf({ header, events: [fault("before", "end"), fault("beyond", "begin")] }).filter(
      ({ cat }) => cat === "fault",
    );
    const times = (id: string): unknown[] =>
      cut
        .filter((one) => one.id === id)
        .sort((a, b) => a.ts - b.ts)
        .map(({ ph, ts }) => [ph, ts]);
    assert.deepEqual(times("before"), [
      ["b", header.fromMicros],
      ["e", at],
    ]);
    assert.deepEqual(times("beyond"), [
      ["b", at],
      ["e", header.toMicros],
    ]);
  });
});
