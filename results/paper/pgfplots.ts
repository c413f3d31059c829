/**
 * A chart as PGFPlots source with its points in a CSV file beside it, from the configuration that the page, the SVG and the PDF
 * are drawn from: the paper's own fonts, and numbers that a reviewer can read. Lines, bands, areas, marks, bars, named and
 * logarithmic axes and the bands of faults are carried over; a drawing by hand has no axes and is left to PDF. The file
 * is a document of its own and can be taken into another with `\input`: it looks whether a document has begun.
 */
import { chartCallbacks } from "../charts/callbacks";
import type { ChartFigure, LegendEntry, Panel } from "../charts/chart";
import { THEMES } from "../charts/theme";
import { pointsOf, type DrawnLine } from "./plotted-lines";
import { tex, texComment } from "./tex";

export interface PgfFigure {
  readonly tex: string;
  readonly csv: string;
}

type Config = Readonly<Record<string, unknown>>;

/** Beyond this TeX takes minutes, and its memory runs out. */
const MOST_POINTS = 12_000;

/** undefined: a drawing by hand, or more points than TeX bears. `name`: of the CSV file, without its ending. */
export function pgfFigure(figure: ChartFigure, name: string): PgfFigure | undefined {
  const charts = figure.panels.map((panel) => (panel.drawing.kind === "chart" ? panel.drawing.config : undefined));
  if (charts.length === 0 || charts.some((config) => config === undefined)) return undefined;
  const panels = charts.map((config, panel) => pointsOf(config as Config, panel));
  if (panels.flat().reduce((sum, { points }) => sum + points.length, 0) > MOST_POINTS) return undefined;
  const rows = panels.flatMap((lines, panel) =>
    lines.flatMap((line, i) => line.points.map(([x, y]) => `${panel},${i},${cell(x)},${cell(y)}`)),
  );
  return { tex: document(figure, panels, name), csv: `panel,line,x,y\n${rows.join("\n")}\n` };
}

/** `nan` is a gap. */
function cell(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "nan" : String(Number(value.toPrecision(7)));
}

function document(figure: ChartFigure, panels: readonly (readonly DrawnLine[])[], name: string): string {
  const columns = panels.length === 1 ? 1 : panels.length % 3 === 0 && panels.length > 4 ? 3 : 2;
  const rows = Math.ceil(panels.length / columns);
  // One title for all axes that measure the same; side by side they would run into each other.
  const shared = panels.length > 1 && new Set(figure.panels.map((panel) => xOf(panel).title?.text)).size === 1;
  const named = figure.panels.some((panel) => yOf(panel).labels !== undefined);
  return [
    texComment(`${figure.title}: made by quorumlab export, with its points in ${name}.csv`),
    texComment(
      "Alone: pdflatex this file. In a paper: \\input it, with the packages of the next lines in the preamble,",
    ),
    texComment("and say \\def\\figurewidth{178mm} or \\def\\figuredir{...} before it where those below do not fit."),
    "\\expandafter\\ifx\\csname @nodocument\\endcsname\\relax\\let\\figurealone\\relax\\else",
    "\\def\\figurealone{\\end{document}}\\documentclass{article}",
    "\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{lmodern,textcomp,amsmath,pgfplots}",
    "\\usepgfplotslibrary{fillbetween,groupplots}\\pgfplotsset{compat=1.17}",
    "\\pagestyle{empty}\\begin{document}\\def\\figuredir{.}\\fi",
    "\\providecommand{\\figurewidth}{85mm}\\providecommand{\\figuredir}{figures}",
    ...colours(figure, panels),
    "\\begin{tikzpicture}[font=\\scriptsize]",
    `\\pgfplotsset{only line/.style 2 args={x filter/.append code={\\edef\\wanted{#1.#2}\\edef\\found{\\thisrow{panel}.\\thisrow{line}}\\ifx\\wanted\\found\\else\\def\\pgfmathresult{}\\fi}}}`,
    `\\begin{groupplot}[group style={group size=${columns} by ${rows}, horizontal sep=${columns > 2 ? 9 : 11}mm, vertical sep=${rows === 1 ? 0 : shared ? 14 : 20}mm},`,
    `  scale only axis, width={${share(columns, named)}*\\figurewidth}, height=${rows > 1 ? "26mm" : "36mm"}, unbounded coords=jump,`,
    "  table/col sep=comma, tick align=outside, tick pos=lower, grid=major, grid style={black!10}, axis line style={black!40},",
    "  label style={font=\\scriptsize}, tick label style={font=\\tiny}, title style={font=\\scriptsize, yshift=-1mm}, enlargelimits=false, clip mode=individual,",
    "  log ticks with fixed point, log origin=infty, scaled ticks=false, every axis plot/.append style={line width=0.6pt}]",
    ...panels.flatMap((lines, i) =>
      panelTex(figure.panels[i], lines, { index: i, name, first: i % columns === 0, shared }),
    ),
    "\\end{groupplot}",
    ...(shared
      ? [
          `\\node[anchor=north] at ([yshift=-0.5mm]current bounding box.south) {${tex(xOf(figure.panels[0]).title?.text ?? "")}};`,
        ]
      : []),
    legendTex(figure.legend),
    "\\end{tikzpicture}",
    "\\figurealone",
    "",
  ].join("\n");
}

