/**
 * Dotted version vectors: the scripts by which their authors tell clocks apart. The sibling explosion is played through the whole engine
 * and on real processes; the three writes and the thousand clients on the clock strategies themselves, where the script is the test.
 */
import { clockNamed, packActor, type Clock, type EventMaker } from "../../engine/clocks/clock";
import type { ReproducedPoint } from "../../results/record/reproduction";
import { atMost, between, exactly } from "./judge";
import { metricOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

const README = "README of ricardobcl/Dotted-Version-Vectors";

async function explosion(context: MeasuringContext, world: "simulation" | "processes"): Promise<Measured> {
  const run = await context.run({
    experiment: "sibling-explosion",
    sets: ["sweep.axes.clock=[vv-server, dvvset]", ...(world === "processes" ? ["world=processes"] : [])],
  });
  const seen = (clock: string, script: string) =>
    metricOf(run, "siblings_max", { clock, "workload.script": script }, world);
  return {
    points: ["explosion-1", "explosion-2"].flatMap((script, i): ReproducedPoint[] => [
      exactly(
        { label: `siblings under a merged vector, scenario ${i + 1}`, unit: "", published: 101 },
        seen("vv-server", script),
      ),
      between(
        { label: `siblings under dots, scenario ${i + 1}`, unit: "", published: 2 },
        seen("dvvset", script),
        2,
        3,
      ),
    ]),
  };
}

const by = (server: number, at: number, client: number): EventMaker => ({
  ...{ actor: packActor(server, 0, 1), at, client, minted: 0 },
});

const version = (writeId: number) => ({ writeId, value: `v${writeId}`, tombstone: false });

/** Two blind writes through one server, then one that had read the first: which are left. */
function threeWrites(clock: Clock): readonly number[] {
  const first = clock.update(undefined, "", version(1), by(0, 1_000, 1));
  const second = clock.update(first, "", version(2), by(0, 2_000, 2));
  const third = clock.update(second, clock.context(first), version(3), by(0, 3_000, 1));
  return clock
    .versions(third)
    .map(({ writeId }) => writeId)
    .sort((a, b) => a - b);
}

function scripts(): readonly ReproducedPoint[] {
  const left = (name: string): readonly number[] => threeWrites(clockNamed(name));
  const separate = left("vv-server-separate");
  const merged = left("vv-server");
  const dots = left("dvvset");
  const has = (of: readonly number[], ...wanted: number[]): number => wanted.filter((one) => of.includes(one)).length;
  return [
    exactly(
      { label: "separate vectors by server: v1 and v2 that are left", unit: "", published: 0 },
      { value: has(separate, 1, 2) },
    ),
    exactly({ label: "merged vector by server: siblings", unit: "", published: 3 }, { value: merged.length }),
    exactly({ label: "dots: siblings", unit: "", published: 2 }, { value: dots.length }),
    exactly({ label: "dots: v2 and v3 among them", unit: "", published: 2 }, { value: has(dots, 2, 3) }),
  ];
}

const CLIENTS = 1_000;
const SERVERS = 3;

/** Every client reads and then writes one key, through the servers in turn. */
function entriesAfter(clock: Clock): number {
  let state: unknown;
  for (let client = 1; client <= CLIENTS; client++) {
    const context = state === undefined ? "" : clock.context(state);
    state = clock.update(state, context, version(client), by(client % SERVERS, 1_000 * client, client));
  }
  return clock.entries(state);
}

const dvv = { paper: "dvv", source: README, read: "primary", tier: 1 } as const;

export const CLOCK_TARGETS: readonly Target[] = [
  {
    id: "DVV-1",
    claim: "Two clients, 101 writes: 101 siblings under a merged version vector, two under dots.",
    ...dvv,
    world: "simulation",
    source: `${README}: two runs on a real Riak`,
    tolerance: "exact; 2 or 3 under dots",
    run: "sibling-explosion, both scripts, through the engine",
    minutes: { quick: 0.05, full: 0.05 },
    measure: (context) => explosion(context, "simulation"),
  },
  {
    id: "DVV-1",
    variant: "processes",
    claim: "The same on three real processes.",
    ...dvv,
    world: "processes",
    source: `${README}: two runs on a real Riak`,
    tolerance: "exact; 2 or 3 under dots",
    run: "sibling-explosion -S world=processes",
    minutes: { full: 2 },
    measure: (context) => explosion(context, "processes"),
  },
  {
    id: "DVV-2",
    claim:
      "Three writes through one server: separate vectors lose two, a merged one keeps all, dots keep the right two.",
    ...dvv,
    world: "simulation",
    tolerance: "exact",
    run: "the script, on the clock strategies themselves",
    minutes: { quick: 0.01, full: 0.01 },
    measure: () => Promise.resolve({ points: scripts() }),
  },
  {
    id: "DVV-3",
    claim: "A thousand clients of one key: a thousand entries by client, no more than replicas by dot.",
    ...dvv,
    world: "simulation",
    tolerance: "exact; at most three by dot",
    run: "a thousand read-modify-writes on three servers, on the clock strategies themselves",
    minutes: { quick: 0.01, full: 0.01 },
    measure: () =>
      Promise.resolve({
        points: [
          exactly(
            { label: "entries of a vector by client", unit: "", published: 1_000 },
            { value: entriesAfter(clockNamed("vv-client")) },
          ),
          atMost(
            { label: "entries under dots (dvvset)", unit: "", published: SERVERS },
            { value: entriesAfter(clockNamed("dvvset")) },
            SERVERS,
          ),
        ],
      }),
  },
];
