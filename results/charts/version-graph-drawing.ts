/**
 * The writes of one key as a history is drawn: time runs down, one row a write and one lane a session, and a line from a
 * write to every write whose client had read it. What became of each stands in its mark and again in words, because a
 * colour alone is lost on paper and on some eyes. Rows are of equal height, not to scale: a burst of writes in one
 * millisecond is where clocks err, and to scale it would be one blot.
 *
 * Written by hand because Chart.js has no such picture. It is as large as its words need; the page scrolls it.
 */
import type { AnomalyEvidence, VersionGraph } from "../record/figures";
import { anomalyWords, writeName } from "./anomaly-words";
import type { NumberedEvidence } from "./evidence";
import { escapeText } from "./markup";
import { brief } from "./svg-canvas";
import { textWidth } from "./text-width";

type Write = VersionGraph["writes"][number];
type Fate = Write["fate"];

export interface VersionGraphDrawing {
  readonly width: number;
  readonly height: number;
  /** The inside of an `<svg>`. Colours are CSS variables. */
  readonly content: string;
  readonly shown: readonly Write[];
  /** Sessions, and the lanes that they share. */
  readonly sessions: number;
  readonly lanes: number;
}

export interface VersionGraphOptions {
  readonly graph: VersionGraph;
  /** About this key. */
  readonly evidence: readonly NumberedEvidence[];
  readonly elementId: (write: number) => string;
}

const MOST_WRITES = 200;
/** With more sessions than this a lane is free again after its session's last write. */
const MOST_OWN_LANES = 14;
const ROW = 22;
const TOP = 44;
const LEFT = 64;
const FONT = 12;
const FAR_ROWS = 30;
/** Of many sessions with more writes than this the lines are paler. */
const CROWD = 60;
const GAP = 10;
const HEADING = "write, and what became of it";
/** Widths are Helvetica's; where it is missing a wider one takes its place. */
const WIDER_FONT = 1.22;

export function drawVersionGraph({ graph, evidence, elementId }: VersionGraphOptions): VersionGraphDrawing {
  const shown = shownWrites(
    graph,
    evidence.map((one) => one.evidence),
  );
  const { laneOf, lanes, sessions } = lanesOf(shown);
  const named = sessions <= MOST_OWN_LANES;
  const names = [...laneOf.keys()].map(String);
  const widest = Math.max(0, ...names.map((name) => textWidth(name, FONT, false)));
  const lane = named ? Math.min(44, Math.max(24, widest + 8)) : lanes > 20 ? 12 : 18;
  const rowOf = new Map(shown.map((write, i) => [write.id, i]));
  const y = (row: number): number => TOP + ROW * (row + 0.5);
  const casesOf = new Map<number, NumberedEvidence[]>();
  for (const one of evidence)
    for (const write of one.evidence.writes) casesOf.set(write, [...(casesOf.get(write) ?? []), one]);
  const rows = shown.map((write, i) => ({
    write,
    row: i,
    words: wordsOf(write),
    cases: casesInWords(write, casesOf.get(write.id) ?? []),
  }));
  const longest = Math.max(
    textWidth(HEADING, FONT, false),
    ...rows.map(
      ({ words, cases }) => textWidth(words, FONT, false) + (cases === "" ? 0 : 8 + textWidth(cases, FONT, true)),
    ),
  );
  // Beside a hundred lanes words would be out of sight: there they come first.
  const lanesX = named ? LEFT : LEFT + GAP + longest * WIDER_FONT;
  const wordsX = named ? LEFT + lane * lanes + GAP : LEFT;
  const x = (write: Write): number => lanesX + lane * (laneOf.get(write.session)! + 0.5);
  const width = Math.ceil((named ? wordsX + longest * WIDER_FONT : lanesX + lane * lanes) + GAP);
  const height = TOP + ROW * shown.length + 8;

  const head =
    text(LEFT - 14, 16, "time (s)", { anchor: "end", fill: "muted" }) +
    text(lanesX + (lane * lanes) / 2, 16, lanes < 3 ? "session" : named ? "one lane a session" : "sessions", {
      anchor: "middle",
      fill: "muted",
    }) +
    text(wordsX, 36, HEADING, { fill: "muted" }) +
    (named
      ? [...laneOf]
          .map(([session, i]) => text(lanesX + lane * (i + 0.5), 36, String(session), { anchor: "middle" }))
          .join("")
      : "");
  const laneLines = Array.from({ length: lanes }, (_, i) => {
    const at = brief(lanesX + lane * (i + 0.5));
    return `M${at} ${TOP}V${height - 8}`;
  }).join("");

  let edges = "";
  let outside = "";
  for (const { write, row } of rows)
    for (const id of write.saw) {
      const from = rowOf.get(id);
      if (from === undefined) outside += `M${brief(x(write) - 5)} ${brief(y(row) - 5)}l-6 -7`;
      else edges += edge(rows, { from, to: row, x, y, lane });
    }
  let marks = "";
  for (const { evidence: one } of evidence) {
    const from = rowOf.get(one.writes[0]);
    for (const id of one.writes.slice(1, 4)) {
      const to = rowOf.get(id);
      if (from === undefined || to === undefined || from === to) continue;
      // Across the whole picture they would lie on each other: a short end towards the other says as much.
      if (Math.abs(to - from) > FAR_ROWS)
        marks += `M${brief(x(shown[from]) + 9)} ${brief(y(from))}q6 2 7 ${brief(ROW * (to > from ? 0.8 : -0.8))}`;
      else marks += bow(x(shown[from]), y(from), x(shown[to]), y(to), lane);
    }
  }

  const nodes = rows.map(({ write, row, words, cases }) => {
    const [cx, cy] = [x(write), y(row)];
    const inCase = cases !== "";
    return (
      `<g${inCase ? ` id="${escapeText(elementId(write.id))}"` : ""}><title>${escapeText(titleOf(write, cases))}</title>` +
      (inCase
        ? `<rect class="row" x="0" y="${brief(cy - ROW / 2)}" width="${width}" height="${ROW}" fill="none"/>`
        : "") +
      text(LEFT - 14, cy + 4, write.startS.toFixed(3), { anchor: "end", fill: "muted" }) +
      `<circle cx="${brief(cx)}" cy="${brief(cy)}" r="8" fill="var(--page)"/>` +
      graphGlyph(write.fate, cx, cy) +
      (inCase
        ? `<circle cx="${brief(cx)}" cy="${brief(cy)}" r="9.5" fill="none" stroke="var(--bad)" stroke-width="2"/>`
        : "") +
      // Behind each other in one text: where the first ends depends on the reader's font.
      `<text x="${brief(wordsX)}" y="${brief(cy + 4)}" fill="var(--${write.fate === "replaced" && !inCase ? "muted" : "ink"})">${escapeText(words)}` +
      (inCase ? `<tspan dx="8" fill="var(--bad)" font-weight="bold">${escapeText(cases)}</tspan>` : "") +
      "</text></g>"
    );
  });
  const path = (d: string, style: string): string => (d === "" ? "" : `<path d="${d}" fill="none" ${style}/>`);
  return {
    width,
    height,
    shown,
    sessions,
    lanes,
    content:
      head +
      path(laneLines, `stroke="var(--grid)"`) +
      path(
        edges,
        `stroke="var(--muted)" stroke-width="1.25" stroke-opacity="${shown.length > CROWD && !named ? ".4" : ".75"}"`,
      ) +
      path(outside, `stroke="var(--muted)" stroke-dasharray="2 2"`) +
      path(marks, `stroke="var(--bad)" stroke-width="2" stroke-dasharray="5 3"`) +
      nodes.join(""),
  };
}

