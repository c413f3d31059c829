/**
 * Colours as names. A chart says `$s1` or `$grid`; what that looks like is decided where it is shown: light, dark or
 * paper. The series are Okabe and Ito's palette (2008), made to be told apart by people with any colour vision; black
 * turns white on a dark page, and its yellow is left to fills because a thin yellow line on white is no line at all.
 * Colour is never alone: `SERIES` gives every index a dash and a marker too. `heat0` to `heat5` are a sequence after viridis, whose
 * lightness alone tells the order: from few to many darker on a light page, brighter on a dark one.
 */

export type ThemeName = "light" | "dark";
export type Palette = Readonly<Record<string, string>>;

export const THEMES: Readonly<Record<ThemeName, Palette>> = {
  light: {
    page: "#ffffff",
    panel: "#f6f8fa",
    ink: "#1b1f24",
    muted: "#57606a",
    grid: "#e3e7eb",
    line: "#c4cbd3",
    link: "#0b5cad",
    good: "#00694b",
    bad: "#a83c00",
    s0: "#000000",
    s1: "#0072b2",
    s2: "#d55e00",
    s3: "#009e73",
    s4: "#cc79a7",
    s5: "#56b4e9",
    s6: "#e69f00",
    fill7: "#f0e442",
    heat0: "#d8e219",
    heat1: "#6ece58",
    heat2: "#1f9e89",
    heat3: "#31688e",
    heat4: "#482878",
    heat5: "#29003a",
  },
  dark: {
    page: "#12161b",
    panel: "#1b2129",
    ink: "#e8ecf0",
    muted: "#a3adb8",
    grid: "#2b333d",
    line: "#46515d",
    link: "#7ab8f5",
    good: "#4fd1a5",
    bad: "#ff9b66",
    s0: "#ffffff",
    s1: "#2b8fd0",
    s2: "#e8701a",
    s3: "#00b184",
    s4: "#d98bb6",
    s5: "#7cc7f2",
    s6: "#f0ac1f",
    fill7: "#f0e442",
    heat0: "#5b3a8c",
    heat1: "#3d6fa3",
    heat2: "#219d8f",
    heat3: "#55c667",
    heat4: "#b8de29",
    heat5: "#fdf6a8",
  },
};

/** `--ink:#…;--s0:#…` for a stylesheet. */
export function cssVariables(theme: ThemeName): string {
  return Object.entries(THEMES[theme])
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");
}

export interface SeriesStyle {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly marker: string;
}

export const SERIES: readonly SeriesStyle[] = [
  { colour: "$s2", dash: [], marker: "circle" },
  { colour: "$s1", dash: [7, 3], marker: "rect" },
  { colour: "$s3", dash: [2, 2], marker: "triangle" },
  { colour: "$s0", dash: [9, 3, 2, 3], marker: "rectRot" },
  { colour: "$s4", dash: [4, 4], marker: "star" },
  { colour: "$s5", dash: [12, 3], marker: "crossRot" },
  { colour: "$s6", dash: [2, 4, 6, 4], marker: "rectRounded" },
];

/** The style of the `index`th series. Beyond seven the colours come again with other dashes and markers: no two of 49 are alike. */
export function seriesStyle(index: number): SeriesStyle {
  const { colour } = SERIES[index % SERIES.length];
  const { dash, marker } = SERIES[(index + 3 * Math.floor(index / SERIES.length)) % SERIES.length];
  return { colour, dash, marker };
}
