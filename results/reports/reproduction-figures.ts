/**
 * Curves of a reproduction: what was published, what follows from a formula, and what was measured, one panel a curve and one figure a
 * paper. The three kinds have one look each over the whole page, and a dash and a marker beside the colour.
 */
import type { ChartDefinition, ChartFigure, Panel } from "../charts/chart";
import { chartPanel, legendOf, line } from "../charts/frame";
import { slug } from "../charts/markup";
import { counted, trimmed } from "../charts/numbers";
import type { SeriesStyle } from "../charts/theme";
import type { ReproducedCurve, ReproducedTarget } from "../record/reproduction";

type Kind = ReproducedCurve["series"][number]["kind"];

const STYLES: Readonly<Record<Kind, SeriesStyle>> = {
  published: { colour: "$s2", dash: [6, 4], marker: "rectRot" },
  derived: { colour: "$muted", dash: [1.5, 2.5], marker: "line" },
  measured: { colour: "$s1", dash: [], marker: "circle" },
};
const NAMES: Readonly<Record<Kind, string>> = {
  published: "published",
  derived: "by formula",
  measured: "measured now",
};
/** Drawn in this order, so that what was measured lies on top. */
const ORDER: readonly Kind[] = ["published", "derived", "measured"];

/** For the page's words on how to read it. */
export function curvesDefinition(paper: string): ChartDefinition {
  return {
    id: `curves-${slug(paper).slice(0, 40)}`,
    number: 0,
    title: "Published curves and ours",
    question: "Do the curves agree?",
    prose: "Each panel is a curve of the paper, or of a formula, beside the one that was measured now.",
    absence: "No curve was measured.",
    draw: () => undefined,
  };
}

/** Undefined where the paper's targets left no curve. */
export function curvesOf(paper: string, targets: readonly ReproducedTarget[]): ChartFigure | undefined {
  const curves = targets.flatMap((target) => target.curves.map((curve) => ({ id: target.id, curve })));
  if (curves.length === 0) return undefined;
  const definition = curvesDefinition(paper);
  const kinds = ORDER.filter((kind) => curves.some(({ curve }) => curve.series.some((one) => one.kind === kind)));
  const size = curves.length === 1 ? { width: 720, height: 320 } : { width: 500, height: 300 };
  return {
    id: definition.id,
    number: 0,
    title: definition.title,
    question: definition.question,
    answer: `${counted(curves.length, "curve")} of ${counted(new Set(curves.map(({ id }) => id)).size, "target")}: where the marks lie on each other, the result came out.`,
    caption: `Measured in this reproduction; ${kinds.map((kind) => NAMES[kind]).join(", ")}. Whether a point is within its tolerance stands in the table above.`,
    description: curves
      .map(
        ({ id, curve }) =>
          `${id}, ${curve.title}: ${curve.series.map(({ name, points }) => `${name} from ${said(points[0])} to ${said(points.at(-1))}`).join("; ")}`,
      )
      .join(". "),
    axes: { x: curves[0].curve.x.title, y: curves[0].curve.y.title },
    legend: legendOf(kinds.map((kind) => ({ name: NAMES[kind], style: STYLES[kind] }))),
    panels: curves.map(({ id, curve }) => panelOf(`${id} · ${curve.title}`, curve, size)),
    table: {
      columns: ["target", "curve", "series", "x", "y"],
      rows: curves.flatMap(({ id, curve }) =>
        curve.series.flatMap(({ name, points }) =>
          points.map(([x, y]) => [id, curve.title, name, trimmed(x), trimmed(y)]),
        ),
      ),
    },
  };
}

function said(point: readonly [number, number] | undefined): string {
  return point === undefined ? "nothing" : `${trimmed(point[1])} at ${trimmed(point[0])}`;
}

function panelOf(
  title: string,
  { x, y, series }: ReproducedCurve,
  size: { readonly width: number; readonly height: number },
): Panel {
  const sorted = [...series].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return chartPanel(title, size, {
    type: "line",
    x: { title: x.title, scale: x.scale, unit: x.unit, name: x.title },
    y: { title: y.title, scale: y.scale, unit: y.unit, name: y.title },
    datasets: sorted.map(({ kind, points }) =>
      line(
        NAMES[kind],
        STYLES[kind],
        points.map(([px, py]) => ({ x: px, y: py })),
        kind === "published" && points.length < 3 ? { showLine: false, pointRadius: 5 } : {},
      ),
    ),
  });
}