/** The mark of a fate, about a point: also for legends. */
export function graphGlyph(fate: Fate, x: number, y: number): string {
  const at = `${brief(x)} ${brief(y)}`;
  switch (fate) {
    case "held":
      return `<circle cx="${brief(x)}" cy="${brief(y)}" r="6" fill="var(--s3)"/>`;
    case "replaced":
      return `<circle cx="${brief(x)}" cy="${brief(y)}" r="5" fill="var(--page)" stroke="var(--muted)" stroke-width="1.75"/>`;
    case "lost":
      return `<path d="M${at}m-6 -6h12v12h-12Z" fill="var(--s2)"/><path d="M${at}m-3.5 -3.5l7 7m0 -7l-7 7" stroke="var(--page)" stroke-width="2" fill="none"/>`;
    case "unknown":
      return (
        `<path d="M${at}m0 -7l7 7l-7 7l-7 -7Z" fill="var(--page)" stroke="var(--ink)" stroke-width="1.25" stroke-dasharray="2.5 1.5"/>` +
        `<text x="${brief(x)}" y="${brief(y + 3.5)}" text-anchor="middle" font-size="10" fill="var(--ink)">?</text>`
      );
  }
}

export const FATE_IN_WORDS: Readonly<Record<Fate, string>> = {
  held: "kept",
  replaced: "replaced",
  lost: "lost",
  unknown: "not known",
};

/** At most so many, from the newest on, and with the first case among them. */
export function shownWrites({ writes }: VersionGraph, evidence: readonly AnomalyEvidence[]): readonly Write[] {
  if (writes.length <= MOST_WRITES) return writes;
  const concerned = new Set(evidence.flatMap((one) => one.writes));
  const first = writes.findIndex(({ id }) => concerned.has(id));
  const latest = writes.length - MOST_WRITES;
  const from = first < 0 ? latest : Math.max(0, Math.min(latest, first - MOST_WRITES / 4));
  return writes.slice(from, from + MOST_WRITES);
}

