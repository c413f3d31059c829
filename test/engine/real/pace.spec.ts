/**
 * A slow processor before a host that takes a known time: nothing waits with a factor of 1, order stays, and so many
 * messages take so many times as long as they took.
 */
import { strict as assert } from "node:assert";
import type { Input } from "../../../engine/io";
import { monotonicMicros } from "../../../engine/real/monotonic";
import { Pace, slownessOf } from "../../../engine/real/pace";
import { until } from "../../process/until";

const message = (sequence: number): Input =>
  ({ kind: "received", from: 0, message: { kind: "heartbeat", sequence } }) as unknown as Input;
const link: Input = { kind: "link-up", node: 1 };

describe("the pace of a node", () => {
  const seen: unknown[] = [];
  let worked = 0;
  const pace = new Pace({
    deliver: (input) => {
      const began = monotonicMicros();
      while (monotonicMicros() - began < 200);
      worked += monotonicMicros() - began;
      seen.push(input.kind === "received" ? (input.message as unknown as { sequence: number }).sequence : input.kind);
    },
  });
  beforeEach(() => {
    seen.length = 0;
    worked = 0;
    pace.slowness = 1;
  });
  after(() => pace.stop());

  it("is the host's own, within the call, with a factor of 1", () => {
    for (let i = 0; i < 5; i++) pace.deliver(message(i));
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  });

  it("is slower by the factor, in order; links and inspections do not wait", async () => {
    pace.slowness = 20;
    const began = monotonicMicros();
    for (let i = 0; i < 10; i++) pace.deliver(message(i));
    assert.ok(seen.length < 10);
    pace.deliver(link);
    assert.equal(seen.at(-1), "link-up");
    await until("all are handled", () => seen.length === 11);
    assert.deepEqual(
      seen.filter((one) => one !== "link-up"),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    // What the last one owes is waited for after it; a timer may be a millisecond early.
    assert.ok(monotonicMicros() - began >= 9 * 200 * 20 - 2_000, `${String(monotonicMicros() - began)} us`);
    assert.ok(worked >= 10 * 200);
  });

  it("is the host's own again once what waits is done", async () => {
    pace.slowness = 20;
    for (let i = 0; i < 3; i++) pace.deliver(message(i));
    pace.slowness = 1;
    pace.deliver(message(3));
    await until("all are handled", () => seen.length === 4);
    assert.deepEqual(seen, [0, 1, 2, 3]);
  });
});

describe("speeds of nodes on one machine", () => {
  it("leave the fastest as it is and slow the others down by as many times", () => {
    assert.deepEqual(slownessOf([{ speed: 1 }, { speed: 4 }, { speed: 2 }]), [4, 1, 2]);
    assert.deepEqual(slownessOf([{ speed: 0.5 }, {}]), [2, 1], "a node of no given speed has speed 1");
    assert.deepEqual(slownessOf([{}, {}, {}]), [1, 1, 1]);
  });
});
