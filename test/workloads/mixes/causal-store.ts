/**
 * One replica of one node under a real clock, as a target in a test's own time: enough of a store for siblings and contexts
 * to be what the clock says, and nothing else. What is read at once is what was written.
 */
import { clockNamed } from "../../../engine/clocks/clock";
import type { Reply, Request } from "../../../workloads/operation";
import { REPLY } from "../scripted-target";

export class CausalStore {
  private readonly clock;
  private readonly states = new Map<string, unknown>();

  constructor(clock: string) {
    this.clock = clockNamed(clock);
  }

  /** Values under `key`, in the order in which the clock lists them; tombstones are empty. */
  valuesOf(key: string): readonly string[] {
    const state = this.states.get(key);
    return state === undefined ? [] : this.clock.versions(state).map(({ value }) => value);
  }

  answer(request: Request, now: number): Reply {
    const { key } = request.key;
    const before = this.states.get(key);
    if (request.kind !== "get") {
      const { writeId, value, context, session } = request;
      const version = { writeId, value, tombstone: request.kind === "delete" };
      const by = { actor: 1, client: session, at: now, minted: 0 };
      this.states.set(key, this.clock.update(before, context, version, by));
    }
    const state = this.states.get(key);
    if (state === undefined) return REPLY;
    const versions = this.clock.versions(state);
    return {
      ...REPLY,
      versions: versions.map(({ writeId }) => writeId),
      payloads: request.kind === "get" ? versions.map(({ value }) => value) : versions.map(() => ""),
      values: versions.filter(({ tombstone }) => !tombstone).length,
      context: this.clock.context(state),
    };
  }
}
