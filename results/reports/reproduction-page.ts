/**
 * The page of a reproduction: how many published results came out, paper by paper, in the first screen; then every target with its strip,
 * its numbers, footnote, minutes and the command that repeats it; then how values are judged and on which machine. It works from a file
 * with the network cut, in both themes and on paper, and says of each number whether somebody published it.
 */
import { escapeText, slug } from "../charts/markup";
import { count, counted, plain } from "../charts/numbers";
import type { ReproducedTarget, Reproduction } from "../record/reproduction";
import { figureHtml } from "./chart-section";
import { utc } from "./method";
import { renderPage, type PageSection } from "./page";
import { curvesDefinition, curvesOf } from "./reproduction-figures";
import { strip, STRIP_STYLE } from "./reproduction-strip";
import {
  inBrief,
  keyInWords,
  measuredInWords,
  minutesInWords,
  REPRODUCED,
  tally,
  tallyInWords,
  toleranceInWords,
  valueInWords,
  VERDICTS,
} from "./reproduction-words";

/** `papers` in the order of the page. */
export function reproductionPage(document: Reproduction, papers: readonly string[]): string {
  const groups = papers
    .map((paper) => ({ paper, targets: document.targets.filter((target) => target.paper === paper) }))
    .filter(({ targets }) => targets.length > 0);
  const figures = groups.flatMap(({ paper, targets }) => curvesOf(paper, targets) ?? []);
  return renderPage({
    title: "Published results, reproduced · quorumlab",
    header: header(document, groups),
    sections: [...groups.map(({ paper, targets }) => paperSection(paper, targets)), judging(), provenance(document)],
    footer: `Made by quorumlab ${escapeText(document.quorumlab.version)}. This page loads nothing from anywhere. <a href="reproduction.json">All numbers as JSON</a>.`,
    charts:
      figures.length === 0
        ? undefined
        : Object.fromEntries(
            figures.map((figure) => [
              figure.id,
              figure.panels.map(({ drawing }) => (drawing.kind === "chart" ? drawing.config : null)),
            ]),
          ),
  });
}

interface Group {
  readonly paper: string;
  readonly targets: readonly ReproducedTarget[];
}

function header(document: Reproduction, groups: readonly Group[]): string {
  const { targets, size, startedAt, endedAt } = document;
  const counts = tally(targets);
  const minutes = targets.reduce((sum, one) => sum + (one.minutes ?? 0), 0);
  const worlds = [
    ...(targets.some(({ world, minutes: taken }) => taken !== null && world !== "processes") ? ["simulated"] : []),
    ...(targets.some(({ world, minutes: taken }) => taken !== null && world !== "simulation")
      ? ["real processes"]
      : []),
  ];
  const key = VERDICTS.map(
    (verdict) =>
      `<li><span class="tile ${verdict}" aria-hidden="true">${REPRODUCED[verdict].mark}</span> ${count(counts[verdict])} ${REPRODUCED[verdict].word}</li>`,
  ).join("");
  const rows = groups
    .map(
      ({ paper, targets: of }) =>
        `<li><a class="of" href="#${sectionId(paper)}">${escapeText(paper)}</a><span class="tiles">${of.map(tile).join("")}</span>` +
        `<span class="share">${escapeText(shareInWords(of))}</span></li>`,
    )
    .join("\n");
  return (
    `<style>${STYLE}${STRIP_STYLE}</style><h1>Published results, reproduced</h1>` +
    `<p class="question">What papers on leaderless stores report, measured again by one engine, value by value.</p>` +
    `<p class="verdict">${escapeText(tallyInWords(targets))}</p>` +
    `<ul class="key">${key}</ul><ol class="papers">${rows}</ol>` +
    `<p class="facts">In the small strips below: a dot is a measured value, the line through it its 95 % interval; the shaded band is the tolerance, the rule in the middle what was published; an arrow is a value beyond the strip. <a href="#judging">How it is judged</a></p>` +
    `<p class="facts">${escapeText(
      `${size === "quick" ? "Quick: a part of the targets, some at smaller sizes" : "In full"}; ${worlds.join(" and ") || "nothing run"}; ` +
        `${utc(startedAt)}${endedAt === null ? ", interrupted" : ""}; ${plain(minutes)} minutes of measuring on ${counted(document.machine.cores, "core")}; ` +
        `quorumlab ${document.quorumlab.version}${document.quorumlab.commit === null ? "" : ` (${document.quorumlab.commit.slice(0, 10)}${document.quorumlab.dirty === true ? ", with changes" : ""})`}.`,
    )} Repeat it: <code>${escapeText(`npx quorumlab reproduce${size === "quick" ? " --quick" : ""}`)}</code></p>`
  );
}

function shareInWords(targets: readonly ReproducedTarget[]): string {
  const { pass, "not-run": left } = tally(targets);
  const run = targets.length - left;
  return run === 0 ? "not run" : `${count(pass)} of ${count(run)}`;
}

