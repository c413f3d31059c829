/**
 * What an operation costs the cluster: messages and bytes between nodes over the requests that ended in the measured
 * phase, repairs, and the bytes of causal context that a client has to carry. Messages of a heartbeat or a repair are in
 * the sum too: they are part of the price, and at low rates they are most of it.
 *
 * Nodes count between two instants, so requests are counted between the same two, not by when they were due: a backlog
 * worked off in the drain cost nothing yet, and a request that was never sent costs nothing at all.
 */
import type { MetricValue } from "../record/figures";
import {
  isSpan,
  type NodeCounters,
  type OperationRecord,
  type RecordedOutcome,
  THE_CLIENT_ITSELF,
} from "../record/history";
import { meanOfBlocks } from "../statistics/blocks";
import type { IntervalGrid } from "./interval-grid";
import { tookPart } from "./load-balance";
import type { FinishContext, Findings, Measure, MeasureSetup } from "./measure";
import { CAUSES, repairOfAll } from "../record/repair-counters";
import { notMeasured } from "./percentiles";
import { wordOf } from "./repair";

/** Of these no byte reached a node. */
const NEVER_SENT: readonly RecordedOutcome[] = ["not_sent", "unsupported"];

const MICROS_PER_SECOND = 1_000_000;

export class CostMeasure implements Measure {
  readonly name = "cost";
  private readonly grid: IntervalGrid;
  private readonly contexts: { sum: number; weight: number }[] = [];
  /** Sent, and ended in the measured phase. */
  private requests = 0;
  /** Clients coordinate reads, and so repair after them: nodes count none of that. */
  private clientsRepair = false;

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
  }

  operation(operation: OperationRecord): void {
    if (operation.phase === "load" || isSpan(operation.kind)) return;
    if (operation.coordinator === THE_CLIENT_ITSELF && operation.kind === "read") this.clientsRepair = true;
    const { startOfMeasure, endOfMeasure } = this.grid.phases;
    const within = operation.end >= startOfMeasure && operation.end < endOfMeasure;
    if (within && !NEVER_SENT.includes(operation.outcome)) this.requests++;
    if (
      operation.phase !== "measure" ||
      operation.kind !== "read" ||
      operation.outcome !== "ok" ||
      operation.versions.length === 0
    )
      return;
    const block = (this.contexts[this.grid.indexOf(operation.end)] ??= { sum: 0, weight: 0 });
    block.sum += operation.contextOutBytes;
    block.weight++;
  }

  finish(end: FinishContext): Findings {
    const total = (pick: (node: NodeCounters) => number): number =>
      end.counters.reduce((sum, node) => sum + pick(node), 0);
    const measured = end.counters.length > 0;
    const each = (sum: number, unit: string): MetricValue =>
      measured && this.requests > 0
        ? { value: sum / this.requests, lo: null, hi: null, n: this.requests, unit }
        : notMeasured(unit);
    const { byCause } = measured ? repairOfAll(end.counters) : {};
    const { startOfMeasure, endOfMeasure } = this.grid.phases;
    const present = end.counters.filter((node) => tookPart(node, end)).length;
    const nodeSeconds = (present * (endOfMeasure - startOfMeasure)) / MICROS_PER_SECOND;
    const watching = byCause?.detector;
    const contexts = this.contexts.filter((block) => block !== undefined);
    const reads = contexts.reduce((sum, block) => sum + block.weight, 0);
    const { mean, lo, hi } = meanOfBlocks(contexts);
    return {
      metrics: {
        messages_per_op: each(
          total((node) => node.messagesSent),
          "1/op",
        ),
        bytes_per_op: each(
          total((node) => node.bytesSent),
          "bytes/op",
        ),
        ...Object.fromEntries(
          CAUSES.flatMap((cause) => {
            const sent = byCause?.[cause];
            if (sent === undefined) return [];
            return [
              [`messages_per_op_${wordOf(cause)}`, each(sent.messages, "1/op")],
              [
                `bytes_per_op_${wordOf(cause)}`,
                Number.isNaN(sent.bytes) ? notMeasured("bytes/op") : each(sent.bytes, "bytes/op"),
              ],
            ];
          }),
        ),
        ...(watching === undefined || nodeSeconds <= 0
          ? {}
          : {
              detector_messages_per_node_s: rate(watching.messages, nodeSeconds, "1/s"),
              detector_bytes_per_node_s: Number.isNaN(watching.bytes)
                ? notMeasured("bytes/s")
                : rate(watching.bytes, nodeSeconds, "bytes/s"),
            }),
        read_repairs:
          measured && !this.clientsRepair
            ? { value: total((node) => node.readRepairs), lo: null, hi: null, n: this.requests, unit: "count" }
            : notMeasured("count"),
        context_bytes_mean:
          reads === 0
            ? notMeasured("bytes")
            : { value: mean, lo: lo === null ? null : Math.max(0, lo), hi, n: reads, unit: "bytes" },
      },
      evidence: {
        queueDrops: total((node) => node.queueDrops),
        delayLatenessP99Ms: Math.max(
          end.driverDelayLatenessP99Ms ?? 0,
          ...end.counters.map((node) => node.delayLatenessP99Ms),
        ),
      },
    };
  }
}

/** n: the nodes' seconds. */
function rate(sum: number, nodeSeconds: number, unit: string): MetricValue {
  return { value: sum / nodeSeconds, lo: null, hi: null, n: Math.round(nodeSeconds), unit };
}
