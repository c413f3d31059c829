/**
 * The few functions a chart may name. A chart's configuration is plain data, so that it can be embedded in a page as
 * JSON; where Chart.js wants a function the data says `@name`, and the name is looked up here, in Node when the SVG is
 * drawn and in the page when the canvas is. The whole registry is one function without a single outside reference,
 * because the page receives its source text. A name that is not here is an error, not a chart without ticks.
 */

interface AxisLike {
  min: number;
  max: number;
  ticks: { value: number }[];
}
/** An axis whose whole numbers have names. */
interface NamedAxis extends AxisLike {
  readonly options: { readonly labels?: readonly string[]; readonly positions?: readonly number[] };
}
interface PointLike {
  readonly dataset: {
    readonly label?: string;
    readonly series?: string;
    readonly labels?: readonly string[];
    readonly yName?: string;
  };
  readonly dataIndex: number;
  readonly parsed: { readonly x: number; readonly y: number };
  readonly raw: unknown;
  readonly label?: string;
  readonly chart: { readonly options: { readonly axesInWords?: AxesInWords } };
}

/** Travels in the chart's options for the tooltip. */
export interface AxesInWords {
  readonly x: string;
  readonly xScale: string;
  readonly y: string;
  readonly yScale: string;
}

export interface ChartCallbacks {
  readonly byName: Readonly<Record<string, (...given: never[]) => unknown>>;
  /** Replaces `@name` by functions and, with a palette, `$token` by colours. */
  readonly hydrate: (config: unknown, palette?: Readonly<Record<string, string>>) => unknown;
}

export function chartCallbacks(): ChartCallbacks {
  const short = (value: number): string => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e6) return Number((value / 1e6).toPrecision(3)) + " M";
    if (size >= 10000) return Number((value / 1e3).toPrecision(3)) + " k";
    if (size < 0.0001) return value.toExponential(0);
    return String(Number(value.toPrecision(3)));
  };
  // x is 1 / (1 - share): 1 → 0 %, 2 → 50 %, 100 → 99 %
  const percentile = (x: number): string => {
    const nines = Math.round(Math.log10(x));
    const digits = Math.max(0, nines - 2);
    return ((1 - 1 / x) * 100).toFixed(digits).replace(/(\.\d*?)0+$/, "$1") + " %";
  };
  const unscale = (value: number, scale: string): number => (scale === "log1p" ? Math.pow(10, value) - 1 : value);
  const ticksAt = (axis: AxisLike, values: number[]): void => {
    const slack = 1e-9;
    axis.ticks = values
      .filter((v) => v >= axis.min * (1 - slack) && v <= axis.max * (1 + slack))
      .map((value) => ({ value }));
  };
  const byName = {
    numberTick: (value: number): string => short(value),
    percentileTick: (value: number): string => percentile(value),
    percentileTicks: (axis: AxisLike): void => ticksAt(axis, [1, 2, 10, 100, 1e3, 1e4, 1e5, 1e6]),
    log1pTick: (value: number): string => short(Math.round(unscale(value, "log1p") * 100) / 100),
    log1pTicks: (axis: AxisLike): void => {
      const values = [0];
      for (let power = 1; power < 1e9; power *= 10) {
        values.push(Math.log10(1 + power));
        if (axis.max < 1.6) values.push(Math.log10(1 + 3 * power));
      }
      ticksAt(axis, values);
    },
    /** Whole powers of ten over a long range; 1, 2, 5 over a short one. */
    logTicks: (axis: AxisLike): void => {
      const decades = Math.log10(axis.max / axis.min);
      const steps = decades > 3 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
      const values: number[] = [];
      for (let power = Math.floor(Math.log10(axis.min)); power <= Math.ceil(Math.log10(axis.max)); power++)
        for (const step of steps) values.push(Number((step * Math.pow(10, power)).toPrecision(6)));
      ticksAt(axis, values);
    },
    nameTicks: (axis: NamedAxis): void => {
      axis.ticks = (axis.options.labels ?? []).map((_, i) => ({ value: axis.options.positions?.[i] ?? i }));
    },
    nameTick: function (this: NamedAxis, value: number): string | readonly string[] {
      const at = this.options.positions?.indexOf(value) ?? value;
      return this.options.labels?.[at] ?? "";
    },
    /** As high as its lanes; 13 pixels each, as the plugin draws them. */
    lanesFit: (axis: { height: number; readonly options: { readonly laneCount?: number } }): void => {
      axis.height = 13 * (axis.options.laneCount ?? 0);
    },
    tooltipTitle: (items: readonly PointLike[]): string => {
      const item = items[0];
      const words = item?.chart.options.axesInWords;
      if (item === undefined || words === undefined) return "";
      if (words.xScale === "category") return String(item.label);
      if (words.xScale === "names") return "";
      const x = item.parsed.x;
      return words.x + ": " + (words.xScale === "percentile" ? percentile(x) : short(unscale(x, words.xScale)));
    },
    tooltipLabel: (item: PointLike): string => {
      const words = item.chart.options.axesInWords;
      const point = item.dataset.labels?.[item.dataIndex];
      if (point !== undefined) return point;
      const name = item.dataset.label ?? "";
      const value = short(unscale(item.parsed.y, words?.yScale ?? ""));
      return name + ": " + value + (words === undefined ? "" : " " + words.y);
    },
    /** Bands, error crosses and guide lines say nothing when pointed at. */
    tooltipFilter: (item: PointLike): boolean => item.dataset.label !== undefined && item.dataset.label !== "",
    /** One entry a series: its service time, its markers and its band have no entry of their own. */
    legendFilter: (
      item: { readonly text?: string; readonly datasetIndex?: number },
      data: { readonly datasets: readonly { readonly series?: string }[] },
    ): boolean => item.text !== undefined && item.text === data.datasets[item.datasetIndex ?? -1]?.series,
  };
  const hydrate = (config: unknown, palette?: Readonly<Record<string, string>>, parent = ""): unknown => {
    if (typeof config === "string") {
      if (config.charAt(0) === "@") {
        const found = (byName as Record<string, unknown>)[config.slice(1)];
        if (found === undefined) throw new Error("no chart callback is called " + config);
        return found;
      }
      if (palette !== undefined && config.charAt(0) === "$") {
        const parts = config.slice(1).split("/");
        const colour = palette[parts[0]];
        if (colour === undefined) return config;
        if (parts[1] === undefined) return colour;
        const alpha = Math.round((Number(parts[1]) / 100) * 255);
        return colour + (alpha < 16 ? "0" : "") + alpha.toString(16);
      }
      return config;
    }
    if (Array.isArray(config)) return config.map((entry) => hydrate(entry, palette, parent));
    if (config !== null && typeof config === "object") {
      const out: Record<string, unknown> = {};
      for (const key of Object.keys(config)) {
        const value = (config as Record<string, unknown>)[key];
        // Names of things are data, whatever they begin with.
        const isText =
          key === "axesInWords" ||
          (parent !== "callbacks" &&
            ["label", "labels", "text", "series"].includes(key) &&
            (typeof value === "string" || Array.isArray(value)));
        out[key] = isText ? value : hydrate(value, palette, key);
      }
      return out;
    }
    return config;
  };
  return { byName, hydrate };
}
