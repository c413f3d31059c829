/**
 * The ring as a clock face: position 0 at the top, growing clockwise, every token's arc in the colour of its node and
 * a letter-free number for those who do not see the colour. With more nodes than colours only those that a key lives on
 * are coloured, and with more tokens than can be told apart the others are one band: a thousand hairlines are grey anyway. A key sits outside at its position, and the nodes of its
 * preference list are numbered in order where the walk first meets them. Beside each name stands the share of positions that it owns first. Written by hand because a bar chart library
 * has no picture for it.
 *
 * Positions come as numbers of one space: a fraction of a turn, or integers below 2^32, 2^64, 2^128 or 2^160; the
 * space is the smallest that holds them all.
 */
import type { TrialFigures } from "../record/figures";
import { escapeText } from "./markup";
import { count, NBSP, percent } from "./numbers";
import { brief } from "./svg-canvas";
import { seriesStyle } from "./theme";

const CENTRE = 170;
const OUTER = 128;
const INNER = 104;

/** The inside of an `<svg viewBox="0 0 340 340">`. Colours are CSS variables. */
export function ringDrawing(ring: TrialFigures["ring"]): string {
  const space = spaceOf(ring);
  const tokens = [...ring.tokens].sort((a, b) => a.at - b.at);
  const nodes = [...new Set(tokens.map((token) => token.node))].sort((a, b) => (a < b ? -1 : 1));
  const paths = new Map<string, string>();
  const owned = new Map<string, number>();
  tokens.forEach((token, i) => {
    // A token owns the arc that ends at it.
    const from = i === 0 ? tokens[tokens.length - 1].at - space : tokens[i - 1].at;
    const arc = arcPath(from / space, token.at / space);
    owned.set(token.node, (owned.get(token.node) ?? 0) + (token.at - from) / space);
    paths.set(token.node, (paths.get(token.node) ?? "") + arc);
  });
  const { example } = ring;
  let out = "";
  const coloured = nodes.length <= MOST_COLOURS ? nodes : example.preferenceList.filter((node) => nodes.includes(node));
  const colourOf = (node: string): string =>
    variable(nodes.length <= MOST_COLOURS ? nodes.indexOf(node) : example.preferenceList.indexOf(node));
  const others = nodes.filter((node) => !coloured.includes(node));
  if (others.length > 0) {
    if (tokens.length > MOST_ARCS) out += `<path fill="var(--grid)" d="${arcPath(0, 1)}"/>`;
    else
      others.forEach((node, i) => {
        out += `<path fill="var(--${i % 2 === 0 ? "grid" : "line"})" stroke="var(--page)" stroke-width=".5" d="${paths.get(node)!}"/>`;
      });
  }
  for (const node of coloured) {
    const edge = tokens.length > MOST_ARCS ? colourOf(node) : "var(--page)";
    out += `<path fill="${colourOf(node)}" stroke="${edge}" stroke-width=".5" d="${paths.get(node)!}"/>`;
  }
  if (example.preferenceList.length > 0) {
    out += exampleMarks(ring, tokens, space);
  }
  // Names inside the circle, what it is made of across from the key's label.
  const tokensY = example.preferenceList.length > 0 && labelIsAbove(example.at / space) ? 334 : 12;
  out += `<text x="${CENTRE}" y="${tokensY}" text-anchor="middle" fill="var(--muted)" font-size="11">${count(tokens.length)} ${tokens.length === 1 ? "token" : "tokens"}, ${escapeText(ring.strategy)}</text>`;
  const lineHeight = 17;
  let y = CENTRE - ((coloured.length + (others.length > 0 ? 1 : 0)) * lineHeight) / 2 - 5;
  for (const node of coloured) {
    y += lineHeight;
    const place = example.preferenceList.indexOf(node);
    const name = short(node) + (place >= 0 ? ` · ${ORDINAL[place] ?? `${place + 1}th`}` : "");
    out += `<rect x="${CENTRE + NAMES - 15}" y="${brief(y - 9)}" width="10" height="10" fill="${colourOf(node)}"/>`;
    out += `<text x="${CENTRE + NAMES}" y="${brief(y)}" fill="var(--ink)"${place >= 0 ? ' font-weight="bold"' : ""}>${escapeText(name)}<tspan fill="var(--muted)" font-weight="normal" font-size="11" dx="5">${owns(owned.get(node) ?? 0)}</tspan></text>`;
  }
  if (others.length > 0)
    out += `<text x="${CENTRE + NAMES - 15}" y="${brief(y + lineHeight)}" fill="var(--muted)" font-size="11">${count(others.length)} more own ${rangeOf(others.map((node) => owned.get(node) ?? 0))}</text>`;
  return out;
}

