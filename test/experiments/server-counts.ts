/** Counters of a node process that did nothing but what a test says. */
import { Traffic } from "../../engine/host/traffic";
import { NOTHING_DONE } from "../../engine/node";
import type { ServerCounts } from "../../engine/real/control";

export function countsOf(more: Partial<ServerCounts> = {}): ServerCounts {
  return {
    ...NOTHING_DONE,
    messagesSent: 0,
    bytesSent: 0,
    lost: 0,
    queueDrops: 0,
    away: 0,
    latenessP99Ms: 0,
    byCause: new Traffic().byCause(),
    keysHeld: 0,
    steps: 0,
    cpuMs: 0,
    rssBytes: 0,
    loopDelayP99Ms: 0,
    loopDelayMaxMs: 0,
    gcMs: 0,
    gcCount: 0,
    gcLongestMs: 0,
    ...more,
  };
}
