import { strict as assert } from "node:assert";
import { Host, type HostPorts } from "../../../engine/host/host";
import type { StorageEvents } from "../../../engine/host/ports";
import { Effects, type Effect, type Input, type Note, type ProtocolNode } from "../../../engine/io";
import type { AnswerMessage, PeerMessage } from "../../../engine/messages";
import type { Micros } from "../../../engine/vocabulary/micros";
import { address } from "../mini-world";

const WOKEN: Input = { kind: "woken" };
const heartbeat = (sequence: number): PeerMessage => ({ kind: "heartbeat", epoch: 1, sequence });
const received = (sequence: number): Input => ({ kind: "received", from: 1, message: heartbeat(sequence) });
const send = (sequence: number): Effect => ({ kind: "send", to: 1, message: heartbeat(sequence) });
const ANSWER: AnswerMessage = {
  kind: "answer",
  id: 1,
  outcome: "ok",
  coordinator: 0,
  versions: [],
  context: "",
  reason: "",
};

/** A node that does what it is told and watches over how it is driven. */
class ScriptedNode implements ProtocolNode {
  readonly inputs: Input[] = [];
  readonly instants: Micros[] = [];
  wakeup: Micros | undefined;
  act: (input: Input, now: Micros) => readonly Effect[] = () => [];
  private inside = false;
  private effects: readonly Effect[] = [];

  step(now: Micros, input: Input): void {
    assert.equal(this.inside, false, "step is entered while it runs");
    assert.deepEqual(this.effects, [], "effects of the step before were taken");
    this.inside = true;
    this.inputs.push(input);
    this.instants.push(now);
    this.effects = this.act(input, now);
    this.inside = false;
  }

  nextWakeup(): Micros | undefined {
    return this.wakeup;
  }

  takeEffects(): Effects {
    const taken = new Effects();
    for (const effect of this.effects) taken.push(effect);
    this.effects = [];
    return taken;
  }

  kinds(): string[] {
    return this.inputs.map(({ kind }) => kind);
  }
}

/** Ports that write down what they were asked, and an alarm that the test rings. */
class Desk {
  now: Micros = 100;
  readonly log: string[] = [];
  readonly node = new ScriptedNode();
  readonly alarms: { readonly at: Micros; readonly wake: () => void }[] = [];
  readonly notes: Note[] = [];
  onSend: (message: PeerMessage) => void = () => undefined;
  load: (token: number, events: StorageEvents) => void = (token, events) => events.loaded(token, undefined);
  store: (token: number, events: StorageEvents) => void = (token, events) => events.stored(token);
  readonly host: Host;

  constructor() {
    const ports: HostPorts = {
      transport: {
        send: (to, message) => {
          this.log.push(`send ${String(to)} ${String(message.kind === "heartbeat" ? message.sequence : message.kind)}`);
          this.onSend(message);
        },
        answer: (session) => this.log.push(`answer ${String(session)}`),
      },
      storage: {
        immediate: true,
        load: (token, vnode, key, events) => {
          this.log.push(`load ${String(token)} ${String(vnode)} ${key === address("k") ? "k" : "?"}`);
          this.load(token, events);
        },
        store: (token, _vnode, _key, state, events) => {
          this.log.push(`store ${String(token)} ${String(state)}`);
          this.store(token, events);
        },
        scan: (token, cursor, limit, events) => {
          this.log.push(`scan ${String(token)} ${String(cursor)} ${String(limit)}`);
          events.scanned(token, [], undefined, []);
        },
        range: (token, { from, limit }, events) => {
          this.log.push(`range ${String(token)} ${from} ${String(limit)}`);
          events.ranged(token, { entries: [], upTo: undefined });
        },
        count: () => 0,
      },
      alarm: {
        now: () => this.now,
        set: (at, wake) => this.alarms.push({ at, wake }),
      },
      note: (note) => {
        this.notes.push(note);
        this.log.push("note");
      },
    };
    this.host = new Host(this.node, ports);
  }

  /** Rings the newest alarm, as a world does at its instant. */
  ring(): void {
    const { at, wake } = this.alarms[this.alarms.length - 1];
    this.now = Math.max(this.now, at);
    wake();
  }
}