/** Mark and colour: never colour alone. */
function tile(target: ReproducedTarget): string {
  const { mark, word } = REPRODUCED[target.verdict];
  const key = keyInWords(target);
  return `<a class="tile ${target.verdict}" href="#${idOf(target)}" title="${escapeText(`${key}: ${word}. ${target.claim}`)}"><span class="visually-hidden">${escapeText(`${key} `)}</span>${mark}</a>`;
}

function sectionId(paper: string): string {
  return `of-${slug(paper).slice(0, 40)}`;
}

function idOf(target: ReproducedTarget): string {
  return `t-${slug(keyInWords(target))}`;
}

function paperSection(paper: string, targets: readonly ReproducedTarget[]): PageSection {
  const figure = curvesOf(paper, targets);
  return {
    id: sectionId(paper),
    name: paper.replace(/ \(.*/, ""),
    body:
      `<h2>${escapeText(paper)}</h2><p class="answer">${escapeText(tallyInWords(targets))}</p>` +
      `<div class="targets">${targets.map(targetHtml).join("\n")}</div>` +
      (figure === undefined ? "" : figureHtml(curvesDefinition(paper), figure, { figureFiles: false, svg: true })),
  };
}

const WORLDS = {
  simulation: `<span class="world simulation">simulated</span>`,
  processes: `<span class="world processes">real processes</span>`,
  both: `<span class="world processes">real processes</span> <span class="world simulation">simulated</span>`,
} as const;

const READ = {
  primary: "published in",
  figure: "read off",
  secondary: "told by a secondary source of",
  derived: "derived, not published:",
} as const;

function targetHtml(target: ReproducedTarget): string {
  const { mark, word } = REPRODUCED[target.verdict];
  const drawn = strip(target);
  const notes = [
    ...(target.footnote === undefined ? [] : [target.footnote]),
    ...(target.tier === 3 ? ["About shape alone: it cannot fail."] : []),
    ...target.points.flatMap(({ note, label }) => (note === undefined ? [] : [`${label}: ${note}.`])).slice(0, 3),
  ];
  const trials =
    target.trials === undefined
      ? ""
      : `, ${counted(target.trials.all, "trial")}${target.trials.reused === 0 ? "" : `, ${count(target.trials.reused)} of them from before (their time counted)`}`;
  return (
    `<article class="target" id="${idOf(target)}"><div class="what"><h3>${escapeText(keyInWords(target))} ${WORLDS[target.world]}</h3>` +
    `<p>${escapeText(target.claim)}</p><p class="facts">${READ[target.read]} ${escapeText(target.source)}. Tolerance: ${escapeText(target.tolerance)}.</p></div>` +
    `<div class="shown"><p class="said"><span class="tile ${target.verdict}" aria-hidden="true">${mark}</span> <strong>${word}</strong></p>` +
    `${drawn}<p class="brief">${escapeText(inBrief(target))}</p></div>` +
    `<div class="more">${notes.map((note) => `<p class="note">${escapeText(note)}</p>`).join("")}` +
    (target.points.length === 0
      ? ""
      : `<details><summary>${counted(target.points.length, "value")}, published beside measured</summary>${pointsTable(target)}</details>`) +
    `<p class="facts">${escapeText(`${target.run}${target.minutes === null ? "" : `: ${minutesInWords(target.minutes)}${trials}`}`)}. <code>${escapeText(target.command)}</code></p></div></article>`
  );
}

function pointsTable({ points }: ReproducedTarget): string {
  const rows = points.map((point) => {
    const derived = point.published === null && point.expected !== null;
    return (
      `<tr><th scope="row">${escapeText(point.label)}</th><td class="number">${escapeText(valueInWords(point.published, point.unit))}</td>` +
      `<td class="number">${derived ? escapeText(valueInWords(point.expected, point.unit)) : "–"}</td>` +
      `<td>${escapeText(toleranceInWords(point))}</td><td class="number">${escapeText(measuredInWords(point))}</td>` +
      `<td class="name">${point.least === null && point.most === null ? "" : `${REPRODUCED[point.verdict].mark} ${REPRODUCED[point.verdict].word}`}</td></tr>`
    );
  });
  return `<div class="scroll"><table class="points"><thead><tr><th>value</th><th class="number">published</th><th class="number">derived</th><th>tolerance</th><th class="number">measured</th><th>verdict</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function judging(): PageSection {
  return {
    id: "judging",
    name: "How it is judged",
    body:
      `<h2>How is a value judged?</h2><p class="answer">By the tolerance that was written down beside the target, never by how well it looks.</p>` +
      `<p>In a strip the rule in the middle is the reference, the band its tolerance, each mark a measured value with its 95 % interval, scaled to its own tolerance; an arrow lies beyond the strip. ` +
      `Around a value, inside the tolerance has come out, unless the interval is wider than the whole tolerance: so small a run would have passed whatever is true, and the value stays open. ` +
      `Outside, it is open where the interval reaches in, else it did not come out. Where only a bound is claimed, the whole interval must lie on its side. ` +
      `A target of several values is as good as its worst. Targets about shape alone cannot fail.</p>` +
      `<p><em>Published</em> is what was read in the source itself, off a figure of it, or, where it says so, in notes about it. What follows from a formula, or from an earlier simulation of ours, is called <em>derived</em> and stands in a column of its own. ` +
      `Simulated values are the same on every machine; those of real processes are of this one.</p>` +
      `<dl class="glossary"><dt>Published curves and ours</dt><dd>Diamonds and dashes are the source's, dots and lines were measured now, dotted lines are a formula's.</dd></dl>`,
  };
}

function provenance({ machine, argv, quorumlab, semanticsVersion, targets }: Reproduction): PageSection {
  const longest = [...targets].filter(({ minutes }) => minutes !== null).sort((a, b) => b.minutes! - a.minutes!);
  const rows = longest
    .map(
      (target) =>
        `<tr><th scope="row">${escapeText(keyInWords(target))}</th><td class="number">${escapeText(minutesInWords(target.minutes))}</td><td>${escapeText(target.at === undefined ? "" : utc(target.at))}</td><td><code>${escapeText(target.command)}</code></td></tr>`,
    )
    .join("\n");
  const facts: readonly (readonly [string, string])[] = [
    ["command", `npx ${argv.join(" ")}`],
    [
      "machine",
      `${machine.cpu}, ${counted(machine.cores, "core")}, ${plain(machine.memoryBytes / 2 ** 30)} GiB; ${machine.os} ${machine.kernel}; Node ${machine.node}`,
    ],
    [
      "code",
      `quorumlab ${quorumlab.version}, ${quorumlab.commit ?? "no commit known"}${quorumlab.dirty === true ? " with changes" : ""}; semantics version ${semanticsVersion}`,
    ],
  ];
  return {
    id: "provenance",
    name: "Minutes and machine",
    body:
      `<h2>How long does it take, and where was it run?</h2><p class="answer">${escapeText(`${counted(longest.length, "target")} took ${plain(longest.reduce((sum, { minutes }) => sum + minutes!, 0))} minutes; trials that were there already are counted with the time they took.`)}</p>` +
      `<div class="scroll"><table>${facts.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escapeText(value)}</td></tr>`).join("")}</table></div>` +
      `<h3>Minutes, target by target</h3><div class="scroll"><table><thead><tr><th>target</th><th class="number">time</th><th>measured (UTC)</th><th>again</th></tr></thead><tbody>${rows}</tbody></table></div>`,
  };
}

