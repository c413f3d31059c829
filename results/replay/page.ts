/**
 * The replay as one HTML file that needs nothing else: the trace once as packed JSON in a script element that does not run,
 * the model and the views as the very source the tests run, and a first picture that stands there without any script. It
 * says that its time is simulated, which window it shows and what was left out.
 */
import { embedJson, escapeText } from "../charts/markup";
import { count, counted } from "../charts/numbers";
import { POLICY } from "../reports/page";
import { casting } from "./cast";
import type { CutTrace } from "./cut";
import { messageKinds, type FamilyStyle } from "./message-kinds";
import { replayModel, type Timeline } from "./model";
import { packTrace, unpackTrace } from "./packed-trace";
import { replayProgram } from "./page-program";
import { ringView } from "./ring-view";
import { spaceTimeView } from "./space-time-view";
import { replayStylesheet } from "./stylesheet";
import { replayWords, type ReplayWords } from "./words";

export interface ReplayAbout {
  /** Of the experiment. */
  readonly title: string;
  readonly run: string;
  readonly version: string;
}

/** Keys that can be chosen; the rest are told. */
const MOST_KEYS = 300;

/** A whole HTML document. */
export function renderReplay(cut: CutTrace, about: ReplayAbout): string {
  const { trace } = cut;
  const { header } = trace;
  const timeline = replayModel().timeline(trace);
  const words = replayWords(timeline);
  const title = `Replay · ${header.cell} · ${about.title}`;
  const script =
    `(function(){"use strict";\nvar escape=${escapeText.toString()};\n` +
    `var data=JSON.parse(document.getElementById("trace").textContent);\n` +
    `var timeline=(${replayModel.toString()})().timeline((${unpackTrace.toString()})(data));\n` +
    `var kinds=(${messageKinds.toString()})();\n` +
    `var ring=(${ringView.toString()})(escape,kinds);\n` +
    `var spaceTime=(${spaceTimeView.toString()})(escape,kinds,ring);\n` +
    `var words=(${replayWords.toString()})(timeline);\n` +
    `var casting=(${casting.toString()})();\n` +
    `(${replayProgram.toString()})(window,{timeline:timeline,words:words,casting:casting,ring:ring,spaceTime:spaceTime,escape:escape});\n})();`;
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n` +
    `<title>${escapeText(title)}</title>\n<link rel="icon" href="data:,">\n<style>${replayStylesheet()}</style></head>\n<body>\n` +
    `<header class="top">${heading(timeline, words, cut, about)}</header>\n<main>\n` +
    stage(timeline, words) +
    transport(timeline, words) +
    below(timeline, cut) +
    `</main>\n<footer>Made by quorumlab ${escapeText(about.version)} by running trial ${escapeText(header.trial)} of run ${escapeText(about.run)} again. This page loads nothing from anywhere.</footer>\n` +
    `<script type="application/json" id="trace">${embedJson(packTrace(trace))}</script>\n<script>${script.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--")}</script>\n</body></html>\n`
  );
}

function heading(timeline: Timeline, words: ReplayWords, cut: CutTrace, about: ReplayAbout): string {
  const { header } = timeline;
  const messages = timeline.events.filter((event) => event.kind === "message").length;
  return (
    `<h1>Replay: ${escapeText(about.title)}</h1>` +
    `<p class="question">What every node and message did in configuration <code>${escapeText(header.cell)}</code>, trial <code>${escapeText(header.trial)}</code>, from ${words.time(header.fromMicros)} to ${words.time(header.toMicros)}: ${counted(messages, "message")}.</p>` +
    `<ul class="badges"><li>simulation: this time is virtual, nothing was measured on a machine</li><li>0\u00a0s is the start of the warm-up, as in the report</li></ul>` +
    droppedNote(cut)
  );
}

