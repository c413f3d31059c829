/**
 * A client library that is closed still owes every request an answer, whoever would have coordinated it: a driver that asks once
 * more while it ends would otherwise wait for ever. The server is a socket that takes everything and says nothing.
 */
import { strict as assert } from "node:assert";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Client, type Routing } from "../../../engine/real/client";
import { RingMaker } from "../../../engine/ring/ring-maker";
import { Random } from "../../../engine/vocabulary/random";
import { key, settings } from "../sim/settings";

describe("a client that is closed", () => {
  const sockets = new Set<Socket>();
  let server: Server;
  before((done) => {
    server = createServer((socket) => void sockets.add(socket.on("error", () => undefined).resume()));
    server.listen(0, "127.0.0.1", done);
  });
  after((done) => {
    for (const socket of sockets) socket.destroy();
    server.close(done);
  });

  for (const routing of ["any", "client-driven"] as const satisfies readonly Routing[]) {
    it(`answers what is asked afterwards, and what it owed: routing ${routing}`, async () => {
      const cluster = settings({ engine: { clock: "lww", timestamps: "coordinator" } });
      const rings = new RingMaker(cluster, Random.fromSeed(1).fork("ring"));
      const { port } = server.address() as AddressInfo;
      const client = await Client.open({
        cluster,
        addresses: cluster.members.map(() => ({ host: "127.0.0.1", port })),
        ring: rings.of(rings.first),
        rings,
        routing,
        connectionsPerNode: 1,
        shaped: false,
        graceMs: 60_000,
      });
      const outcomes: Promise<string>[] = [];
      const get = (): void =>
        void outcomes.push(new Promise((told) => client.get(key("k"), undefined, ({ outcome }) => told(outcome))));
      const put = (): void => {
        const version = { writeId: 1, value: "v", tombstone: false };
        outcomes.push(
          new Promise((told) => client.put(key("k"), "", version, undefined, ({ outcome }) => told(outcome))),
        );
      };
      get();
      client.close();
      get();
      put();
      assert.deepEqual(await Promise.all(outcomes), ["connection_lost", "not_sent", "not_sent"]);
      assert.equal(client.outstanding(), 0);
    });
  }
});
