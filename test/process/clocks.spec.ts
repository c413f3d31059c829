/** The published numbers of dotted version vectors, on real processes: DVV-1, DVV-2 and DVV-3 hold exactly, as in simulation. */
import { strict as assert } from "node:assert";
import type { AnswerMessage } from "../../engine/messages";
import type { Client } from "../../engine/real/client";
import type { EngineSettings } from "../../engine/vocabulary/settings";
import { address, get, LiveCluster, needsCompiledNodes, put } from "./live-cluster";

/** Messages of one operation at a time, each answered by all replicas: no timing can change what is counted. */
const ALL = { r: "all", w: "all", maxSiblings: 2_000 } as const;

async function withCluster(engine: Partial<EngineSettings>, act: (client: Client) => Promise<void>): Promise<void> {
  const live = await LiveCluster.start({ engine: { ...ALL, ...engine } });
  try {
    await act(await live.client({ routing: "token-aware" }));
  } finally {
    await live.end();
  }
}

function written(client: Client, writeId: number, context: string, session: number): Promise<AnswerMessage> {
  const version = { writeId, value: `v${String(writeId)}`, tombstone: false };
  return new Promise((resolve) =>
    client.put(address("x"), context, version, undefined, resolve, { client: session, timestamp: 0 }),
  );
}

describe("dotted version vectors on real processes", function () {
  this.timeout(60_000);

  before(function () {
    needsCompiledNodes(this);
  });

  const scripts: readonly (readonly [string, (client: Client) => Promise<void>])[] = [
    [
      "a client that writes and reads, with a blind writer in between",
      async (client) => {
        let context = "";
        for (let write = 1; write <= 101; write += 2) {
          await written(client, write, context, 1);
          ({ context } = await get(client, address("x")));
          if (write < 101) await written(client, write + 1, "", 2);
        }
      },
    ],
    [
      "two clients that write and read in turn",
      async (client) => {
        const contexts = ["", ""];
        for (let write = 1; write <= 101; write++) {
          const who = (write - 1) % 2;
          await written(client, write, contexts[who], 1 + who);
          contexts[who] = (await get(client, address("x"))).context;
        }
      },
    ],
  ];

  for (const [name, script] of scripts) {
    for (const [clock, siblings] of [
      ["vv-server", 101],
      ["dvvset", 2],
      ["dvv", 2],
      ["riak-dvv", 2],
    ] as const) {
      it(`${name} leave ${String(siblings)} siblings of 101 writes under ${clock} (DVV-1)`, async () => {
        await withCluster({ clock }, async (client) => {
          await script(client);
          assert.equal((await get(client, address("x"))).versions.length, siblings);
        });
      });
    }
  }

  for (const [clock, left] of [
    ["vv-server-separate", [3]],
    ["vv-server", [1, 2, 3]],
    ["dvvset", [2, 3]],
    ["dvv", [2, 3]],
    ["riak-dvv", [2, 3]],
  ] as const) {
    it(`two blind writes and one that saw the first leave ${left.map((id) => `v${String(id)}`).join(", ")} under ${clock} (DVV-2)`, async () => {
      await withCluster({ clock }, async (client) => {
        const first = await put(client, address("x"), 1, "v1");
        await put(client, address("x"), 2, "v2");
        await put(client, address("x"), 3, "v3", undefined, first.context);
        const { versions } = await get(client, address("x"));
        assert.deepEqual(versions.map(({ writeId }) => writeId).sort(), left);
      });
    });
  }

  for (const [clock, most] of [
    ["vv-client", 1_000],
    ["dvvset", 3],
    ["riak-dvv", 4],
  ] as const) {
    it(`a thousand clients of one key leave ${clock === "vv-client" ? "1000 entries" : `at most ${String(most)}`} under ${clock} (DVV-3)`, async () => {
      await withCluster({ clock }, async (client) => {
        let context = "";
        for (let session = 1; session <= 1_000; session++) {
          ({ context } = await written(client, session, context, session));
        }
        const inspected = await client.inspect(0, [0], [address("x")], 5_000);
        const entries = inspected?.metadata[0]?.entries;
        assert.ok(entries !== undefined);
        if (clock === "vv-client") assert.equal(entries, most);
        // One vector entry a replica at most; riak-dvv has the dot of its one sibling beside them.
        else assert.ok(entries >= 1 && entries <= most, String(entries));
      });
    });
  }
});
