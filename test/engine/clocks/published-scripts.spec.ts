/**
 * The scripts by which the literature tells clocks apart, played on every strategy of the map: the sibling explosion of
 * two clients that write in turn (101 against 2), the three writes through one server that lose an update or make a false
 * conflict, and metadata against the number of writers. Sources: the README of the authors' dotted version vector sets,
 * Preguiça et al. 2010, basho/riak_kv#746. Each table names every strategy, so that a new one has to take its place.
 */
import assert from "node:assert/strict";
import {
  CLOCKS,
  clockFor,
  clockNamed,
  packActor,
  type Clock,
  type Context,
  type Version,
} from "../../../engine/clocks/clock";
import { writeIds } from "./causal-histories";
import { by } from "./event-maker";

const v = (writeId: number): Version => ({ writeId, value: `v${writeId}`, tombstone: false });
const a = packActor(0, 0, 1);

/** What each strategy of the map gives, by name. */
function onEach<T>(measure: (clock: Clock) => T): Record<string, T> {
  return Object.fromEntries([...CLOCKS].map(([name, clock]) => [name, measure(clock)]));
}

/** Writes that are left when two clients write in turn through one server; the second may write blindly. */
function twoWriters(clock: Clock, second: "reads" | "blind", writes = 101): number[] {
  const contexts: Context[] = ["", ""];
  let state: unknown;
  for (let write = 1; write <= writes; write++) {
    const client = (write - 1) % 2;
    const context = client === 1 && second === "blind" ? "" : contexts[client];
    state = clock.update(state, context, v(write), by(a, 1_000 * write, client));
    contexts[client] = clock.context(state);
  }
  return writeIds(clock.versions(state));
}

const ALL = Array.from({ length: 101 }, (_, k) => k + 1);

describe("two clients that write in turn, 101 writes (DVV-1)", () => {
  it("leave 101 siblings under a merged vector and 2 under dots, one of them writing blindly", () => {
    assert.deepEqual(
      onEach((clock) => twoWriters(clock, "blind")),
      {
        dvvset: [100, 101],
        dvv: [100, 101],
        "riak-dvv": [100, 101],
        "vv-server": ALL,
        // The last write claims to have seen all others through its server.
        "vv-server-separate": [101],
        // To its own vector the blind client always writes for the first time.
        "vv-client": [101],
        lww: [101],
        "lww-hlc": [101],
      },
    );
  });

  it("leave 101 siblings under a merged vector and 2 under dots, both reading their own writes", () => {
    assert.deepEqual(
      onEach((clock) => twoWriters(clock, "reads")),
      {
        dvvset: [100, 101],
        dvv: [100, 101],
        "riak-dvv": [100, 101],
        "vv-server": ALL,
        "vv-server-separate": [101],
        "vv-client": [100, 101],
        lww: [101],
        "lww-hlc": [101],
      },
    );
  });

  it("leave one under any policy but to keep", () => {
    for (const name of ["vv-server", "dvvset"]) {
      for (const siblings of ["newest", "overwrite"] as const) {
        assert.deepEqual(twoWriters(clockFor({ clock: name, siblings }), "reads"), [101], `${name} ${siblings}`);
      }
    }
  });
});