/** What is missing, plainly; nothing when nothing is. */
function droppedNote({ trace, droppedMessages, droppedOperations, droppedHeartbeats }: CutTrace): string {
  const parts: string[] = [];
  if (trace.header.dropped > 0)
    parts.push(
      `${counted(trace.header.dropped, "event")} of the window were not recorded, because the trace had reached its bound; what they did is not shown`,
    );
  const beyond = droppedMessages - droppedHeartbeats;
  const pieces = [
    ...(droppedHeartbeats > 0 ? [counted(droppedHeartbeats, "heartbeat")] : []),
    ...(beyond > 0 ? [counted(beyond, droppedHeartbeats > 0 ? "other message" : "message")] : []),
    ...(droppedOperations > 0 ? [counted(droppedOperations, "operation")] : []),
  ];
  if (pieces.length > 0) {
    const many = pieces.length > 1 || droppedMessages + droppedOperations > 1;
    parts.push(
      `${list(pieces)} of the trace ${many ? "are" : "is"} not in this page, which holds at most 20 000 messages and was cut to the window above`,
    );
  }
  return parts.length === 0 ? "" : `<p class="dropped" id="dropped">${escapeText(`${parts.join(". ")}.`)}</p>`;
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

function stage(timeline: Timeline, words: ReplayWords): string {
  const key = timeline.keys.at(0)?.key ?? "";
  const filter = { key, otherKeys: false, heartbeats: false };
  const kinds = messageKinds();
  const ring = ringView(escapeText, kinds);
  const cast = casting().cast(timeline, filter);
  const position = timeline.opening(key);
  const at = timeline.instantOf(position);
  const ringWidth = 480;
  const span = 14 * timeline.typicalMicros;
  const diagramWidth = 860;
  const picture = { timeline, words, cast, filter, from: at - span * 0.3, to: at + span * 0.7, width: diagramWidth };
  const drawn = spaceTimeView(escapeText, kinds, ring).draw(picture);
  const first = ring.draw({
    timeline,
    words,
    cast,
    state: timeline.stateAt(position, key),
    at,
    filter,
    width: ringWidth,
  });
  const heartbeats = timeline.events.some((event) => event.kind === "message" && event.what === "heartbeat");
  return (
    `<noscript><p class="dropped">Without JavaScript this page shows one instant and cannot be moved.</p></noscript>` +
    `<section aria-label="What is shown"><div class="choices"><label for="key">Key <select id="key">${keyOptions(timeline)}</select></label>` +
    `<label><input type="checkbox" id="others"> other keys too, faintly</label>` +
    `<label${heartbeats ? "" : " hidden"}><input type="checkbox" id="heartbeats"> heartbeats</label>` +
    `<label for="speed">Play <select id="speed">${speedOptions(timeline, words)}</select></label></div>` +
    (timeline.keys.length > MOST_KEYS
      ? `<p class="facts">${count(timeline.keys.length)} keys were touched; the ${MOST_KEYS} most telling ones can be chosen.</p>`
      : "") +
    `</section><section class="stage"><div><div class="heading"><h2>The ring at this instant</h2></div>` +
    `<div class="box" id="ring-box"><svg id="ring" viewBox="0 0 ${ringWidth} ${ring.height(ringWidth)}" role="img" aria-label="Nodes on the ring, what the replicas hold, and messages under way; the table below says the same in words">${first}</svg></div></div>` +
    `<div><div class="heading"><h2>Who told whom when</h2><div class="zoom"><button type="button" id="closer" aria-label="Look closer: a shorter stretch of time">Closer <kbd>+</kbd></button><button type="button" id="farther" aria-label="Look from farther away: a longer stretch of time">Farther <kbd>−</kbd></button></div></div>` +
    `<div class="box" id="diagram-box"><svg id="diagram" viewBox="0 0 ${diagramWidth} ${drawn.height}" role="img" aria-label="Space-time diagram: time to the right, a lane for every node and client, messages as slanted lines; the list of events below says the same in words">${drawn.markup}</svg></div>` +
    `<p class="facts" id="left-out">${escapeText(drawn.leftOut)}</p>${castNote(timeline)}</div></section>`
  );
}

function castNote(timeline: Timeline): string {
  const { nodes, tokens } = timeline.header;
  const notes: string[] = [];
  if (nodes.length > 16)
    notes.push(
      `Of ${count(nodes.length)} nodes those are drawn that handle the chosen key, 16 at most; messages of others are not shown.`,
    );
  if (tokens.length > 4_096) notes.push(`${count(tokens.length)} token arcs are too thin to draw.`);
  return notes.length === 0 ? "" : `<p class="facts">${escapeText(notes.join(" "))}</p>`;
}

function keyOptions(timeline: Timeline): string {
  return timeline.keys
    .slice(0, MOST_KEYS)
    .map(({ key, operations, messages, staleReads, siblings }, i) => {
      const facts = [
        ...(staleReads > 0 ? [counted(staleReads, "stale read")] : []),
        ...(siblings > 0 ? [`siblings ${count(siblings)} ×`] : []),
        counted(operations, "operation"),
        ...(operations === 0 ? [counted(messages, "message")] : []),
      ];
      const shown = key.length > 40 ? `${key.slice(0, 39)}…` : key;
      return `<option value="${i}">${escapeText(`${shown} · ${facts.join(", ")}`)}</option>`;
    })
    .join("");
}

/** Speeds around the one that shows a typical message for a second. */
function speedOptions(timeline: Timeline, words: ReplayWords): string {
  const round = (value: number): number => {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
    const first = value / power;
    return Math.max(1, Math.round((first < 1.5 ? 1 : first < 3.5 ? 2 : first < 7.5 ? 5 : 10) * power));
  };
  const normal = round(timeline.typicalMicros);
  const speeds = [...new Set([normal / 5, normal / 2, normal, normal * 2, normal * 5, normal * 20].map(round))];
  return speeds
    .map(
      (speed) =>
        `<option value="${speed}"${speed === normal ? " selected" : ""}>${words.length(speed)} in 1 s</option>`,
    )
    .join("");
}

function transport(timeline: Timeline, words: ReplayWords): string {
  const { header, jumps } = timeline;
  const mark = (path: string, fill: string): string =>
    `<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d="${path}" fill="${fill}"/></svg>`;
  const jump = (id: string, words_: string, key: string, found: number, sign: string): string =>
    `<button type="button" id="next-${id}" title="${found === 0 ? "none in this window" : `${found} in this window; with Shift the one before`}">${sign} <span class="long">Next </span>${words_} <kbd>${key}</kbd></button>`;
  return (
    `<section class="transport" aria-label="Controls"><div class="now"><span class="when" id="instant">${words.time(header.fromMicros)}</span>` +
    `<p id="caption" aria-live="polite"></p><span id="count"></span></div>` +
    `<div class="track"><div id="strip-box"><svg id="strip" aria-hidden="true"></svg></div>` +
    `<input type="range" id="slider" min="0" max="${Math.max(1, Math.ceil(header.toMicros - header.fromMicros))}" step="1" value="0" aria-label="Instant in the window; arrow keys step from event to event"></div>` +
    `<div class="buttons"><button type="button" id="back">Step <span class="long">back </span><kbd>←</kbd></button><button type="button" id="forth">Step <span class="long">forward </span><kbd>→</kbd></button>` +
    `<button type="button" id="play" aria-pressed="false">Play</button>` +
    `<span class="gap"></span>` +
    jump("fault", "fault", "F", jumps.fault.length, mark("M1 1h12v12h-12z", "var(--s6)")) +
    jump("stale", "stale read", "R", jumps.stale.length, mark("M7 13l-6 -11h12z", "var(--bad)")) +
    jump("sibling", "siblings", "S", jumps.sibling.length, mark("M7 1l6 6l-6 6l-6 -6z", "var(--s4)")) +
    `</div></section>`
  );
}

function below(timeline: Timeline, { trace }: CutTrace): string {
  return (
    `<section class="below pair"><div><h2>Around this instant</h2><ol id="around"></ol></div>` +
    `<div><h2>What the replicas hold of this key</h2><div class="scroll"><table class="plain"><thead><tr><th>Replica</th><th>In the preference list</th><th>Writes</th><th>Logical clock</th></tr></thead><tbody id="held"></tbody></table></div>` +
    `<p class="facts">w1, w2 … are the writes of the chosen key in the order in which they appear in this window.</p></div></section>` +
    `<section class="below"><h2>How to read it</h2>${legend(timeline)}</section>` +
    `<section class="below"><h2>Keys and limits</h2><p><kbd>→</kbd> and <kbd>←</kbd> step from event to event, <kbd>Home</kbd> and <kbd>End</kbd> lead to the first and last one, <kbd>Space</kbd> plays and pauses, <kbd>F</kbd> <kbd>R</kbd> <kbd>S</kbd> jump to the next fault, stale read and siblings (with <kbd>Shift</kbd> to the one before), <kbd>+</kbd> and <kbd>−</kbd> look closer and from farther away. A click into the diagram leads to that instant. Play passes over stretches in which nothing happens to the chosen key.</p>` +
    `<p class="facts">${escapeText(`Window: ${trace.events.length} events of a trace that recorded ${trace.header.dropped === 0 ? "everything in it" : `all but ${count(trace.header.dropped)} events`}. A page holds at most 20 000 messages.`)}</p></section>`
  );
}

function legend(timeline: Timeline): string {
  const kinds = messageKinds();
  const seen = new Set(
    timeline.events
      .flatMap((event) => (event.kind === "message" ? [kinds.styleOf(event)] : []))
      .map(({ family }) => family),
  );
  const icon = (inside: string): string =>
    `<svg width="30" height="22" viewBox="0 0 30 22" aria-hidden="true">${inside}</svg>`;
  const item = (inside: string, words: string): string => `<li>${icon(inside)}<span>${words}</span></li>`;
  const shape = (style: FamilyStyle): string => kinds.shape(style, 15, 11, 7);
  const ring = ringView(escapeText, kinds);
  const disc = (attributes: string, inside = ""): string =>
    `<circle cx="15" cy="11" r="9" fill="var(--panel)" ${attributes}/>${inside}`;
  const messages = kinds.styles
    .filter(({ family }) => seen.has(family))
    .map((style) => item(shape(style), style.words))
    .join("");
  const cross = `<path d="M9 5l12 12m0 -12l-12 12" stroke="var(--bad)" stroke-width="3"/>`;
  return (
    `<h3>Messages: colour says what they are about, filled shapes ask, hollow ones answer</h3><ul class="columns">${messages}` +
    item(cross, "a message that never arrives") +
    `</ul><h3>Nodes and what they hold</h3><ul class="columns">` +
    item(
      disc(
        `stroke="var(--ink)" stroke-width="3"`,
        `<circle cx="24" cy="6" r="5.5" fill="var(--ink)"/><text x="24" y="9.5" text-anchor="middle" font-size="9" fill="var(--page)">1</text>`,
      ),
      "a replica of the chosen key, with its place in the preference list",
    ) +
    item(disc(`stroke="var(--s6)" stroke-width="2"`), "another node") +
    item(
      `<path d="M2 18A20 20 0 0 1 28 18" fill="none" stroke="var(--s1)" stroke-opacity=".45" stroke-width="8"/>`,
      "stretches of the ring, in the colour of the node that owns them",
    ) +
    item(ring.chip("w2", 2, 2, 2), "a write that the replica holds; ? where the trace does not say") +
    item(disc(`stroke="var(--ink)" stroke-width="2" stroke-dasharray="4 3"`, cross), "a node that is down") +
    item(
      disc(
        `stroke="var(--ink)" stroke-width="2" stroke-dasharray="4 3"`,
        `<path d="M12 6v10m6 0v-10" stroke="var(--bad)" stroke-width="3.5"/>`,
      ),
      "a node that stands still, as in a long garbage collection",
    ) +
    `</ul><h3>In the diagram and on the time line</h3><ul class="columns">` +
    item(
      `<rect x="2" y="3" width="26" height="16" rx="3" fill="var(--panel)" stroke="var(--s1)" stroke-width="1.5"/>`,
      "a client’s read, from its start to its end",
    ) +
    item(
      `<rect x="2" y="3" width="26" height="16" rx="3" fill="var(--panel)" stroke="var(--s2)" stroke-width="1.5"/>`,
      "a client’s write",
    ) +
    item(
      `<rect x="2" y="3" width="26" height="16" rx="3" fill="var(--panel)" stroke="var(--bad)" stroke-width="2.5"/>`,
      "a stale read; dashed: an operation that failed or timed out",
    ) +
    item(
      `<rect x="2" y="1" width="26" height="20" fill="var(--s6)" fill-opacity=".2" stroke="var(--s6)" stroke-dasharray="3 3"/>`,
      "a fault is in force",
    ) +
    item(
      `<path d="M15 4v14" stroke="var(--ink)" stroke-width="3"/>`,
      "the replica’s versions change, to those written beside it",
    ) +
    item(
      `<circle cx="15" cy="11" r="4.5" fill="var(--page)" stroke="var(--ink)" stroke-width="1.6"/>`,
      "a node notes something (point at it)",
    ) +
    item(
      `<path d="M15 17l-6 -11h12z" fill="var(--bad)"/>`,
      "a stale read ends: it missed a write acknowledged before it began",
    ) +
    item(
      `<path d="M15 4l7 7l-7 7l-7 -7z" fill="var(--s4)"/>`,
      "siblings appear: versions of which none supersedes the others",
    ) +
    `</ul>`
  );
}
