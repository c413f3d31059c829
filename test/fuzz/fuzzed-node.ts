/**
 * One node process with both front ends, for the fuzzers: alone, N = 1, a young generation that is small, so that memory that
 * grows is memory that is kept. Its resident size is sampled while it is fuzzed, and first and last third are compared.
 */
import { strict as assert } from "node:assert";
import { LiveCluster } from "../process/live-cluster";

/** What the allocator may take more in the last third than in the first, with as many keys. */
const MARGIN_BYTES = 24 * 2 ** 20;
/** Of a key that was added meanwhile: its record, its index, its place in trees. */
const BYTES_A_KEY = 4_096;

/** Few, or keys that nobody resolves would gather siblings all along, and data would look like a leak. */
const MAX_SIBLINGS = 5;

interface Sample {
  readonly rssBytes: number;
  readonly keysHeld: number;
}

export class FuzzedNode {
  private readonly samples: Sample[] = [];

  private constructor(private readonly live: LiveCluster) {}

  static async start(): Promise<FuzzedNode> {
    const live = await LiveCluster.start({
      nodes: 1,
      engine: { nVal: 1, r: 1, w: 1, readTimeoutMs: 10_000, writeTimeoutMs: 10_000, maxSiblings: MAX_SIBLINGS },
      // A heap that may grow to gigabytes is seldom cleared, and looks like a leak; in this one garbage does not pile up, and a leak ends it.
      nodeFlags: ["--max-semi-space-size=1", "--max-old-space-size=48"],
      // Slow senders are cut off within the fuzzers' patience; on a busy machine these are slow themselves.
      front: {
        http: "free",
        pb: "free",
        limits: { headersTimeoutMs: 20_000, requestTimeoutMs: 20_000, maxBodyBytes: 262_144 },
      },
    });
    return new FuzzedNode(live);
  }

  get httpPort(): number {
    return this.live.cluster.fronts()[0].http;
  }

  get pbPort(): number {
    return this.live.cluster.fronts()[0].pb;
  }

  /** Undefined as long as it runs. */
  died(): string | undefined {
    return this.live.deaths[0];
  }

  async sample(): Promise<void> {
    const [counts] = await this.live.cluster.counts(10_000);
    if (counts !== undefined) this.samples.push({ rssBytes: counts.rssBytes, keysHeld: counts.keysHeld });
  }

  /** What is wrong with how its memory went; and how it went, in words. A node that has just started has more to grow. */
  memory(marginBytes = MARGIN_BYTES): { readonly wrong: string | undefined; readonly text: string } {
    const third = Math.floor(this.samples.length / 3);
    assert(third >= 2, "there are samples enough to compare");
    const first = middle(this.samples.slice(0, third));
    const last = middle(this.samples.slice(-third));
    const keys = Math.max(0, last.keysHeld - first.keysHeld);
    const allowed = first.rssBytes + marginBytes + keys * BYTES_A_KEY;
    const text = `${mib(first.rssBytes)} in the first third, ${mib(last.rssBytes)} in the last, ${keys} keys more`;
    return { wrong: last.rssBytes > allowed ? `memory grew: ${text}` : undefined, text };
  }

  /** What the node logged. */
  logs(): readonly string[] {
    return this.live.logs;
  }

  end(): Promise<void> {
    return this.live.end();
  }
}

function middle(samples: readonly Sample[]): Sample {
  const of = (value: (sample: Sample) => number): number =>
    samples.map(value).sort((a, b) => a - b)[Math.floor(samples.length / 2)];
  return { rssBytes: of(({ rssBytes }) => rssBytes), keysHeld: of(({ keysHeld }) => keysHeld) };
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
