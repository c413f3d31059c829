/**
 * MADE-UP figures of clocks against the truth, for tests of charts and reports: no clock ran. Their shapes are those the
 * literature promises: one merged vector returns false conflicts and its siblings grow with the writes, timestamps lose
 * acknowledged writes, vectors by client grow with the writers, dotted version vectors do none of it. The key of the drawn
 * graph carries hostile text on purpose.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { AnomalyEvidence, AnomalyKind, CausalityFigures, VersionGraph } from "../../results/record/figures";

export interface CausalityOptions {
  readonly clock: string;
  readonly key: string;
  /** How often things go wrong, times the ordinary. */
  readonly times?: number;
  readonly sessions?: number;
  readonly writes?: number;
}

const READS = 6000;
const WRITES = 5000;

export function madeUpCausality(
  random: Random,
  { clock, key, times = 1, sessions = 4, writes = 18 }: CausalityOptions,
): CausalityFigures {
  const unit = (): number => random.nextUint32() / 2 ** 32;
  const near = (value: number): number => Math.round(value * (0.9 + 0.2 * unit()));
  const loses = clock === "lww";
  const conflicts = clock === "vv-server";
  const byClient = clock === "vv-client";
  const lost = loses ? near(12 * times) : 0;
  const wrong = Math.floor(lost / 3);
  const anomaly = (kind: AnomalyKind, count: number, outOf: number, undecided = 0) => ({
    ...{ kind, count, outOf, undecided },
  });
  const from = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 96, 128];
  const to = [...from.slice(1), 192];
  const siblings = (k: number): number =>
    conflicts ? 1 + 0.8 * k : loses ? 1 : 1 + 0.9 * (1 - Math.exp(-k / 3)) + 0.05 * unit();
  const writers = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
  const entries = (n: number): number => (loses ? 1 : byClient ? n : Math.min(3, n));
  const { graph, evidence } = madeUpGraph(random, { clock, key, sessions, writes });
  return {
    anomalies: [
      anomaly("lost-update", lost, WRITES, 7),
      anomaly("missed-conflict", lost - wrong, WRITES, 7),
      anomaly("false-dominance", wrong, WRITES, 7),
      anomaly("false-conflict", conflicts ? near(1300 * times) : 0, READS),
      anomaly("resurrected-delete", conflicts ? 2 : 0, READS),
    ],
    evidence,
    siblingsByWrites: {
      from,
      to,
      reads: from.map((k) => near(k === 0 ? 0 : 400 - k)),
      mean: from.map((k) => siblings(k) * (0.98 + 0.04 * unit())),
      max: from.map((k) => Math.ceil(siblings(k) * 1.3)),
    },
    metadataByWriters: {
      from: writers,
      to: [...writers.slice(1), 48],
      copies: writers.map(() => near(60)),
      bytesMean: writers.map((n) => 9 + (11 + unit()) * entries(n)),
      bytesMax: writers.map((n) => 11 + 13 * Math.ceil(entries(n))),
      entriesMean: writers.map((n) => entries(n) * 0.97),
      entriesMax: writers.map((n) => Math.ceil(entries(n))),
    },
    graph,
  };
}

/** Sessions take turns in a drawn order; each reads before it writes, now and then a write is blind. */
function madeUpGraph(
  random: Random,
  { clock, key, sessions = 4, writes = 18 }: CausalityOptions,
): { readonly graph: VersionGraph; readonly evidence: AnomalyEvidence[] } {
  interface Made {
    id: number;
    session: number;
    startS: number;
    endS: number | null;
    tombstone: boolean;
    saw: number[];
    fate: "held" | "replaced" | "lost" | "unknown";
  }
  const made: Made[] = [];
  const counters = new Map<number, number>();
  for (let i = 0; i < writes; i++) {
    const session = 1 + (random.nextUint32() % sessions);
    const counter = (counters.get(session) ?? 0) + 1;
    counters.set(session, counter);
    const latest = made.slice(-2).map(({ id }) => id);
    const saw = i > 0 && random.nextUint32() % 5 > 0 ? latest.slice(random.nextUint32() % 2 === 0 ? -1 : 0) : [];
    const startS = Number((5 + i * 0.8137 + (random.nextUint32() % 100) / 1000).toFixed(6));
    const answered = i % 11 !== 7;
    const one: Made = {
      id: session * 2 ** 32 + counter,
      ...{ session, startS, endS: answered ? startS + 0.004 : null, tombstone: i % 9 === 5, saw, fate: "held" },
    };
    for (const id of saw) made.find((before) => before.id === id)!.fate = "replaced";
    made.push(one);
  }
  for (const one of made) {
    if (one.fate !== "held") continue;
    if (one.endS === null) one.fate = "unknown";
    else if (clock === "lww" && one !== made.at(-1)) one.fate = "lost";
  }
  const evidence: AnomalyEvidence[] = [];
  if (clock === "lww")
    for (const one of made.filter(({ fate }) => fate === "lost").slice(0, 3))
      for (const kind of ["lost-update", "missed-conflict"] as const)
        evidence.push({
          ...{ kind, key, atS: one.startS, writes: [one.id, made.at(-1)!.id], read: null },
          text: `Session ${one.session} was told that its write is stored; at the end no replica holds it and nobody had read it.`,
        });
  if (clock === "vv-server")
    for (const [i, one] of made.entries())
      if (evidence.length < 3 && one.saw.length > 0)
        evidence.push({
          ...{ kind: "false-conflict", key, atS: one.startS + 0.1, writes: [one.id, one.saw[0]], read: 1200 + 17 * i },
          text: `The read returned both, but session ${one.session} had read the one before it wrote the other.`,
        });
  if (clock === "vv-server")
    evidence.push({
      ...{
        kind: "resurrected-delete",
        key: "another key",
        atS: 21.5,
        writes: [2 ** 32 + 400, 2 ** 33 + 7],
        read: 4123,
      },
      text: "The read brought back a version that an acknowledged delete had replaced.",
    });
  return { graph: { key, writes: made, dropped: 0 }, evidence };
}