/** Of the figure's width for the inside of an axis: what is left beside labels. */
function share(columns: number, named: boolean): string {
  const inside = columns === 1 ? 0.8 : columns === 2 ? 0.35 : 0.22;
  return (named ? inside * 0.75 : inside).toFixed(3);
}

const nameOfColour = (token: string): string => `ql${token.replace(/^\$/, "").replace(/\/.*$/, "")}`;

function colours(figure: ChartFigure, panels: readonly (readonly DrawnLine[])[]): string[] {
  const used = new Set([
    ...panels.flat().flatMap(({ colour, fill }) => [colour, fill?.colour ?? colour]),
    ...figure.legend.map(({ colour }) => colour),
    ...figure.panels.flatMap(({ drawing }) =>
      drawing.kind === "chart" ? faultsOf(drawing.config).map(({ stroke }) => stroke) : [],
    ),
    "$muted",
  ]);
  return [...new Set([...used].map((token) => token.replace(/^\$/, "").replace(/\/.*$/, "")))].sort().map((token) => {
    const found = THEMES.light[token] ?? "#000000";
    return `\\definecolor{ql${token}}{HTML}{${found.slice(1).toUpperCase()}}`;
  });
}

interface PanelPlace {
  readonly index: number;
  readonly name: string;
  /** In its row. */
  readonly first: boolean;
  /** The title of the x axis stands below all panels. */
  readonly shared: boolean;
}

function panelTex(panel: Panel, lines: readonly DrawnLine[], { index, name, first, shared }: PanelPlace): string[] {
  const { config } = panel.drawing as Extract<Panel["drawing"], { kind: "chart" }>;
  const { options } = config as { readonly options: { readonly scales: Config } };
  const { y } = options.scales as { readonly y: Scale };
  const x = xOf(panel);
  const values = (of: 0 | 1): number[] =>
    lines.flatMap(({ points }) => points.map((point) => point[of])).filter((v): v is number => v !== null);
  const settings = [
    ...(panel.title === "" ? [] : [`title={${tex(panel.title)}}`]),
    ...axis("x", x, values(0), { title: !shared, names: true }),
    ...axis("y", y, values(1), { title: first, names: first }),
  ];
  const faults = faultsOf(config);
  return [
    `\\nextgroupplot[${settings.join(", ")}]`,
    ...lines.flatMap((line, i) => lineTex(line, i, index, name)),
    ...faults.map((fault) => faultTex(fault, rangeOf(x, values(0))[1], rangeOf(y, values(1)))),
  ];
}

function yOf({ drawing }: Panel): Scale {
  return (
    (drawing as Extract<Panel["drawing"], { kind: "chart" }>).config as unknown as {
      readonly options: { readonly scales: { readonly y: Scale } };
    }
  ).options.scales.y;
}