describe("two blind writes through one server, then one that had read the first (DVV-2)", () => {
  function threeWrites(clock: Clock): number[] {
    const first = clock.update(undefined, "", v(1), by(a, 1_000, 1));
    const second = clock.update(first, "", v(2), by(a, 2_000, 2));
    return writeIds(clock.versions(clock.update(second, clock.context(first), v(3), by(a, 3_000, 1))));
  }

  it("lose the second under separate vectors, keep all three under a merged one, and replace just the first under dots", () => {
    assert.deepEqual(onEach(threeWrites), {
      dvvset: [2, 3],
      dvv: [2, 3],
      "riak-dvv": [2, 3],
      "vv-server": [1, 2, 3],
      "vv-server-separate": [3],
      "vv-client": [2, 3],
      lww: [3],
      "lww-hlc": [3],
    });
  });

  it("look like this in each strategy's own terms", () => {
    const shown = (name: string): string[] => {
      const clock = clockNamed(name);
      const first = clock.update(undefined, "", v(1), by(a));
      const second = clock.update(first, "", v(2), by(a));
      return [first, second, clock.update(second, clock.context(first), v(3), by(a))].map((state) =>
        clock.describe(state),
      );
    };
    assert.deepEqual(shown("vv-server-separate"), ["n0:1[w1]", "n0:2[w2]", "n0:3[w3]"]);
    assert.deepEqual(shown("vv-server"), ["n0:1 [w1]", "n0:2 [w1,w2]", "n0:3 [w1,w2,w3]"]);
    assert.deepEqual(shown("dvvset"), ["n0:1[w1]", "n0:2[w2,w1]", "n0:3[w3,w2]"]);
    assert.deepEqual(shown("dvv"), ["(n0:1)[w1]", "(n0:1)[w1] | (n0:2)[w2]", "(n0:2)[w2] | (n0:3)n0:1[w3]"]);
    assert.deepEqual(shown("riak-dvv"), ["n0:1 [w1(n0:1)]", "n0:2 [w1(n0:1),w2(n0:2)]", "n0:3 [w2(n0:2),w3(n0:3)]"]);
  });
});

describe("a thousand clients that read and write one key on three servers (DVV-3)", () => {
  const CLIENTS = 1_000;
  const SERVERS = 3;

  /** The state at the end; every client reads all servers and writes through the next. */
  function storm(clock: Clock): unknown {
    let state: unknown;
    for (let client = 1; client <= CLIENTS; client++) {
      const context = state === undefined ? "" : clock.context(state);
      const maker = by(packActor(client % SERVERS, 0, 1), 1_000 * client, client);
      state = clock.update(state, context, v(client), maker);
    }
    return state;
  }

  /** Each strategy's, played once. */
  let states: Record<string, unknown> = {};
  before(() => {
    states = onEach(storm);
  });

  it("make a thousand entries by client, and never more than the servers by server", () => {
    assert.deepEqual(
      onEach((clock) => clock.entries(states[clock.name])),
      {
        dvvset: SERVERS,
        // The vector of what was read, and the dot.
        dvv: SERVERS + 1,
        "riak-dvv": SERVERS + 1,
        "vv-server": SERVERS,
        "vv-server-separate": SERVERS,
        "vv-client": CLIENTS,
        lww: 0,
        "lww-hlc": 0,
      },
    );
  });

  it("grow the metadata as each strategy declares", () => {
    for (const clock of CLOCKS.values()) {
      const entries = clock.entries(states[clock.name]);
      switch (clock.declares.growsWith) {
        case "clients":
          assert.ok(entries >= CLIENTS, clock.name);
          break;
        case "replicas":
          assert.ok(entries > 0 && entries <= SERVERS + 1, clock.name);
          break;
        case "nothing":
          assert.equal(entries, 0, clock.name);
      }
    }
  });

  it("stay within a limit for pruning", () => {
    for (const limit of [10, 50]) {
      const clock = clockFor({ clock: "vv-client", prune: { small: limit, big: limit, youngMs: 0, oldMs: 0 } });
      assert.equal(clock.entries(storm(clock)), limit);
    }
  });

  it("leave one version each: all had read all", () => {
    assert.deepEqual(
      onEach((clock) => writeIds(clock.versions(states[clock.name]))),
      onEach(() => [CLIENTS]),
    );
  });
});

describe("blind writers through one server", () => {
  it("leave what each strategy can tell apart of a hundred", () => {
    const blind = (clock: Clock): number => {
      let state: unknown;
      for (let write = 1; write <= 100; write++) state = clock.update(state, "", v(write), by(a, 1_000 * write, write));
      return clock.versions(state).length;
    };
    assert.deepEqual(onEach(blind), {
      dvvset: 100,
      dvv: 100,
      "riak-dvv": 100,
      "vv-server": 100,
      "vv-server-separate": 1,
      "vv-client": 100,
      lww: 1,
      "lww-hlc": 1,
    });
  });
});
