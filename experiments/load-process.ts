/**
 * A process that makes its part of a load: a driver with a client of its own, told by its parent what of the cluster it must
 * know, and telling it every record. It lives as long as its parent's channel is open.
 *
 * Records go in batches, at least every {@link FLUSH_MS}; each says until when they are complete. No more than so many are on
 * their way: what the parent does not take in time waits here, where it costs memory and no latency, and when too many wait
 * the trial is given up, because it would end in a machine without memory.
 */
import "../engine/real/native-octets";
import { monotonicMicros } from "../engine/real/monotonic";
import { ProcessWatch } from "../engine/real/process-watch";
import { RingMaker } from "../engine/ring/ring-maker";
import { Random } from "../engine/vocabulary/random";
import type { OperationRecord } from "../results/record/history";
import { driveInRealTime } from "../workloads/real-time";
import { RecordPacker } from "../workloads/record-batch";
import { RecordOutbox } from "../workloads/record-outbox";
import { driverOfShare, operationId } from "../workloads/shares";
import { fromSides, type FromLoad, type ToLoad } from "./load-messages";
import { reach } from "./load-target";

const FLUSH_MS = 20;
/** Records are sent sooner when so many wait, and at most so many at once. */
const BATCH = 1_024;
/** On their way to the parent. */
const MOST_UNDER_WAY = 32_768;
/** Waiting for the parent. */
const MOST_WAITING = 1_000_000;

function tell(message: FromLoad): void {
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): never {
  tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
  process.exit(70);
}

async function begin(message: Extract<ToLoad, { type: "begin" }>): Promise<void> {
  const { cluster, target: name, addresses, fronts, workload, turn, seed, phases, wall } = message;
  const root = Random.fromSeed(seed);
  const rings = new RingMaker(cluster, root.fork("ring"));
  const { target, link } = await reach({
    ...{ target: name, cluster, addresses, fronts, rings, workload, wall, number: turn.index },
  });
  const driver = driverOfShare({ settings: workload, turn, root, phases, start: monotonicMicros() });
  const watch = new ProcessWatch();
  const packer = new RecordPacker();
  let toldLoaded = false;
  let wake: () => void = () => undefined;
  const outbox = new RecordOutbox({
    batch: BATCH,
    underWay: MOST_UNDER_WAY,
    send: (records, until) =>
      tell({ type: "records", batch: packer.pack(records), until, progress: driver.progress() }),
  });
  const keep = (record: OperationRecord): void => outbox.keep({ ...record, id: operationId(record.id, turn) });
  const flush = (): void => {
    // Those that ended since the driver's last turn too, or they would come after they were said to be complete.
    for (const record of driver.takeRecords()) keep(record);
    outbox.flush(monotonicMicros());
    if (outbox.waiting > MOST_WAITING)
      fail(`${String(outbox.waiting)} operations wait to be recorded: they are made faster than they are put together`);
    if (driver.loaded && !toldLoaded) {
      toldLoaded = true;
      tell({ type: "loaded" });
    }
  };
  process.on("message", (told: ToLoad) => {
    switch (told.type) {
      case "begin":
        return;
      case "start":
        drive();
        return;
      case "release":
        // What is due since then, where the word came late, leaves late and is timed from then.
        driver.release(told.at);
        wake();
        return;
      case "ping":
        tell({ type: "pong", id: told.id, at: monotonicMicros() });
        return;
      case "serves":
        link.serves(told.node, told.on);
        return;
      case "ring":
        link.ringChanged(rings.of(told.plan));
        return;
      case "partitions":
        link.partitioned(told.partitions.map(fromSides));
        return;
      case "moved":
        link.moved(told.addresses, told.fronts);
        return;
      case "taken":
        outbox.took(told.records);
        return;
      case "keys": {
        const activity = new Float64Array(told.keys.length * 2);
        told.keys.forEach((key, i) => {
          activity[2 * i] = driver.writesInFlight(key) ? 1 : 0;
          activity[2 * i + 1] = driver.lastWriteActivity(key);
        });
        tell({ type: "keys", id: told.id, activity });
        return;
      }
      case "count": {
        const { user, system } = process.cpuUsage();
        const counts = watch.counts();
        watch.startSpan();
        const latenessP99Ms = link.takeDelayLatenessP99Ms();
        tell({ type: "counts", id: told.id, cpuMs: (user + system) / 1_000, latenessP99Ms, process: counts });
        return;
      }
    }
  });
  const drive = (): void => {
    const flushing = setInterval(flush, FLUSH_MS);
    driveInRealTime({
      driver,
      target,
      now: monotonicMicros,
      record: keep,
      turned: () => {
        if (outbox.full || (driver.loaded && !toldLoaded)) flush();
      },
      waker: (woken) => (wake = woken),
      // Who is not wanted any more is ended.
      signal: new AbortController().signal,
    })
      .then(() => {
        clearInterval(flushing);
        outbox.end(monotonicMicros());
        link.close();
      })
      .catch(fail);
  };
  tell({ type: "ready" });
}

process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group: the trial decides when its processes end.
process.on("SIGINT", () => undefined);
process.on("uncaughtException", fail);
process.once("message", (message: ToLoad) => {
  if (message.type === "begin") begin(message).catch(fail);
});
