/**
 * Draws what `fault-lanes.ts` lists: a Chart.js plugin that runs in Node for the SVG and in the page for the canvas. As the
 * callbacks it is one function without a single outside reference, because the page receives its source text. Lanes
 * have their room from a scale of their own above the plot, so that titles and legends of a picture file stay clear of them.
 */

interface Fault {
  readonly lane: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly pattern: number;
  readonly stroke: string;
  readonly fill: string;
  readonly shade: string;
}
interface Surface {
  save(): void;
  restore(): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
  setLineDash(dash: number[]): void;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: string;
  textBaseline: string;
}
interface ChartLike {
  readonly ctx: Surface;
  readonly chartArea: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  readonly scales: Readonly<
    Record<
      string,
      | { getPixelForValue(value: number): number; readonly top: number; readonly min: number; readonly max: number }
      | undefined
    >
  >;
  readonly config: { readonly options?: { readonly faultLanes?: readonly Fault[]; readonly faultInk?: string } };
}

export interface FaultLanesPlugin {
  readonly id: string;
  /** The shading, under the lines. */
  readonly beforeDatasetsDraw: (chart: unknown) => void;
  /** Bars, rules and names, over filled areas. */
  readonly afterDatasetsDraw: (chart: unknown) => void;
}

export function faultLanesPlugin(): FaultLanesPlugin {
  const bar = 9;
  // `lanesFit` in callbacks.ts makes room for as much.
  const pitch = 13;
  // Lines across a bar: "/", "|", "-", "x", "\", ".".
  const hatch = (ctx: Surface, pattern: number, x: number, y: number, width: number): void => {
    const end = x + width;
    ctx.beginPath();
    if (pattern === 0 || pattern === 3)
      for (let at = x; at + bar <= end; at += 6) {
        ctx.moveTo(at, y + bar);
        ctx.lineTo(at + bar, y);
      }
    if (pattern === 4 || pattern === 3)
      for (let at = x; at + bar <= end; at += 6) {
        ctx.moveTo(at, y);
        ctx.lineTo(at + bar, y + bar);
      }
    if (pattern === 1)
      for (let at = x + 3; at < end; at += 4) {
        ctx.moveTo(at, y);
        ctx.lineTo(at, y + bar);
      }
    if (pattern === 2)
      for (let at = y + 3; at < y + bar; at += 3) {
        ctx.moveTo(x, at);
        ctx.lineTo(end, at);
      }
    if (pattern === 5)
      for (let at = x + 3; at < end - 1; at += 5) {
        ctx.moveTo(at, y + bar / 2);
        ctx.lineTo(at + 1.5, y + bar / 2);
      }
    ctx.stroke();
  };
  /** What to draw where; nothing on a chart without lanes. */
  const drawn = (
    given: unknown,
    each: (ctx: Surface, fault: Fault, at: { from: number; to: number; lane: number }, chart: ChartLike) => void,
  ): void => {
    const chart = given as ChartLike;
    const faults = chart.config.options === undefined ? undefined : chart.config.options.faultLanes;
    const room = chart.scales["lanes"];
    const x = chart.scales["x"];
    if (faults === undefined || faults.length === 0 || room === undefined || x === undefined) return;
    const { ctx, chartArea: area } = chart;
    ctx.save();
    for (const fault of faults) {
      // Outside the stretch of time that the reader looks at.
      if (fault.to < x.min || fault.from > x.max) continue;
      const from = Math.max(area.left, Math.min(area.right, x.getPixelForValue(fault.from)));
      const to = Math.max(from, Math.min(area.right, x.getPixelForValue(fault.to)));
      each(ctx, fault, { from, to, lane: room.top + fault.lane * pitch + 1 }, chart);
    }
    ctx.restore();
  };
  return {
    id: "faultLanes",
    beforeDatasetsDraw(given: unknown): void {
      drawn(given, (ctx, fault, { from, to }, { chartArea: area }) => {
        ctx.fillStyle = fault.shade;
        if (to > from) ctx.fillRect(from, area.top, to - from, area.bottom - area.top);
      });
    },
    afterDatasetsDraw(given: unknown): void {
      drawn(given, (ctx, fault, { from, to, lane }, { chartArea: area, config }) => {
        // An instant is still a bar that can be seen.
        const width = Math.max(3, to - from);
        ctx.lineWidth = 1;
        ctx.fillStyle = fault.fill;
        ctx.fillRect(from, lane, width, bar);
        ctx.strokeStyle = fault.stroke;
        ctx.setLineDash([]);
        hatch(ctx, fault.pattern, from, lane, width);
        ctx.strokeRect(from, lane, width, bar);
        for (const [at, dash] of [
          [from, []],
          [to, [3, 3]],
        ] as [number, number[]][]) {
          ctx.setLineDash(dash);
          ctx.beginPath();
          ctx.moveTo(at, lane + bar);
          ctx.lineTo(at, area.bottom);
          ctx.stroke();
        }
        if (fault.name === "") return;
        ctx.textBaseline = "middle";
        ctx.font = "10px sans-serif";
        const needed = ctx.measureText(fault.name).width + 4;
        const right = from + width + needed <= area.right;
        if (!right && from - needed < area.left) return;
        ctx.fillStyle = config.options === undefined ? "" : config.options.faultInk;
        ctx.textAlign = right ? "left" : "right";
        ctx.fillText(fault.name, right ? from + width + 4 : from - 4, lane + bar / 2);
      });
    },
  };
}