describe("the host loop", () => {
  it("performs the effects of a step in order, before the next input is looked at", () => {
    const desk = new Desk();
    desk.node.act = (input) => {
      desk.log.push(`step ${input.kind}`);
      if (input.kind !== "received") return [];
      return [
        send(1),
        { kind: "load", token: 4, vnode: 2, address: address("k") },
        { kind: "note", note: { kind: "suspected", node: 3 } },
        { kind: "store", token: 5, vnode: 2, address: address("k"), state: "s" },
        { kind: "answer", session: 9, message: ANSWER },
        send(2),
      ];
    };
    desk.host.deliver(received(0));
    assert.deepEqual(desk.log, [
      "step received",
      "send 1 1",
      "load 4 2 k",
      "note",
      "store 5 s",
      "answer 9",
      "send 1 2",
      "step loaded",
      "step stored",
    ]);
    assert.deepEqual(desk.notes, [{ kind: "suspected", node: 3 }]);
    assert.equal(desk.host.steps, 3);
  });

  it("hands completions back with their token, failures with their reason", () => {
    const desk = new Desk();
    desk.load = (token, events) => events.loadFailed(token, "unreadable");
    desk.store = (token, events) => events.storeFailed(token, "disk full");
    desk.node.act = ({ kind }) =>
      kind === "received"
        ? [
            { kind: "load", token: 4, vnode: 0, address: address("k") },
            { kind: "store", token: 5, vnode: 0, address: address("k"), state: "s" },
          ]
        : [];
    desk.host.deliver(received(0));
    assert.deepEqual(desk.node.inputs.slice(1), [
      { kind: "load-failed", token: 4, reason: "unreadable" },
      { kind: "store-failed", token: 5, reason: "disk full" },
    ]);
  });

  it("never re-enters a step, however the ports call back", () => {
    const desk = new Desk();
    // A transport that delivers within the call, a storage that completes within the call: the scripted node objects.
    desk.onSend = (message) => {
      if (message.kind === "heartbeat" && message.sequence < 50) desk.host.deliver(received(message.sequence + 1));
    };
    desk.node.act = (input) => {
      if (input.kind !== "received" || input.message.kind !== "heartbeat") return [];
      const { sequence } = input.message;
      return [{ kind: "load", token: sequence, vnode: 0, address: address("k") }, send(sequence)];
    };
    desk.host.deliver(received(0));
    const sequences = desk.node.inputs.flatMap((input) =>
      input.kind === "received" && input.message.kind === "heartbeat" ? [input.message.sequence] : [],
    );
    assert.deepEqual(
      sequences,
      Array.from({ length: 51 }, (_, i) => i),
    );
    assert.equal(desk.node.kinds().filter((kind) => kind === "loaded").length, 51);
  });

  it("steps all inputs of one turn at one instant", () => {
    const desk = new Desk();
    desk.onSend = () => (desk.now += 50);
    desk.node.act = ({ kind }) =>
      kind === "received" ? [send(1), { kind: "load", token: 1, vnode: 0, address: address("k") }] : [];
    desk.host.deliver(received(0));
    desk.host.deliver(received(1));
    assert.deepEqual(desk.node.instants, [100, 100, 150, 150]);
  });

  it("arms the first wake-up at the start and wakes the node at it", () => {
    const desk = new Desk();
    desk.node.wakeup = 700;
    desk.host.start();
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [700],
    );
    desk.node.act = (input) => {
      if (input.kind === "woken") desk.node.wakeup = 1_200;
      return [];
    };
    desk.ring();
    assert.deepEqual(desk.node.inputs, [WOKEN]);
    assert.deepEqual(desk.node.instants, [700]);
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [700, 1_200],
      "armed again for the next",
    );
  });

  it("moves the alarm forward when the node wants to be woken earlier, and leaves an early one alone", () => {
    const desk = new Desk();
    desk.node.wakeup = 900;
    desk.host.start();
    desk.node.wakeup = 400;
    desk.host.deliver(received(0));
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [900, 400],
    );
    desk.node.wakeup = 600;
    desk.host.deliver(received(1));
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [900, 400],
      "waking once too often is cheaper than re-arming always",
    );
    desk.ring();
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [900, 400, 600],
    );
  });

  it("arms nothing while the node wants nothing, and arms again when it does", () => {
    const desk = new Desk();
    desk.host.start();
    desk.host.deliver(received(0));
    assert.deepEqual(desk.alarms, []);
    desk.node.wakeup = 300;
    desk.host.deliver(received(1));
    assert.deepEqual(
      desk.alarms.map(({ at }) => at),
      [300],
    );
  });

  it("drops everything once stopped: inputs, late completions, alarms", () => {
    const desk = new Desk();
    const late: (() => void)[] = [];
    desk.store = (token, events) => late.push(() => events.stored(token));
    desk.node.act = ({ kind }) =>
      kind === "received" ? [{ kind: "store", token: 1, vnode: 0, address: address("k"), state: "s" }] : [];
    desk.node.wakeup = 500;
    desk.host.start();
    desk.host.deliver(received(0));
    desk.host.stop();
    for (const complete of late) complete();
    desk.ring();
    desk.host.deliver(received(1));
    assert.deepEqual(desk.node.kinds(), ["received"]);
  });

  it("looks at nothing further once it was stopped in the middle of a turn", () => {
    const desk = new Desk();
    desk.onSend = () => desk.host.stop();
    desk.node.act = ({ kind }) =>
      kind === "received" ? [{ kind: "load", token: 1, vnode: 0, address: address("k") }, send(1)] : [];
    desk.host.deliver(received(0));
    assert.deepEqual(desk.node.kinds(), ["received"]);
  });

  it("lets a broken invariant out, and does not perform half of what follows", () => {
    const desk = new Desk();
    desk.node.act = ({ kind }) => {
      if (kind === "loaded") throw new Error("invariant");
      return [{ kind: "load", token: 1, vnode: 0, address: address("k") }, send(1)];
    };
    assert.throws(() => desk.host.deliver(received(0)), /invariant/);
    assert.deepEqual(desk.log, ["load 1 0 k", "send 1 1"]);
  });
});
