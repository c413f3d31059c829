/**
 * The process that overloads nodes: `host/overload.ts` says what is due, a client library with a connection to each node
 * sends it, with the delays that the experiment gives to clients. It lives as long as its parent's channel is open.
 *
 * Timers are a millisecond coarse, so what is due within one leaves together; at a lower priority than the driver, it may
 * also come late, and then sends all that has become due, up to the bound on what is under way.
 */
import { setPriority } from "node:os";
import "./native-octets";
import { Overload } from "../host/overload";
import { Ring } from "../ring/ring";
import { MICROS_PER_MS } from "../vocabulary/micros";
import { Random } from "../vocabulary/random";
import { Client } from "./client";
import type { FromFlood, ToFlood } from "./flood";
import { monotonicMicros } from "./monotonic";

const NICENESS = 5;
/** A client gives up so long after the store's own timeout. */
const GRACE_MS = 500;

function tell(message: FromFlood): void {
  if (process.connected) process.send?.(message);
}

async function begin({ cluster, addresses }: Extract<ToFlood, { type: "begin" }>): Promise<void> {
  const ring = Ring.build(cluster.ring, cluster.members, Random.fromSeed(cluster.seed).fork("ring"));
  const client = await Client.open({
    cluster,
    addresses,
    ring,
    routing: "any",
    connectionsPerNode: 1,
    shaped: true,
    direct: true,
    graceMs: GRACE_MS,
  });
  const overload = new Overload({
    ring,
    nVal: cluster.engine.nVal,
    seed: cluster.seed,
    get: (node, address, done) => client.get(address, undefined, ({ outcome }) => done(outcome), undefined, node),
  });
  let timer: NodeJS.Timeout | undefined;
  const flow = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    const next = overload.nextWakeup();
    if (next === undefined) return;
    timer = setTimeout(
      () => {
        overload.wake(monotonicMicros());
        flow();
      },
      Math.max(1, Math.ceil((next - monotonicMicros()) / MICROS_PER_MS)),
    );
  };
  process.on("message", (message: ToFlood) => {
    if (message.type === "moved") client.moved(message.addresses);
    else if (message.type !== "begin") {
      if (message.type === "send") {
        const now = monotonicMicros();
        // Nothing that was due until now is forgotten.
        overload.wake(now);
        overload.set(message.node, message.streams, now);
        flow();
      }
      const { user, system } = process.cpuUsage();
      tell({
        type: "done",
        id: message.id,
        requests: overload.requests(),
        cpuMs: (user + system) / MICROS_PER_MS,
      });
    }
  });
  tell({ type: "ready" });
}

process.once("disconnect", () => process.exit(0));
process.once("message", (message: ToFlood) => {
  setPriority(NICENESS);
  if (message.type !== "begin") return;
  begin(message).catch((error: unknown) => {
    tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
    process.exit(70);
  });
});
