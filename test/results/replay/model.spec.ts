/** The model of the replay: order, states at any position, and that no way of stepping leaves another picture. */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { escapeText } from "../../../results/charts/markup";
import type { TraceEvent, TraceHeader } from "../../../results/record/trace";
import { casting } from "../../../results/replay/cast";
import { messageKinds } from "../../../results/replay/message-kinds";
import { replayModel, type ReplayState, type Timeline, type Trace } from "../../../results/replay/model";
import { packTrace, unpackTrace } from "../../../results/replay/packed-trace";
import { replayProgram } from "../../../results/replay/page-program";
import { ringView } from "../../../results/replay/ring-view";
import { spaceTimeView } from "../../../results/replay/space-time-view";
import { replayWords } from "../../../results/replay/words";
import { madeUpTrace } from "./made-up-trace";

const HEADER: TraceHeader = {
  schema: "quorumlab/trace@1",
  trial: "0123456789ab",
  cell: "r1-w1",
  nodes: ["node-1", "node-2", "node-3"].map((id) => ({ id, zone: "a" })),
  tokens: [
    { at: 0.2, node: "node-1" },
    { at: 0.5, node: "node-2" },
    { at: 0.8, node: "node-3" },
  ],
  warmupMicros: 1_000,
  fromMicros: 10_000,
  toMicros: 20_000,
  dropped: 0,
};

type Message = Extract<TraceEvent, { kind: "message" }>;
type Operation = Extract<TraceEvent, { kind: "operation" }>;

function message(id: number, fields: Partial<Message>): Message {
  return {
    kind: "message",
    id,
    from: "node-1",
    to: "node-2",
    sentAt: 10_000,
    arrivedAt: 11_000,
    fate: "delivered",
    what: "replica-put",
    key: "k",
    versions: [901],
    detail: "replication",
    bytes: 10,
    ...fields,
  };
}

function operation(fields: Partial<Operation>): Operation {
  return {
    kind: "operation",
    startedAt: 10_000,
    endedAt: 12_000,
    client: "client-1",
    operation: "update",
    key: "k",
    outcome: "ok",
    writeId: 901,
    versions: [901],
    stale: undefined,
    replicas: ["node-2", "node-1", "node-3"],
    ...fields,
  };
}

function state(at: number, node: string, versions: readonly number[]): TraceEvent {
  return { kind: "state", at, node, vnode: 1, key: "k", versions, clock: `{${versions.join()}}` };
}

function timelineOf(events: readonly TraceEvent[], header: Partial<TraceHeader> = {}): Timeline {
  return replayModel().timeline({ header: { ...HEADER, ...header }, events });
}

const ALL = { key: "k", otherKeys: true, heartbeats: true };

function captions(timeline: Timeline): string[] {
  const words = replayWords(timeline);
  return timeline.stops(ALL).map((stop) => words.caption(stop).replace(/\u00a0/g, " "));
}

/** The state by applying every moment in order: what the model's look-ups must agree with. */
function naiveState(
  timeline: Timeline,
  position: number,
  key: string,
): Pick<ReplayState, "messages" | "operations"> & {
  readonly held: ReadonlyMap<string, string>;
} {
  const open = new Set<number>();
  const held = new Map<string, string>();
  for (const { event: source, phase } of timeline.moments.slice(0, position)) {
    const event = timeline.events[source];
    if (event.kind === "message" || event.kind === "operation") {
      if (phase === "begin") open.add(source);
      else open.delete(source);
    }
    if (event.kind === "state" && event.key === key) held.set(`${event.node}/${event.vnode}`, event.versions.join());
  }
  const kind = (i: number): string => timeline.events[i].kind;
  const sorted = [...open].sort((a, b) => a - b);
  return {
    messages: sorted.filter((i) => kind(i) === "message"),
    operations: sorted.filter((i) => kind(i) === "operation"),
    held,
  };
}

