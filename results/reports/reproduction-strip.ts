/**
 * A target's numbers on one line, whatever their units: the tolerance as a band, the reference as a rule in the middle, every measured
 * value as a mark with its 95 % interval, each scaled so that the edges of its own tolerance lie at -1 and 1. A mark in the band is
 * inside its tolerance. On one side a band that is open runs to the end of the strip. What lies beyond the strip is an arrow at its end.
 */
import { escapeText } from "../charts/markup";
import type { ReproducedPoint, ReproducedTarget } from "../record/reproduction";
import { isJudged, keyInWords, measuredInWords } from "./reproduction-words";

/** Of the strip, in tolerances either side of the reference. */
const REACH = 2.4;
const WIDTH = 300;
const ROW = 34;

export interface Scaled {
  readonly value: number;
  readonly lo: number | null;
  readonly hi: number | null;
  /** The tolerance on this scale; null: open. */
  readonly least: number | null;
  readonly most: number | null;
  readonly reference: number | null;
}

/** Undefined where there is nothing to draw. */
export function scaled(point: ReproducedPoint): Scaled | undefined {
  const { measured, expected, least, most } = point;
  if (measured === null || !isJudged(point)) return undefined;
  const { middle, below, above } = scaleOf(expected, least, most);
  const at = (value: number | null): number | null =>
    value === null ? null : (value - middle) / (value < middle ? below : above);
  return {
    ...{ value: at(measured)!, lo: at(point.lo), hi: at(point.hi) },
    ...{ least: at(least), most: at(most), reference: expected === null ? null : at(expected) },
  };
}

/** What lies in the middle, and how far from it the edges of the tolerance are: the reference where it is inside. */
function scaleOf(
  expected: number | null,
  least: number | null,
  most: number | null,
): { readonly middle: number; readonly below: number; readonly above: number } {
  const even = (middle: number, half: number) => ({ middle, below: half, above: half });
  // None, or some at all: nothing to scale by.
  if (least === null && most === 0) return even(0, 1);
  if (most === null && least === Number.MIN_VALUE) return { middle: 1, below: 1, above: Infinity };
  if (least !== null && most !== null) {
    // Exact: a hundredth either side, or one where the value is 0.
    if (most === least) return even(least, Math.abs(least) / 100 || 1);
    const middle = expected !== null && expected >= least && expected <= most ? expected : (least + most) / 2;
    const [below, above] = [middle - least, most - middle];
    return { middle, below: below || above, above: above || below };
  }
  const bound = (least ?? most)!;
  const side = least === null ? 1 : -1;
  const distance = expected === null ? 0 : side * (bound - expected);
  // Bound at the edge of what would be the band, reference in the middle where it lies on the right side.
  const half = distance > 0 ? distance : Math.abs(bound) / 2 || 1;
  return even(bound - side * half, half);
}

/** An SVG with a description. Empty where nothing was measured. */
export function strip(target: ReproducedTarget): string {
  const drawn = target.points.flatMap((point) => {
    const scale = scaled(point);
    return scale === undefined ? [] : [{ point, scale }];
  });
  if (drawn.length === 0) return "";
  const x = (value: number): number =>
    round(WIDTH / 2 + (Math.max(-REACH, Math.min(REACH, value)) / REACH) * (WIDTH / 2 - 6));
  const onlyLeast = drawn.every(({ point }) => point.most === null);
  const onlyMost = drawn.every(({ point }) => point.least === null);
  const exact = drawn.every(({ point }) => point.least === point.most || (point.least === null && point.most === 0));
  const left = exact ? WIDTH / 2 - 5 : onlyMost ? 0 : x(-1);
  const right = exact ? WIDTH / 2 + 5 : onlyLeast ? WIDTH : x(1);
  const marks = drawn.map(({ point, scale }, i) => {
    const lane = drawn.length === 1 ? ROW / 2 : 7 + ((ROW - 14) * i) / (drawn.length - 1);
    const y = round(lane);
    const known = scale.lo !== null && scale.hi !== null && drawn.length <= 12;
    const bar = known ? `<path d="M${x(scale.lo)} ${y}H${x(scale.hi)}" class="reach"/>` : "";
    return `${bar}${markOf(point, scale, x(scale.value), y)}`;
  });
  const described = `${keyInWords(target)}: ${drawn
    .slice(0, 6)
    .map(({ point }) => `${point.label} ${measuredInWords(point)}`)
    .join("; ")}`;
  return (
    `<svg class="strip" viewBox="0 0 ${WIDTH} ${ROW}" role="img" aria-label="${escapeText(described)}">` +
    `<rect x="${left}" y="1" width="${round(right - left)}" height="${ROW - 2}" class="band"/>` +
    (onlyMost ? "" : `<path d="M${left} 1V${ROW - 1}" class="edge"/>`) +
    (onlyLeast ? "" : `<path d="M${right} 1V${ROW - 1}" class="edge"/>`) +
    (drawn.some(({ scale }) => scale.reference !== null)
      ? `<path d="M${WIDTH / 2} 1V${ROW - 1}" class="published"/>`
      : "") +
    `${marks.join("")}</svg>`
  );
}

/** Shape and colour by verdict; an arrow where the value lies beyond the strip. */
function markOf({ verdict }: ReproducedPoint, { value }: Scaled, x: number, y: number): string {
  if (Math.abs(value) > REACH) {
    const way = value > 0 ? 1 : -1;
    return `<path d="M${round(x - 4 * way)} ${y - 4}l${6 * way} 4l${-6 * way} 4Z" class="${verdict}"/>`;
  }
  if (verdict === "fail") return `<path d="M${x - 4} ${y - 4}l8 8M${x + 4} ${y - 4}l-8 8" class="${verdict}"/>`;
  return `<circle cx="${x}" cy="${y}" r="3.2" class="${verdict}"/>`;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

export const STRIP_STYLE = `.strip{display:block;width:100%;height:auto;max-width:340px;overflow:visible}
.strip .band{fill:var(--s3);fill-opacity:.16}
.strip .edge{stroke:var(--s3);stroke-opacity:.8;stroke-dasharray:3 2;fill:none}
.strip .published{stroke:var(--muted);stroke-width:1.5;fill:none}
.strip .reach{stroke:var(--ink);stroke-opacity:.55;stroke-width:1.2;fill:none}
.strip .pass{fill:var(--s1);stroke:var(--s1)}
.strip .fail{fill:none;stroke:var(--bad);stroke-width:2.2}
.strip path.fail{fill:var(--bad)}
.strip .inconclusive{fill:var(--page);stroke:var(--ink);stroke-width:1.4}`;
