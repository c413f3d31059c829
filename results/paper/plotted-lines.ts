/**
 * What Chart.js would draw of a configuration, in drawing order, as plain lines: stacked values summed up, bands as pairs of
 * named paths, bars with their place beside each other. PGFPlots has other ideas of all of these, so they are settled here, from
 * the data, once.
 */
type Point = readonly [x: number | null, y: number | null];

export interface DrawnLine {
  readonly kind: "line" | "bars";
  readonly points: readonly Point[];
  readonly colour: string;
  readonly dash: readonly number[];
  readonly mark: string;
  /** Points are marked. */
  readonly marks: boolean;
  /** Points are joined. */
  readonly line: boolean;
  readonly stepped: boolean;
  /** Neither is seen: an edge of a band. */
  readonly hidden: boolean;
  /** Of bands: what others refer to it by. */
  readonly path?: string;
  readonly fill?: { readonly to: string; readonly colour: string; readonly opacity: number };
  /** Of bars: how many stand side by side at a value, and how far this one from the middle. */
  readonly of?: number;
  readonly shift?: number;
}

interface Dataset {
  readonly type?: string;
  readonly data: readonly (number | null | { readonly x: number | null; readonly y: number | null })[];
  readonly borderColor?: unknown;
  readonly backgroundColor?: unknown;
  readonly borderWidth?: number;
  readonly borderDash?: readonly number[];
  readonly pointStyle?: unknown;
  readonly pointRadius?: unknown;
  readonly showLine?: boolean;
  readonly stepped?: unknown;
  readonly fill?: unknown;
  readonly stack?: string;
  readonly hidden?: boolean;
  readonly order?: number;
}

/** `panel`: which of the figure's, for names of paths. */
export function pointsOf(config: Readonly<Record<string, unknown>>, panel: number): readonly DrawnLine[] {
  const { type, data, options } = config as {
    readonly type: string;
    readonly data: { readonly datasets: readonly Dataset[]; readonly labels?: readonly unknown[] };
    readonly options: { readonly scales?: { readonly y?: { readonly stacked?: boolean } } };
  };
  const stacked = options.scales?.y?.stacked === true;
  const sums = new Map<string, Map<number, number>>();
  const shown = data.datasets.filter(({ hidden }) => hidden !== true);
  const bars = shown.filter((set) => (set.type ?? type) === "bar").length;
  let bar = 0;
  const origin = `p${panel}zero`;
  let needsOrigin = false;
  const lines = shown.map((set, i): DrawnLine => {
    const kind = set.type ?? type;
    const raw = set.data.map((one, at): Point =>
      one === null || typeof one === "number" ? [at, one] : [one.x ?? null, one.y ?? null],
    );
    const points = stacked ? summed(raw, sums, set.stack ?? `own ${i}`) : raw;
    const colour = token(set.borderColor ?? set.backgroundColor);
    const fill = fillOf(set, i, panel, origin);
    needsOrigin ||= fill?.to === origin;
    const usedByNext = shown[i + 1]?.fill === "-1" || shown[i + 1]?.fill === -1;
    const line = kind === "line" && set.showLine !== false && (set.borderWidth ?? 1) > 0 && !isClear(set.borderColor);
    const marks = set.pointStyle !== "line" && set.pointStyle !== false && isSize(set.pointRadius, kind === "scatter");
    const about = {
      points,
      colour,
      dash: set.borderDash ?? [],
      mark: typeof set.pointStyle === "string" ? set.pointStyle : "circle",
    };
    if (kind === "bar") {
      const shift = (bar++ - (bars - 1) / 2) * (0.8 / bars);
      return {
        kind: "bars",
        ...about,
        colour: token(set.backgroundColor ?? set.borderColor),
        marks: false,
        line: false,
        stepped: false,
        hidden: false,
        of: bars,
        shift,
      };
    }
    return {
      kind: "line",
      ...about,
      ...{ marks, line, stepped: set.stepped === true, hidden: !line && !marks },
      ...(fill === undefined && !usedByNext ? {} : { path: `p${panel}n${i}` }),
      ...(fill === undefined ? {} : { fill }),
    };
  });
  if (!needsOrigin) return lines;
  const xs = lines.flatMap(({ points }) => points.flatMap(([x]) => (x === null ? [] : [x])));
  const floor: DrawnLine = {
    ...{
      kind: "line",
      points: [
        [Math.min(...xs), 0],
        [Math.max(...xs), 0],
      ],
      colour: "$muted",
      dash: [],
      mark: "line",
    },
    ...{ marks: false, line: false, stepped: false, hidden: true, path: origin },
  };
  // A path is named before it is referred to.
  return [floor, ...lines];
}

function summed(points: readonly Point[], sums: Map<string, Map<number, number>>, stack: string): readonly Point[] {
  const below = sums.get(stack) ?? new Map<number, number>();
  sums.set(stack, below);
  return points.map(([x, y]): Point => {
    if (x === null || y === null) return [x, y];
    const sum = (below.get(x) ?? 0) + y;
    below.set(x, sum);
    return [x, sum];
  });
}

function fillOf(set: Dataset, i: number, panel: number, origin: string): DrawnLine["fill"] {
  if (set.fill === undefined || set.fill === false) return undefined;
  const found = set.backgroundColor ?? set.borderColor;
  const colour = typeof found === "string" ? found : "$muted";
  const share = /\/(\d+)$/.exec(colour);
  const opacity = share === null ? 1 : Number(share[1]) / 100;
  if (set.fill === "origin") return { to: origin, colour: token(colour), opacity };
  const by = Number(set.fill);
  return by < 0 ? { to: `p${panel}n${i + by}`, colour: token(colour), opacity } : undefined;
}

function token(colour: unknown): string {
  const first: unknown = Array.isArray(colour) ? colour[0] : colour;
  return typeof first === "string" && first.startsWith("$") ? first.replace(/\/.*$/, "") : "$muted";
}

function isClear(colour: unknown): boolean {
  return colour === "transparent" || (typeof colour === "string" && /\/0$/.test(colour));
}

function isSize(radius: unknown, usual: boolean): boolean {
  if (radius === undefined) return usual;
  return Array.isArray(radius) ? radius.some((one) => Number(one) > 0) : Number(radius) > 0;
}