/** Names of categories stand beside the data. */
function xOf({ drawing }: Panel): Scale {
  const { data, options } = (drawing as Extract<Panel["drawing"], { kind: "chart" }>).config as unknown as {
    readonly data: { readonly labels?: Scale["labels"] };
    readonly options: { readonly scales: { readonly x: Scale } };
  };
  return { ...options.scales.x, ...(data.labels === undefined ? {} : { labels: data.labels }) };
}

interface Scale {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly reverse?: boolean;
  readonly afterBuildTicks?: string;
  readonly labels?: readonly (string | readonly string[])[];
  readonly positions?: readonly number[];
  readonly title?: { readonly text?: string };
  readonly ticks?: { readonly callback?: string };
}

interface Fault {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly stroke: string;
}

function faultsOf(config: Config): readonly Fault[] {
  return (config["options"] as { readonly faultLanes?: readonly Fault[] }).faultLanes ?? [];
}

function rangeOf(scale: Scale, values: readonly number[]): readonly [number, number] {
  const log = scale.type === "logarithmic";
  const sound = log ? values.filter((value) => value > 0) : values;
  const categories = scale.type === "category" ? (scale.labels ?? []).length : undefined;
  let min = scale.min ?? (categories === undefined ? Math.min(...sound) : -0.6);
  let max = scale.max ?? (categories === undefined ? Math.max(...sound) : categories - 0.4);
  if (!Number.isFinite(min) || !Number.isFinite(max)) [min, max] = log ? [1, 10] : [0, 1];
  if (min === max) max = log ? min * 10 : min + 1;
  return [min, max];
}

function axis(
  which: "x" | "y",
  scale: Scale,
  values: readonly number[],
  shown: { readonly title: boolean; readonly names: boolean },
): string[] {
  const log = scale.type === "logarithmic";
  const [min, max] = rangeOf(scale, values);
  const title = scale.title?.text ?? "";
  const ticks = ticksOf(scale, min, max);
  const named = scale.afterBuildTicks === "@nameTicks";
  return [
    ...(log ? [`${which}mode=log`] : []),
    `${which}min=${number(min)}`,
    `${which}max=${number(max)}`,
    ...(scale.reverse === true ? [`${which} dir=reverse`] : []),
    ...(title === "" || !shown.title ? [] : [`${which}label={${tex(title)}}`]),
    ...(ticks === undefined
      ? []
      : [
          `${which}tick={${ticks.map(([at]) => number(at)).join(",")}}`,
          `${which}ticklabels={${named && !shown.names ? "" : ticks.map(([, label]) => `{${tex(label)}}`).join(",")}}`,
        ]),
  ];
}

const { byName } = chartCallbacks();

/** Where the chart itself says where its ticks stand and what they are called; thinned out to what a small panel holds. */
function ticksOf(scale: Scale, min: number, max: number): readonly (readonly [number, string])[] | undefined {
  const { labels, afterBuildTicks, positions } = scale;
  const words = (label: string | readonly string[]): string => (typeof label === "string" ? label : label.join(" "));
  if (scale.type === "category")
    return thinned(
      (labels ?? []).map((label, i) => [i, words(label)]),
      8,
    );
  if (afterBuildTicks === undefined) return undefined;
  if (afterBuildTicks === "@nameTicks") return (labels ?? []).map((label, i) => [positions?.[i] ?? i, words(label)]);
  const like = { min, max, ticks: [] as { value: number }[], options: scale };
  (byName[afterBuildTicks.slice(1)] as (axis: unknown) => void)(like);
  const label = byName[scale.ticks?.callback?.slice(1) ?? "numberTick"] as (value: number) => string;
  return thinned(
    like.ticks.map(({ value }) => [value, label(value)]),
    6,
  );
}

/** Every second, third … of them. */
function thinned<T>(items: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(items.length / most);
  return items.filter((_, i) => i % step === 0);
}

function number(value: number): string {
  return String(Number(value.toPrecision(8)));
}

