/**
 * What stands beside a name in a legend: a dash of the line with its marker, a bar, the bar of a fault with its hatching,
 * or the glyph of a write. The page and the pictures on their own draw it by this one definition, so that a
 * legend in print never shows another mark than the one on the screen.
 */
import type { LegendEntry } from "./chart";
import { graphGlyph } from "./version-graph-drawing";

export interface LegendMark {
  /** In CSS pixels, beside text of 14 px. */
  readonly width: number;
  readonly height: number;
  /** The inside of an `<svg>`; colours are CSS variables. */
  readonly content: string;
}

export function legendMark({ colour, dash, mark }: LegendEntry): LegendMark {
  const paint = `var(--${colour.slice(1)})`;
  if (mark === "bar")
    return {
      width: 14,
      height: 12,
      content: `<rect x="1" y="1" width="12" height="10" fill="${paint}" fill-opacity=".75" stroke="${paint}"/>`,
    };
  const fate = FATES.find((one) => mark === `graph-${one}`);
  if (fate !== undefined) return { width: 18, height: 18, content: `${graphGlyph(fate, 9, 9)}` };
  if (mark.startsWith("fault-"))
    return {
      width: 26,
      height: 12,
      content:
        `<rect x=".5" y=".5" width="25" height="10" fill="${paint}" fill-opacity=".35" stroke="${paint}"/>` +
        `<path d="${HATCHES[mark] ?? ""}" stroke="${paint}" fill="none"/>`,
    };
  const dashes = dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`;
  const shape = MARKS[mark] ?? "";
  const drawn = shape === "" ? "" : `<path d="${shape}" fill="${paint}" stroke="${paint}" stroke-width="1.5"/>`;
  const weight = mark === "thin" ? `stroke-width=".75" stroke-opacity=".6"` : `stroke-width="2"`;
  return {
    width: 34,
    height: 12,
    content: `<path d="M1 6H33" stroke="${paint}" ${weight} fill="none"${dashes}/>${drawn}`,
  };
}

const FATES = ["held", "replaced", "lost", "unknown"] as const;

/** As `fault-lanes-plugin.ts` draws them. */
const HATCHES: Readonly<Record<string, string>> = {
  "fault-0": "M1 10.5L11 .5M8 10.5L18 .5M15 10.5L25 .5",
  "fault-1": "M4.5 .5V10M8.5 .5V10M12.5 .5V10M16.5 .5V10M20.5 .5V10",
  "fault-2": "M1 4H25M1 7.5H25",
  "fault-3": "M1 10.5L11 .5M8 10.5L18 .5M15 10.5L25 .5M1 .5L11 10.5M8 .5L18 10.5M15 .5L25 10.5",
  "fault-4": "M1 .5L11 10.5M8 .5L18 10.5M15 .5L25 10.5",
  "fault-5": "M4 5.5h1.5M9 5.5h1.5M14 5.5h1.5M19 5.5h1.5",
};

/** The markers of Chart.js, about (17, 6). */
const MARKS: Readonly<Record<string, string>> = {
  circle: "M13.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
  rect: "M14 3h6v6h-6Z",
  triangle: "M17 2.5l3.6 6.5h-7.2Z",
  rectRot: "M17 1.8l4.2 4.2l-4.2 4.2l-4.2-4.2Z",
  star: "M13 6h8M17 2v8M14.2 3.2l5.6 5.6M19.8 3.2l-5.6 5.6",
  crossRot: "M14 3l6 6M20 3l-6 6",
  rectRounded: "M15 3h4q1 0 1 1v4q0 1-1 1h-4q-1 0-1-1v-4q0-1 1-1Z",
};