/** As many as there are colours. */
const MOST_COLOURS = 7;
/** Arcs narrower than a pixel and a half. */
const MOST_ARCS = 500;

/** Where names begin, from the centre. */
const NAMES = -66;

/** To a tenth of a percent, which is what there is room for. */
function owns(share: number): string {
  return share > 0 && share < 0.0005 ? `&lt;${NBSP}0.1${NBSP}%` : percent(Math.round(share * 1_000) / 1_000);
}

function rangeOf(shares: readonly number[]): string {
  const [least, most] = [owns(Math.min(...shares)), owns(Math.max(...shares))];
  return least === most ? `${most} each` : `${least} to ${most}`;
}

const ORDINAL = ["1st", "2nd", "3rd"];

function exampleMarks(ring: TrialFigures["ring"], tokens: TrialFigures["ring"]["tokens"], space: number): string {
  const { example } = ring;
  let out = "";
  const start = example.at / space;
  const [kx, ky] = onCircle(start, OUTER + 20);
  const [tx, ty] = onCircle(start, OUTER + 3);
  out += `<path fill="none" stroke="var(--ink)" stroke-width="1.5" d="M${brief(kx)} ${brief(ky)}L${brief(tx)} ${brief(ty)}"/>`;
  out += `<circle cx="${brief(kx)}" cy="${brief(ky)}" r="4" fill="var(--ink)"/>`;
  const labelY = labelIsAbove(start) ? 12 : 334;
  out += `<text x="${CENTRE}" y="${labelY}" text-anchor="middle" fill="var(--ink)">key ${escapeText(short(example.key))} ● then clockwise</text>`;
  let previous = -1;
  example.preferenceList.forEach((node, place) => {
    let best: number | undefined;
    for (const token of tokens) {
      if (token.node !== node) continue;
      const distance = (((token.at - example.at) % space) + space) % space;
      if (best === undefined || distance < best) best = distance;
    }
    if (best === undefined) return;
    // Neighbours on the ring stand side by side, in order, so that no number covers another.
    previous = previous < 0 ? best / space : Math.max(best / space, previous + BESIDE);
    const [x, y] = onCircle(start + previous, INNER - 9);
    out += `<circle cx="${brief(x)}" cy="${brief(y)}" r="6.5" fill="var(--page)" stroke="var(--ink)"/>`;
    out += `<text x="${brief(x)}" y="${brief(y + 3.5)}" text-anchor="middle" fill="var(--ink)" font-size="10">${place + 1}</text>`;
  });
  return out;
}

/** Of a turn, at the numbers' distance from the centre: a little more than their width. */
const BESIDE = 0.026;

/** The key's label stays inside the picture: across the ring it would cross it, so it stands on the key's side. */
function labelIsAbove(start: number): boolean {
  return onCircle(start, OUTER)[1] < CENTRE;
}

function spaceOf(ring: TrialFigures["ring"]): number {
  const highest = ring.tokens.reduce((most, token) => Math.max(most, token.at), ring.example.at);
  if (highest <= 1) return 1;
  for (const bits of [32, 64, 128]) if (highest <= 2 ** bits) return 2 ** bits;
  return 2 ** 160;
}

function onCircle(turn: number, radius: number): readonly [number, number] {
  const angle = turn * 2 * Math.PI - Math.PI / 2;
  return [CENTRE + radius * Math.cos(angle), CENTRE + radius * Math.sin(angle)];
}

function arcPath(from: number, to: number): string {
  // A lone token owns the whole ring; an SVG arc cannot be a whole turn.
  const end = to - from >= 1 ? from + 0.9999 : to;
  const large = end - from > 0.5 ? 1 : 0;
  const at = (turn: number, radius: number): string => onCircle(turn, radius).map(brief).join(" ");
  return `M${at(from, OUTER)}A${OUTER} ${OUTER} 0 ${large} 1 ${at(end, OUTER)}L${at(end, INNER)}A${INNER} ${INNER} 0 ${large} 0 ${at(from, INNER)}Z`;
}

function variable(index: number): string {
  return `var(--${seriesStyle(index).colour.slice(1)})`;
}

function short(text: string): string {
  return text.length > 18 ? `${text.slice(0, 17)}…` : text;
}
