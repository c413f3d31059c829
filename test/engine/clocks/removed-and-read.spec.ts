/**
 * A replica that removed a key hears of its own old events in a copy from elsewhere, and is written to again: the next event
 * must not have the dot of the tombstone that it removed. Found by a random script; replicas tell clocks when they removed a key
 * (`removedAt`) because a copy that knows of the first events alone would have them counted on from there.
 */
import { CLOCKS } from "../../../engine/clocks/clock";
import { LockStep, type Act } from "./causal-histories";

const put = (replica: number, remembers: boolean): Act => ({
  kind: "put",
  client: 0,
  replica,
  seen: "last",
  remembers,
});
const script: readonly Act[] = [
  put(2, false),
  { kind: "delete and reap", client: 0, replica: 2 },
  put(0, false),
  { kind: "exchange", from: 0, to: 2 },
  { kind: "return", to: 1 },
  put(2, false),
  put(1, true),
  put(2, false),
];

describe("a key that was removed, and a copy that knows of its first events alone", () => {
  for (const [name, clock] of CLOCKS)
    it(`loses no later write under ${name}, but for what it declares`, () => {
      new LockStep(clock, { times: "skewed" }).play(script);
    });
});
