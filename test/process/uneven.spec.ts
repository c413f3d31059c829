/** Machines of unequal speed emulated on one: the slow node takes longer for a message, the fastest as long as it ever did. */
import { strict as assert } from "node:assert";
import { monotonicMicros } from "../../engine/real/monotonic";
import type { Address } from "../../engine/vocabulary/address";
import { address, get, LiveCluster, needsCompiledNodes, settingsOf } from "./live-cluster";

describe("uneven machines as processes", function () {
  this.timeout(20_000);
  before(function () {
    needsCompiledNodes(this);
  });

  it("a node of a third of a percent of the speed makes a client wait, and the other does not (long)", async () => {
    const plain = settingsOf({ nodes: 2, engine: { nVal: 1 } });
    const speeds = [1, 300];
    const live = await LiveCluster.startWith({
      ...plain,
      members: plain.members.map((member, i) => ({ ...member, speed: speeds[i] })),
    });
    try {
      const client = await live.client({ routing: "token-aware" });
      const ownedBy = (node: number): Address => {
        for (let i = 0; ; i++) {
          const name = address(`uneven-${String(i)}`);
          if (live.ring.preferenceList(name, 1)[0].node === node) return name;
        }
      };
      const took = async (key: Address): Promise<number> => {
        const asked = monotonicMicros();
        for (let i = 0; i < 12; i++) assert.equal((await get(client, key, { r: 1, timeoutMs: 5_000 })).outcome, "ok");
        return monotonicMicros() - asked;
      };
      const [slow, fast] = [ownedBy(0), ownedBy(1)];
      await took(fast);
      const quick = await took(fast);
      const late = await took(slow);
      assert.ok(late > 3 * quick, `${String(late)} us against ${String(quick)} us`);
    } finally {
      await live.end();
    }
  });
});
