/**
 * Draws a table of time by latency as coloured cells: a Chart.js plugin that runs in Node for the SVG and in the page for the
 * canvas, as one function without an outside reference, because the page receives its source text. Cells of one level
 * that lie side by side become one rectangle, so that a picture of thousands stays small; those of one level are one path. A level that the
 * reader switches off in the legend is left out; pointing at a cell tells its numbers.
 */
import type { Plain } from "./chart";

/** In a chart's options as `heat`. Column c begins at `c * width` on x; bin b spans `edges[b]` to `edges[b + 1]` on y. */
export interface HeatGrid {
  readonly width: number;
  readonly edges: readonly number[];
  /** `[first bin, count, …]`, or empty. */
  readonly columns: readonly (readonly number[])[];
  /** Least count of each level, ascending; as many as `colours`. Dataset i of the chart stands for level i. */
  readonly levels: readonly number[];
  readonly colours: readonly string[];
  readonly ink: string;
  readonly paper: string;
  /** For what is told of a cell. */
  readonly what: string;
}

export interface HeatMapPlugin {
  readonly id: string;
  readonly beforeDatasetsDraw: (chart: unknown) => void;
  readonly afterEvent: (chart: unknown, given: unknown) => void;
  readonly afterDraw: (chart: unknown) => void;
}

export function heatOptions(grid: HeatGrid): Plain {
  return { ...grid, columns: grid.columns.map((column) => [...column]) };
}

interface ChartLike {
  readonly ctx: CanvasLike;
  readonly chartArea: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  readonly scales: Readonly<
    Record<string, { getPixelForValue(value: number): number; getValueForPixel(pixel: number): number }>
  >;
  readonly config: { readonly options?: { readonly heat?: HeatGrid } };
  isDatasetVisible(index: number): boolean;
  heatCell?: string;
}
interface CanvasLike {
  save(): void;
  restore(): void;
  beginPath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  fill(): void;
  clip(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
  fillStyle: unknown;
  font: string;
  textAlign: string;
  textBaseline: string;
}

export function heatMapPlugin(): HeatMapPlugin {
  const heatOf = (chart: ChartLike): HeatGrid | undefined =>
    chart.config.options === undefined ? undefined : chart.config.options.heat;
  const levelOf = (heat: HeatGrid, count: number): number => {
    let level = -1;
    while (level + 1 < heat.levels.length && count >= heat.levels[level + 1]) level++;
    return level;
  };
  const countAt = (heat: HeatGrid, column: number, bin: number): number => {
    const counts = heat.columns[column];
    return counts === undefined || counts.length === 0 || bin < counts[0] ? 0 : (counts[bin - counts[0] + 1] ?? 0);
  };
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  return {
    id: "heatMap",
    beforeDatasetsDraw(given: unknown): void {
      const chart = given as ChartLike;
      const heat = heatOf(chart);
      if (heat === undefined) return;
      const { ctx, chartArea: area, scales } = chart;
      const rows = heat.edges.map((edge) => scales["y"].getPixelForValue(edge));
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
      ctx.clip();
      for (let level = 0; level < heat.levels.length; level++) {
        if (!chart.isDatasetVisible(level)) continue;
        ctx.beginPath();
        for (let bin = 0; bin + 1 < rows.length; bin++) {
          for (let column = 0; column < heat.columns.length; column++) {
            if (levelOf(heat, countAt(heat, column, bin)) !== level) continue;
            const from = column;
            while (column + 1 < heat.columns.length && levelOf(heat, countAt(heat, column + 1, bin)) === level)
              column++;
            const left = Math.max(area.left, scales["x"].getPixelForValue(from * heat.width));
            const right = Math.min(area.right, scales["x"].getPixelForValue((column + 1) * heat.width));
            const top = Math.max(area.top, rows[bin + 1]);
            const bottom = Math.min(area.bottom, rows[bin]);
            // A little over, or hair lines of the page show between neighbours.
            if (right > left && bottom > top) ctx.rect(left, top, right - left + 0.4, bottom - top + 0.4);
          }
        }
        ctx.fillStyle = heat.colours[level];
        ctx.fill();
      }
      ctx.restore();
    },
    afterEvent(given: unknown, event: unknown): void {
      const chart = given as ChartLike;
      const heat = heatOf(chart);
      if (heat === undefined) return;
      const told = event as {
        readonly event: { readonly type: string; readonly x: number; readonly y: number };
        readonly inChartArea: boolean;
        changed?: boolean;
      };
      let words = "";
      if (told.inChartArea && told.event.type !== "mouseout") {
        const column = Math.floor(chart.scales["x"].getValueForPixel(told.event.x) / heat.width);
        const y = chart.scales["y"].getValueForPixel(told.event.y);
        let bin = 0;
        while (bin + 2 < heat.edges.length && heat.edges[bin + 1] <= y) bin++;
        const count = countAt(heat, column, bin);
        if (count > 0)
          words =
            short(column * heat.width) +
            " to " +
            short((column + 1) * heat.width) +
            " s, " +
            short(heat.edges[bin]) +
            " to " +
            short(heat.edges[bin + 1]) +
            " ms: " +
            String(count) +
            " " +
            heat.what;
      }
      if (words === (chart.heatCell ?? "")) return;
      chart.heatCell = words;
      told.changed = true;
    },
    afterDraw(given: unknown): void {
      const chart = given as ChartLike;
      const heat = heatOf(chart);
      if (heat === undefined || chart.heatCell === undefined || chart.heatCell === "") return;
      const { ctx, chartArea: area } = chart;
      ctx.save();
      ctx.font = "12px sans-serif";
      ctx.textAlign = "right";
      ctx.textBaseline = "top";
      const width = ctx.measureText(chart.heatCell).width + 12;
      ctx.fillStyle = heat.paper;
      ctx.fillRect(area.right - width, area.top, width, 20);
      ctx.fillStyle = heat.ink;
      ctx.fillText(chart.heatCell, area.right - 6, area.top + 4);
      ctx.restore();
    },
  };
}