describe("replay model", () => {
  it("puts cause before effect where both have the same instant", () => {
    const timeline = timelineOf([
      message(1, { from: "client-1", to: "node-1", sentAt: 10_000, arrivedAt: 10_000, what: "put" }),
      message(2, { from: "node-1", to: "node-1", sentAt: 10_000, arrivedAt: 10_000 }),
      state(10_000 + 1, "node-1", [901]),
      message(3, { from: "node-1", to: "client-1", sentAt: 10_001, arrivedAt: 10_001, what: "answer", detail: "ok" }),
      operation({ startedAt: 10_000, endedAt: 10_001 }),
    ]);
    assert.deepEqual(captions(timeline), [
      "client-1 begins an update: w1.",
      "client-1 sends the write w1 to node-1.",
      "The write w1 from client-1 reaches node-1 after 0 µs.",
      "node-1 sends the write w1 to itself to keep.",
      "The write w1 from node-1 reaches node-1 itself after 0 µs.",
      "node-1 now holds w1.",
      "node-1 answers client-1: ok, with w1.",
      "The answer of node-1 reaches client-1 after 0 µs.",
      "client-1 hears that the update w1 was accepted, after 1 µs.",
    ]);
  });

  it("knows what is under way, held and troubled at a position", () => {
    const timeline = timelineOf([
      state(10_000, "node-1", [900]),
      message(1, { sentAt: 11_000, arrivedAt: 13_000 }),
      { kind: "node", at: 12_000, node: "node-3", state: "down" },
      state(13_000, "node-2", [900, 901]),
      { kind: "node", at: 14_000, node: "node-3", state: "up" },
      operation({ startedAt: 10_500, endedAt: 15_000 }),
    ]);
    const at = (micros: number): ReplayState => timeline.stateAt(timeline.positionAt(micros), "k");
    assert.equal(timeline.first, 1, "what is held when the window opens is no event");
    assert.deepEqual(at(12_500).messages, [1]);
    assert.deepEqual(at(12_500).troubled, [{ node: "node-3", state: "down" }]);
    assert.deepEqual(at(12_500).operations, [5]);
    assert.deepEqual(at(12_500).preference, ["node-2", "node-1", "node-3"]);
    assert.deepEqual(
      at(12_500).replicas.map(({ node, place, versions }) => [node, place, versions]),
      [
        ["node-2", 0, undefined],
        ["node-1", 1, [900]],
        ["node-3", 2, undefined],
      ],
    );
    assert.deepEqual(at(13_000).messages, []);
    assert.deepEqual(at(13_000).replicas[0].versions, [900, 901]);
    assert.deepEqual(at(14_000).troubled, []);
    assert.deepEqual(
      timeline.jumps.sibling.map((stop) => timeline.instantOf(stop)),
      [13_000],
    );
  });

  it("agrees with applying every moment, at every position, in whatever order it is asked", () => {
    const timeline = replayModel().timeline(madeUpTrace({ operations: 40 }));
    const { key } = timeline.keys[0];
    assert.ok(timeline.moments.length > 600, "several snapshots");
    const seen = new Map<number, string>();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: timeline.moments.length }), (position) => {
        const found = timeline.stateAt(position, key);
        const naive = naiveState(timeline, position, key);
        assert.deepEqual(found.messages, naive.messages);
        assert.deepEqual(found.operations, naive.operations);
        for (const { node, vnode, versions } of found.replicas)
          assert.equal(versions?.join(), naive.held.get(`${node}/${vnode}`), `${node} at ${position}`);
        const before = seen.get(position);
        const now = JSON.stringify(found);
        if (before !== undefined) assert.equal(now, before);
        seen.set(position, now);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it("shows the same picture after stepping forth and back", () => {
    const timeline = replayModel().timeline(madeUpTrace({ operations: 20 }));
    const { key } = timeline.keys[0];
    const filter = { key, otherKeys: true, heartbeats: true };
    const words = replayWords(timeline);
    const view = ringView(escapeText, messageKinds());
    const cast = casting().cast(timeline, filter);
    const picture = (position: number): string =>
      view.draw({
        timeline,
        words,
        cast,
        state: timeline.stateAt(position, key),
        at: timeline.instantOf(position),
        filter,
        width: 480,
      });
    const stops = timeline.stops(filter).slice(0, 150);
    const forth = stops.map(picture);
    const back = [...stops].reverse().map(picture).reverse();
    assert.deepEqual(back, forth);
    assert.ok(new Set(forth).size > stops.length / 2, "and the pictures do differ");
  });

  it("steps through events of the chosen key, faults and nodes, unless more is asked for", () => {
    const timeline = timelineOf([
      message(1, { key: "k" }),
      message(2, { key: "other", versions: [7] }),
      message(3, { key: "", what: "heartbeat", versions: [] }),
      { kind: "fault", at: 12_000, id: "f", phase: "begin", what: "kill: node-2" },
      { kind: "note", at: 13_000, node: "node-1", text: "repairs k on node-2" },
      { kind: "note", at: 13_000, node: "node-1", text: "repairs k2 on node-2" },
    ]);
    const count = (otherKeys: boolean, heartbeats: boolean): number =>
      timeline.stops({ key: "k", otherKeys, heartbeats }).length;
    assert.equal(count(false, false), 4);
    assert.equal(count(false, true), 6);
    assert.equal(count(true, false), 7);
    assert.equal(count(true, true), 9);
  });

  it("leads to faults, stale reads and siblings", () => {
    const timeline = timelineOf([
      { kind: "fault", at: 11_000, id: "f", phase: "begin", what: "kill: node-2" },
      { kind: "fault", at: 12_000, id: "f", phase: "end", what: "kill: node-2" },
      { kind: "fault", at: 12_500, id: "before", phase: "end", what: "partition" },
      operation({ operation: "read", writeId: 0, startedAt: 13_000, endedAt: 13_500, stale: true }),
      operation({ operation: "read", writeId: 0, startedAt: 14_000, endedAt: 14_500, stale: false, versions: [1, 2] }),
    ]);
    const instants = (kind: "fault" | "stale" | "sibling"): number[] => timeline.jumps[kind].map(timeline.instantOf);
    assert.deepEqual(instants("fault"), [11_000, 12_000, 12_500]);
    assert.deepEqual(instants("stale"), [13_500]);
    assert.deepEqual(instants("sibling"), [14_500]);
    assert.deepEqual(
      timeline.bands.map(({ id, from, to }) => [id, from, to]),
      [
        ["before", 10_000, 12_500],
        ["f", 11_000, 12_000],
      ],
    );
    assert.deepEqual(
      timeline
        .stateAt(timeline.positionAt(11_500), "k")
        .faults.map(({ id }) => id)
        .sort(),
      ["before", "f"],
    );
    assert.deepEqual(timeline.stateAt(timeline.positionAt(13_000), "k").faults, []);
    assert.match(replayWords(timeline).caption(timeline.jumps.stale[0]), /read returns w1 after 500\u00a0µs: stale/);
    assert.match(replayWords(timeline).caption(timeline.jumps.sibling[0]), /returns w2 and w3 after .*: 2 siblings/);
  });

  it("says why a message never arrives", () => {
    const fates: readonly (readonly [Message["fate"], RegExp])[] = [
      ["lost", /lost on the way/],
      ["cut", /the link is cut/],
      ["held", /holds it back/],
      ["in-flight", /still under way/],
    ];
    for (const [fate, words] of fates) {
      const [sending, ...more] = captions(timelineOf([message(1, { arrivedAt: undefined, fate })]));
      assert.match(sending, words);
      assert.deepEqual(more, []);
    }
    assert.match(captions(timelineOf([message(1, { fate: "node-down" })]))[1], /finds node-2 down and is lost/);
    assert.match(captions(timelineOf([message(1, { fate: "queue-full" })]))[1], /node-2 turns away .*queue is full/);
  });

  it("has an opening and no key in an empty trace", () => {
    const timeline = timelineOf([]);
    assert.deepEqual(timeline.keys, []);
    assert.equal(timeline.opening(""), timeline.first);
    assert.deepEqual(timeline.stateAt(3, "").replicas, []);
  });

  it("comes back from its packed form unchanged", () => {
    const trace = madeUpTrace();
    const packed = JSON.parse(JSON.stringify(packTrace(trace))) as ReturnType<typeof packTrace>;
    assert.deepEqual(unpackTrace(packed), trace);
    assert.ok(JSON.stringify(packed).length < JSON.stringify(trace).length / 2);
  });

  it("is made of functions that need nothing from outside, as the page has only their source", () => {
    for (const part of [
      replayModel,
      messageKinds,
      ringView,
      spaceTimeView,
      replayWords,
      casting,
      unpackTrace,
      replayProgram,
    ])
      assert.doesNotMatch(part.toString(), /\b(require|exports|_\w+_1|\w+_1\.)\b/, part.name);
    const trace: Trace = madeUpTrace({ operations: 10 });
    const context = { packed: JSON.stringify(packTrace(trace)), result: "" };
    runInNewContext(
      `const escape=${escapeText.toString()};
       const timeline=(${replayModel.toString()})().timeline((${unpackTrace.toString()})(JSON.parse(packed)));
       const kinds=(${messageKinds.toString()})(), ring=(${ringView.toString()})(escape,kinds);
       const words=(${replayWords.toString()})(timeline), cast=(${casting.toString()})();
       const filter={key:timeline.keys[0].key,otherKeys:true,heartbeats:true};
       const stops=timeline.stops(filter), last=stops[stops.length-1];
       const drawn=(${spaceTimeView.toString()})(escape,kinds,ring).draw({timeline,words,cast:cast.cast(timeline,filter),filter,from:timeline.header.fromMicros,to:timeline.header.toMicros,width:800});
       const state=timeline.stateAt(last,filter.key);
       const picture=ring.draw({timeline,words,cast:cast.cast(timeline,filter),state,at:state.at,filter,width:400});
       result=JSON.stringify([stops.length,stops.map(words.caption),picture.length,drawn.markup.length]);`,
      context,
    );
    const [count, said, picture, drawn] = JSON.parse(context.result) as [number, string[], number, number];
    const timeline = replayModel().timeline(trace);
    const filter = { key: timeline.keys[0].key, otherKeys: true, heartbeats: true };
    assert.equal(count, timeline.stops(filter).length);
    assert.deepEqual(said, timeline.stops(filter).map(replayWords(timeline).caption));
    assert.ok(picture > 1_000 && drawn > 1_000);
  });
});