const STYLE = `.key{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:.6rem 0 1rem}
.papers{list-style:none;padding:0;margin:0 0 1rem}
.papers li{display:grid;grid-template-columns:minmax(15rem,1fr) auto 4rem;gap:.2rem 1rem;align-items:center;padding:.22rem 0;border-bottom:1px solid var(--grid)}
.papers .of{color:var(--ink);text-decoration:none}
.papers .of:hover{text-decoration:underline}
.papers .share{text-align:right;color:var(--muted);font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles{display:flex;flex-wrap:wrap;gap:3px;justify-content:flex-end}
.tile{display:inline-flex;align-items:center;justify-content:center;width:1.45rem;height:1.45rem;border-radius:.25rem;border:1.5px solid;font-size:.9rem;font-weight:700;text-decoration:none;line-height:1}
.tile.pass{background:var(--good);border-color:var(--good);color:var(--page)}
.tile.fail{background:var(--bad);border-color:var(--bad);color:var(--page)}
.tile.inconclusive{background:none;border-color:var(--ink);color:var(--ink)}
.tile.not-run{background:none;border-style:dotted;border-color:var(--line);color:var(--muted)}
.target{display:grid;grid-template-columns:minmax(0,1.1fr) minmax(0,1fr);gap:.2rem 1.6rem;padding:.9rem 0 .7rem;border-bottom:1px solid var(--grid)}
.target h3{margin:0 0 .1rem}
.target p{margin:.2rem 0}
.target .more{grid-column:1/-1}
.target .note{font-size:.92rem;border-left:3px solid var(--line);padding-left:.7rem;max-width:90ch}
.target code{overflow-wrap:anywhere}
.target .brief{font-variant-numeric:tabular-nums}
.target:target{background:var(--panel)}
table.points th[scope=row]{font-weight:400;min-width:12rem}
table.points td{min-width:4.5rem}
@media (max-width:640px){.papers li{grid-template-columns:1fr auto}.papers .tiles{grid-column:1/-1;grid-row:2;justify-content:flex-start}.target{grid-template-columns:minmax(0,1fr)}}
@media print{.tile{print-color-adjust:exact;-webkit-print-color-adjust:exact}.target{break-inside:avoid}}
`;