function faultTex({ name, from, to, stroke }: Fault, last: number, [bottom, top]: readonly [number, number]): string {
  const at = (x: number, y: number): string => `(axis cs:${number(x)},${number(y)})`;
  const colour = nameOfColour(stroke);
  const label =
    name === "" ? "" : ` node[pos=0, anchor=north west, inner sep=1pt, font=\\tiny, text=black!70] {${tex(name)}}`;
  return (
    `\\fill[${colour}, opacity=0.15] ${at(from, bottom)} rectangle ${at(Math.min(to, last), top)};` +
    `\\draw[${colour}, densely dotted] ${at(from, top)} -- ${at(from, bottom)}${label};`
  );
}

const MARKS: Readonly<Record<string, string>> = {
  circle: "*",
  rect: "square*",
  triangle: "triangle*",
  rectRot: "diamond*",
  crossRot: "x",
  cross: "+",
  star: "asterisk",
};

function lineTex(line: DrawnLine, index: number, panel: number, name: string): string[] {
  const table = `table[x=x, y=y] {\\figuredir/${name}.csv}`;
  const only = `only line={${panel}}{${index}}`;
  const colour = nameOfColour(line.colour);
  const dash = dashOf(line.dash);
  if (line.points.length === 0) return [];
  if (line.kind === "bars")
    return [
      `\\addplot[ybar, bar width=${(0.8 / line.of!).toFixed(3)}, bar shift=${line.shift!.toFixed(3)}, fill=${colour}, draw=none, ${only}] ${table};`,
    ];
  const named = line.path === undefined ? "" : `name path global=${line.path}, `;
  const mark = line.marks ? `mark=${MARKS[line.mark] ?? "none"}, mark size=1pt, mark options={solid}` : "mark=none";
  const drawn = line.hidden ? "draw=none, " : line.line ? `${dash}` : "only marks, unbounded coords=discard, ";
  const plot = `\\addplot[${named}color=${colour}, ${drawn}${line.stepped ? "const plot, " : ""}${mark}, ${only}] ${table};`;
  if (line.fill === undefined) return [plot];
  const { to, colour: fill, opacity } = line.fill;
  return [
    plot,
    `\\addplot[${nameOfColour(fill)}, opacity=${opacity}, draw=none] fill between[of=${line.path!} and ${to}];`,
  ];
}

function dashOf(dash: readonly number[]): string {
  if (dash.length === 0) return "solid, ";
  const parts = dash.map((length, i) => `${i % 2 === 0 ? "on" : "off"} ${(length * 0.5).toFixed(1)}pt`);
  return `dash pattern=${parts.join(" ")}, `;
}

/** Below the panels, on as many lines as it takes; pictures of the lines, because colour alone is not enough. */
function legendTex(legend: readonly LegendEntry[]): string {
  if (legend.length === 0) return "";
  const entries = legend.map(({ series, colour, dash, mark }) => {
    const at = nameOfColour(colour);
    const symbol = MARKS[mark];
    const line =
      ["line", "thin"].includes(mark) ||
      (symbol !== undefined && dash.length >= 0 && mark !== "crossRot" && mark !== "star");
    const picture =
      mark === "bar" || mark.startsWith("fault")
        ? `\\fill[${at}${mark === "bar" ? "" : "!30"}] (0,-0.6ex) rectangle (4mm,0.6ex);`
        : `${line ? `\\draw[${at}, line width=0.6pt, ${dashOf(dash).replace(/, $/, "")}] (0,0) -- (6mm,0);` : ""}${symbol === undefined ? "" : `\\path plot[only marks, mark=${symbol}, mark size=1pt, mark options={${at}, fill=${at}}] coordinates {(3mm,0)};`}`;
    return `\\mbox{\\tikz[baseline=-0.5ex]{${picture}}~${tex(series)}}`;
  });
  return `\\node[anchor=north, text width=\\figurewidth, align=center, font=\\tiny] at ([yshift=-1mm]current bounding box.south) {${entries.join("\\quad\\ ")}};`;
}