function lanesOf(shown: readonly Write[]): {
  readonly laneOf: ReadonlyMap<number, number>;
  readonly lanes: number;
  readonly sessions: number;
} {
  const last = new Map<number, number>();
  shown.forEach(({ session }, i) => last.set(session, i));
  const laneOf = new Map<number, number>();
  if (last.size <= MOST_OWN_LANES) {
    for (const session of [...last.keys()].sort((a, b) => a - b)) laneOf.set(session, laneOf.size);
    return { laneOf, lanes: laneOf.size, sessions: last.size };
  }
  const freeAfter: number[] = [];
  shown.forEach(({ session }, i) => {
    if (laneOf.has(session)) return;
    let lane = freeAfter.findIndex((row) => row < i);
    if (lane < 0) lane = freeAfter.length;
    laneOf.set(session, lane);
    freeAfter[lane] = last.get(session)!;
  });
  return { laneOf, lanes: freeAfter.length, sessions: last.size };
}

interface EdgePlace {
  readonly from: number;
  readonly to: number;
  readonly x: (write: Write) => number;
  readonly y: (row: number) => number;
  readonly lane: number;
}

/** Straight down a lane, around what stands in between, or across with upright ends. */
function edge(rows: readonly { readonly write: Write }[], { from, to, x, y, lane }: EdgePlace): string {
  const [x1, y1, x2, y2] = [x(rows[from].write), y(from), x(rows[to].write), y(to)];
  if (x1 === x2) {
    const between = rows.slice(from + 1, to).some(({ write }) => x(write) === x1);
    if (!between) return `M${brief(x1)} ${brief(y1)}V${brief(y2)}`;
    const side = brief(x1 - lane * 0.42);
    return `M${brief(x1)} ${brief(y1)}C${side} ${brief(y1 + ROW)} ${side} ${brief(y2 - ROW)} ${brief(x2)} ${brief(y2)}`;
  }
  const bend = Math.min(ROW * 1.5, (y2 - y1) / 2);
  return `M${brief(x1)} ${brief(y1)}C${brief(x1)} ${brief(y1 + bend)} ${brief(x2)} ${brief(y2 - bend)} ${brief(x2)} ${brief(y2)}`;
}

/** Between the writes of a case, to the right of both. */
function bow(x1: number, y1: number, x2: number, y2: number, lane: number): string {
  const side = brief(Math.max(x1, x2) + lane * 0.55);
  return `M${brief(x1)} ${brief(y1)}C${side} ${brief(y1)} ${side} ${brief(y2)} ${brief(x2)} ${brief(y2)}`;
}

function wordsOf(write: Write): string {
  const what = write.tombstone ? `${writeName(write.id)} delete, ` : `${writeName(write.id)} `;
  const became = write.fate === "unknown" && write.endS === null ? "no answer" : FATE_IN_WORDS[write.fate];
  return `${what}${became}`;
}

/** `E1 to E3 false conflict, E5`: the kind at the write that suffered. */
function casesInWords({ id }: Write, cases: readonly NumberedEvidence[]): string {
  if (cases.length === 0) return "";
  const byRole = new Map<string, number[]>();
  for (const { number, evidence } of cases) {
    const role = evidence.writes[0] === id ? ` ${anomalyWords(evidence.kind).one}` : "";
    byRole.set(role, [...(byRole.get(role) ?? []), number]);
  }
  return [...byRole].map(([role, numbers]) => inRanges(numbers) + role).join(", ");
}

/** `E1`, `E1 to E4`, `E1, E3`. */
function inRanges(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([a, b]) => (a === b ? `E${a}` : `E${a}${b === a + 1 ? "," : " to"} E${b}`)).join(", ");
}

function titleOf(write: Write, cases: string): string {
  return (
    `Write ${writeName(write.id)}${write.tombstone ? " (a delete)" : ""} of session ${write.session}, sent at ${write.startS.toFixed(3)} s, ` +
    `${write.endS === null ? "never answered" : `acknowledged at ${write.endS.toFixed(3)} s`}; ${FATE_IN_LONG[write.fate]}; ` +
    `its client had read ${write.saw.length === 0 ? "no version of the key" : write.saw.slice(0, 8).map(writeName).join(", ")}` +
    `${write.saw.length > 8 ? ` and ${write.saw.length - 8} more` : ""}.${cases === "" ? "" : ` ${cases}.`}`
  );
}

const FATE_IN_LONG: Readonly<Record<Fate, string>> = {
  held: "still held by a replica at the end",
  replaced: "replaced by a write whose client had read it",
  lost: "lost: held by no replica at the end, and no later writer had read it",
  unknown: "nobody can tell what became of it",
};

function text(
  x: number,
  y: number,
  words: string,
  { anchor = "start", fill = "ink" }: { anchor?: string; fill?: string } = {},
): string {
  return `<text x="${brief(x)}" y="${brief(y)}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`} fill="var(--${fill})">${escapeText(words)}</text>`;
}
