/**
 * Sessions of front ends in a node's own process, and how front ends are opened and closed. What they speak has tests of
 * its own; here they only listen.
 */
import { strict as assert } from "node:assert";
import { createServer, type Server } from "node:net";
import { type Front, type FrontConstructor, Fronts } from "../../../engine/real/fronts";
import { TcpTransport } from "../../../engine/real/tcp-transport";
import type { ClientAnswer } from "../../../engine/messages";
import type { FrontOptions } from "../../../engine/riak/front";
import { settingsOf } from "../../process/live-cluster";

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

/** A front end that listens and says nothing; `events` is told what became of it. */
function silent(name: string, events: string[]): FrontConstructor {
  return class implements Front {
    private readonly server = createServer();

    async listen(_host: string, port: number): Promise<number> {
      const got = await listening(this.server, port);
      events.push(`${name} listens`);
      return got;
    }

    async close(): Promise<void> {
      await new Promise<void>((resolve) => this.server.close(() => resolve()));
      events.push(`${name} closed`);
    }
  };
}

const NO_OPTIONS = {} as FrontOptions;

describe("front ends of a node process", () => {
  it("answers to an attached session go to its sink, those to others do not, and none once it is detached", async () => {
    const transport = new TcpTransport({
      self: 0,
      cluster: settingsOf({ nodes: 1, network: { client: { dist: "constant", valueMs: 50 } } }),
      deliver: () => assert.fail("nothing is asked"),
      log: () => undefined,
    });
    const heard: [string, number][] = [];
    const answer = (id: number): ClientAnswer => ({
      kind: "answer",
      id,
      outcome: "ok",
      versions: [],
      context: "",
      coordinator: 0,
      reason: "",
    });
    try {
      const a = transport.attach((message) => heard.push(["a", message.id]));
      const b = transport.attach((message) => heard.push(["b", message.id]));
      assert.notEqual(a, b);
      transport.answer(a, answer(1));
      transport.answer(b, answer(2));
      transport.answer(a, answer(3));
      // Delays between nodes and clients of ours are none of a front end's.
      assert.deepEqual(heard, [
        ["a", 1],
        ["b", 2],
        ["a", 3],
      ]);
      transport.detach(a);
      transport.answer(a, answer(4));
      transport.answer(b, answer(5));
      assert.deepEqual(heard.slice(3), [["b", 5]]);
    } finally {
      await transport.close();
    }
  });

  it("only what is wanted is loaded, and a free port is told", async () => {
    const events: string[] = [];
    const fronts = await Fronts.open({ host: "127.0.0.1", pbPort: 0 }, NO_OPTIONS, {
      http: () => assert.fail("nobody wants HTTP"),
      pb: () => silent("pb", events),
    });
    assert.equal(fronts.http, undefined);
    assert(fronts.pb !== undefined && fronts.pb > 0);
    await fronts.close();
    assert.deepEqual(events, ["pb listens", "pb closed"]);
  });

  it("a port in use is named with what it was for, and nothing stays open", async () => {
    const events: string[] = [];
    const loaders = { http: () => silent("http", events), pb: () => silent("pb", events) };
    const other = createServer();
    const taken = await listening(other, 0);
    try {
      await assert.rejects(Fronts.open({ host: "127.0.0.1", httpPort: 0, pbPort: taken }, NO_OPTIONS, loaders), {
        message: `port ${String(taken)} on 127.0.0.1, for protocol buffers, is in use by another process`,
      });
      assert(events.includes("http listens") && events.includes("http closed"));
      await assert.rejects(
        Fronts.open({ host: "192.0.2.1", httpPort: 0 }, NO_OPTIONS, { ...loaders, http: () => Elsewhere }),
        {
          message: "192.0.2.1 is no address of this machine",
        },
      );
    } finally {
      other.close();
    }
  });

  it("one that does not close in time keeps nobody waiting", async () => {
    class Stubborn implements Front {
      listen(): Promise<number> {
        return Promise.resolve(1);
      }
      close(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const fronts = await Fronts.open({ host: "127.0.0.1", httpPort: 0 }, NO_OPTIONS, {
      http: () => Stubborn,
      pb: () => Stubborn,
    });
    const began = performance.now();
    await fronts.close();
    assert(performance.now() - began < 5_000);
  });
});

class Elsewhere implements Front {
  listen(): Promise<number> {
    return Promise.reject(Object.assign(new Error("listen EADDRNOTAVAIL"), { code: "EADDRNOTAVAIL" }));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
