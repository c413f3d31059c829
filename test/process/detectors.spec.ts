import { detectorNamedWith, type Keys } from "../engine/detectors/named";
import { LiveCluster, needsCompiledNodes } from "./live-cluster";
import { until } from "./until";

const NODES = 4;
/** Quick, though not so quick that a busy machine looks like a dead node. */
const PACE: Keys = {
  heartbeat_interval: "100ms",
  timeout: "1s",
  margin: "600ms",
  min_deviation: "50ms",
  acceptable_pause: "300ms",
  threshold: 4,
  first_interval: "100ms",
  max_interval: "400ms",
  probe_interval: "200ms",
  probe_timeout: "80ms",
  suspicion_mult: 3,
  suspicion_max_mult: 2,
  rumour_interval: "50ms",
};
/** Those that also see, soon, a process that stands still. */
const STANDING_STILL = new Set(["phi-exponential", "swim", "lifeguard"]);

describe("failure detectors among real processes", function () {
  this.timeout(40_000);

  before(function () {
    needsCompiledNodes(this);
  });

  for (const name of ["phi-exponential", "swim", "lifeguard", "link"]) {
    const long = name === "link" ? "" : " (long)";
    it(`${name}: everybody suspects who was killed, and trusts it when it is back${long}`, async () => {
      const live = await LiveCluster.start({ nodes: NODES, engine: { detector: detectorNamedWith(name, PACE) } });
      try {
        /** Nodes whose last word on node-3 this is. */
        const say = (word: string): number => {
          const last = new Map<string, string>();
          for (const line of live.logs) {
            const match = /(node-[124]): (suspected|trusted) node-3/.exec(line);
            if (match !== null) last.set(match[1], match[2]);
          }
          return [...last.values()].filter((one) => one === word).length;
        };
        await live.cluster.kill(2);
        await until("all suspect the dead", () => say("suspected") === NODES - 1, 15_000);
        await live.restart(2);
        await until("all trust the one that is back", () => say("trusted") === NODES - 1, 15_000);
        // A life that begins while another has ended must find that out by itself.
        await live.cluster.kill(2);
        await until("all suspect the dead again", () => say("suspected") === NODES - 1, 15_000);
        await live.restart(0);
        const from = live.logs.length;
        await until("a new life suspects the dead", () => live.logs.slice(from).some((line) => line.includes("node-1: suspected node-3")), 15_000); // prettier-ignore
        await live.restart(2);
        await until("all trust it", () => say("trusted") === NODES - 1, 15_000);
        if (!STANDING_STILL.has(name)) return;
        live.cluster.pause(2);
        await until("all suspect the one that stands still", () => say("suspected") === NODES - 1, 15_000);
        live.cluster.resume(2);
        await until("all trust the one that goes on", () => say("trusted") === NODES - 1, 15_000);
      } finally {
        await live.end();
      }
    });
  }
});
