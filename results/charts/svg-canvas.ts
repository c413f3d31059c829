/**
 * A drawing surface that remembers. Chart.js draws on a CanvasRenderingContext2D; this one writes down what is asked
 * of it as SVG: text stays text (searchable, selectable, in the reader's font), coordinates have two decimals, and
 * strokes of one style in a row share a path. So the page, the file and the print come from one chart definition and
 * no native canvas is needed.
 *
 * Colours may be tokens, `$name` or `$name/percent`: they come out as CSS variables, so that the same SVG follows a
 * light theme, a dark one and paper. It implements what Chart.js 4 calls and nothing more; what it does not know
 * (images, gradients) fails loudly instead of leaving a hole in a picture. The same input gives the same bytes.
 */
import { escapeText } from "./markup";
import { textWidth } from "./text-width";

interface State {
  matrix: readonly [number, number, number, number, number, number];
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  lineDashOffset: number;
  dash: readonly number[];
  font: string;
  textAlign: string;
  textBaseline: string;
  globalAlpha: number;
  clip: string;
}

/** One element waiting to be written: paths of equal `style` in a row become one. */
interface Shape {
  readonly clip: string;
  readonly style: string;
  d: string;
  readonly mergeable: boolean;
}

export class SvgCanvas {
  /** What Chart.js reaches through `ctx.canvas`. */
  readonly canvas: { width: number; height: number; getContext: () => SvgCanvas };
  private state: State = {
    matrix: [1, 0, 0, 1, 0, 0],
    fillStyle: "#000",
    strokeStyle: "#000",
    lineWidth: 1,
    lineCap: "butt",
    lineJoin: "miter",
    lineDashOffset: 0,
    dash: [],
    font: "12px sans-serif",
    textAlign: "start",
    textBaseline: "alphabetic",
    globalAlpha: 1,
    clip: "",
  };
  private readonly stack: State[] = [];
  private path = "";
  /** Where the path's pen is, in picture units; undefined before the first point. */
  private pen: readonly [number, number] | undefined;
  private start: readonly [number, number] | undefined;
  private readonly out: { clip: string; text: string }[] = [];
  private pending: Shape | undefined;
  private readonly clips = new Map<string, string>();

  /** `idPrefix` keeps clip ids apart when several pictures stand in one page. */
  constructor(
    readonly width: number,
    readonly height: number,
    private readonly idPrefix: string,
  ) {
    this.canvas = { width, height, getContext: () => this };
  }

  // --- state -------------------------------------------------------------------------------------------------

  save(): void {
    this.stack.push({ ...this.state });
  }
  restore(): void {
    const state = this.stack.pop();
    if (state !== undefined) this.state = state;
  }
  get fillStyle(): string {
    return this.state.fillStyle;
  }
  set fillStyle(value: string) {
    this.state.fillStyle = plainColour(value);
  }
  get strokeStyle(): string {
    return this.state.strokeStyle;
  }
  set strokeStyle(value: string) {
    this.state.strokeStyle = plainColour(value);
  }
  get lineWidth(): number {
    return this.state.lineWidth;
  }
  set lineWidth(value: number) {
    if (Number.isFinite(value) && value > 0) this.state.lineWidth = value;
  }
  get lineCap(): string {
    return this.state.lineCap;
  }
  set lineCap(value: string) {
    this.state.lineCap = value;
  }
  get lineJoin(): string {
    return this.state.lineJoin;
  }
  set lineJoin(value: string) {
    this.state.lineJoin = value;
  }
  get lineDashOffset(): number {
    return this.state.lineDashOffset;
  }
  set lineDashOffset(value: number) {
    this.state.lineDashOffset = value;
  }
  get font(): string {
    return this.state.font;
  }
  set font(value: string) {
    this.state.font = value;
  }
  get textAlign(): string {
    return this.state.textAlign;
  }
  set textAlign(value: string) {
    this.state.textAlign = value;
  }
  get textBaseline(): string {
    return this.state.textBaseline;
  }
  set textBaseline(value: string) {
    this.state.textBaseline = value;
  }
  get globalAlpha(): number {
    return this.state.globalAlpha;
  }
  set globalAlpha(value: number) {
    if (value >= 0 && value <= 1) this.state.globalAlpha = value;
  }
  setLineDash(dash: readonly number[]): void {
    this.state.dash = [...dash];
  }
  getLineDash(): number[] {
    return [...this.state.dash];
  }

  // --- transforms --------------------------------------------------------------------------------------------

  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.state.matrix = [a, b, c, d, e, f];
  }
  resetTransform(): void {
    this.setTransform(1, 0, 0, 1, 0, 0);
  }
  translate(x: number, y: number): void {
    this.multiply([1, 0, 0, 1, x, y]);
  }
  rotate(angle: number): void {
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    this.multiply([cos, sin, -sin, cos, 0, 0]);
  }
  private multiply(n: State["matrix"]): void {
    const m = this.state.matrix;
    this.state.matrix = [
      m[0] * n[0] + m[2] * n[1],
      m[1] * n[0] + m[3] * n[1],
      m[0] * n[2] + m[2] * n[3],
      m[1] * n[2] + m[3] * n[3],
      m[0] * n[4] + m[2] * n[5] + m[4],
      m[1] * n[4] + m[3] * n[5] + m[5],
    ];
  }
  private at(x: number, y: number): readonly [number, number] {
    const m = this.state.matrix;
    return [m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]];
  }

  // --- paths -------------------------------------------------------------------------------------------------

  beginPath(): void {
    this.path = "";
    this.pen = undefined;
    this.start = undefined;
  }
  closePath(): void {
    if (this.pen === undefined) return;
    this.path += "Z";
    this.pen = this.start;
  }
  moveTo(x: number, y: number): void {
    const p = this.at(x, y);
    this.path += `M${pair(p)}`;
    this.pen = p;
    this.start = p;
  }
  lineTo(x: number, y: number): void {
    const p = this.at(x, y);
    this.path += this.pen === undefined ? `M${pair(p)}` : `L${pair(p)}`;
    this.start ??= p;
    this.pen = p;
  }
  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    if (this.pen === undefined) this.moveTo(ax, ay);
    const p = this.at(x, y);
    this.path += `C${pair(this.at(ax, ay))} ${pair(this.at(bx, by))} ${pair(p)}`;
    this.pen = p;
  }
  quadraticCurveTo(ax: number, ay: number, x: number, y: number): void {
    if (this.pen === undefined) this.moveTo(ax, ay);
    const p = this.at(x, y);
    this.path += `Q${pair(this.at(ax, ay))} ${pair(p)}`;
    this.pen = p;
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }
  arc(x: number, y: number, radius: number, from: number, to: number, anticlockwise = false): void {
    this.ellipse(x, y, radius, radius, 0, from, to, anticlockwise);
  }
  ellipse(
    x: number,
    y: number,
    rx: number,
    ry: number,
    rotation: number,
    from: number,
    to: number,
    anticlockwise = false,
  ): void {
    const point = (angle: number): readonly [number, number] => {
      const px = rx * Math.cos(angle);
      const py = ry * Math.sin(angle);
      return [
        x + px * Math.cos(rotation) - py * Math.sin(rotation),
        y + px * Math.sin(rotation) + py * Math.cos(rotation),
      ];
    };
    this.lineTo(...point(from));
    let sweep = to - from;
    const turn = 2 * Math.PI;
    if (anticlockwise) sweep = sweep <= -turn ? -turn : -(((-sweep % turn) + turn) % turn);
    else sweep = sweep >= turn ? turn : ((sweep % turn) + turn) % turn;
    // An SVG arc cannot be a whole turn: two halves never are. A lone rotation keeps radii as they are.
    const parts = Math.abs(sweep) > Math.PI ? 2 : 1;
    const tilt = Math.atan2(this.state.matrix[1], this.state.matrix[0]) + rotation;
    const degrees = rx === ry ? 0 : (tilt * 180) / Math.PI;
    for (let i = 1; i <= parts; i++) {
      const end = this.at(...point(from + (sweep * i) / parts));
      this.path += `A${brief(rx)} ${brief(ry)} ${brief(degrees)} 0 ${sweep > 0 ? 1 : 0} ${pair(end)}`;
      this.pen = end;
    }
  }

  fill(rule?: unknown): void {
    const paint = paintAttributes("fill", this.state.fillStyle, this.state.globalAlpha);
    if (paint === undefined || this.path === "") return;
    this.shape(`${paint}${rule === "evenodd" ? ' fill-rule="evenodd"' : ""}`, !paint.includes("opacity"));
  }
  stroke(): void {
    const paint = paintAttributes("stroke", this.state.strokeStyle, this.state.globalAlpha);
    if (paint === undefined || this.path === "") return;
    const { lineWidth, dash, lineDashOffset, lineCap, lineJoin } = this.state;
    let style = `fill="none" ${paint}`;
    if (lineWidth !== 1) style += ` stroke-width="${brief(lineWidth)}"`;
    if (dash.length > 0) style += ` stroke-dasharray="${dash.map(brief).join(" ")}"`;
    if (dash.length > 0 && lineDashOffset !== 0) style += ` stroke-dashoffset="${brief(lineDashOffset)}"`;
    if (lineCap !== "butt") style += ` stroke-linecap="${lineCap}"`;
    if (lineJoin !== "miter") style += ` stroke-linejoin="${lineJoin}"`;
    this.shape(style, !paint.includes("opacity"));
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.aside(() => {
      this.rect(x, y, width, height);
      this.fill();
    });
  }
  strokeRect(x: number, y: number, width: number, height: number): void {
    this.aside(() => {
      this.rect(x, y, width, height);
      this.stroke();
    });
  }
  /** Chart.js clears before it draws; a picture of something half rubbed out is never asked for. */
  clearRect(): void {
    this.pending = undefined;
    this.out.length = 0;
  }
  clip(): void {
    const d = this.path;
    if (d === "") return;
    let id = this.clips.get(d);
    if (id === undefined) {
      id = `${this.idPrefix}c${this.clips.size}`;
      this.clips.set(d, id);
    }
    // Nested clips are all the plot area or larger in Chart.js: the innermost decides.
    this.state.clip = id;
  }
  drawImage(): never {
    throw new Error("SvgCanvas cannot draw images: give datasets a named point style, not a canvas");
  }

  // --- text --------------------------------------------------------------------------------------------------

  measureText(text: string): { width: number } {
    const { size, bold } = parseFont(this.state.font);
    return { width: textWidth(text, size, bold) };
  }
  fillText(text: string, x: number, y: number): void {
    const paint = paintAttributes("fill", this.state.fillStyle, this.state.globalAlpha);
    if (paint === undefined || text === "") return;
    this.flush();
    const { size, bold } = parseFont(this.state.font);
    const shift = BASELINE_SHIFT[this.state.textBaseline] ?? 0;
    const m = this.state.matrix;
    const angle = (Math.atan2(m[1], m[0]) * 180) / Math.PI;
    const anchor = ANCHOR[this.state.textAlign] ?? "";
    let attributes = paint;
    if (size !== 12) attributes += ` font-size="${brief(size)}"`;
    if (bold) attributes += ` font-weight="bold"`;
    if (anchor !== "") attributes += ` text-anchor="${anchor}"`;
    if (Math.abs(angle) < 0.01) {
      const p = this.at(x, y + shift * size);
      attributes += ` x="${brief(p[0])}" y="${brief(p[1])}"`;
    } else {
      const p = this.at(x, y);
      attributes += ` transform="translate(${pair(p)}) rotate(${brief(angle)})" y="${brief(shift * size)}"`;
    }
    this.out.push({ clip: this.state.clip, text: `<text ${attributes}>${escapeText(text)}</text>` });
  }
  /** Only outlined labels ask for this; none of ours are. */
  strokeText(): void {}

  // --- writing -----------------------------------------------------------------------------------------------

  /** The picture's inside: clip paths and elements, without the `<svg>` around it. */
  content(): string {
    this.flush();
    let body = "";
    for (let i = 0; i < this.out.length;) {
      const clip = this.out[i].clip;
      let run = "";
      for (; i < this.out.length && this.out[i].clip === clip; i++) run += this.out[i].text;
      body += clip === "" ? run : `<g clip-path="url(#${clip})">${run}</g>`;
    }
    let defs = "";
    for (const [d, id] of this.clips) {
      if (body.includes(`#${id})`)) defs += `<clipPath id="${id}"><path d="${d}"/></clipPath>`;
    }
    return (defs === "" ? "" : `<defs>${defs}</defs>`) + body;
  }

  private aside(draw: () => void): void {
    const { path, pen, start } = this;
    this.beginPath();
    draw();
    this.path = path;
    this.pen = pen;
    this.start = start;
  }
  private shape(style: string, mergeable: boolean): void {
    const last = this.pending;
    if (last !== undefined && last.mergeable && last.style === style && last.clip === this.state.clip) {
      last.d += this.path;
      return;
    }
    this.flush();
    this.pending = { clip: this.state.clip, style, d: this.path, mergeable };
  }
  private flush(): void {
    const shape = this.pending;
    this.pending = undefined;
    if (shape !== undefined) this.out.push({ clip: shape.clip, text: `<path ${shape.style} d="${shape.d}"/>` });
  }
}

/** Two decimals, no trailing zeros, no leading zero. Throws on what is not a number: it would be a hole in a picture. */
export function brief(value: number): string {
  if (!Number.isFinite(value))
    throw new Error(`a coordinate is ${value}: the chart's data holds something not drawable`);
  const rounded = Math.round(value * 100) / 100;
  if (rounded === 0) return "0";
  return String(rounded).replace(/^(-?)0\./, "$1.");
}

function pair(p: readonly [number, number]): string {
  const y = brief(p[1]);
  return brief(p[0]) + (y.startsWith("-") ? y : ` ${y}`);
}

function plainColour(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("SvgCanvas knows colours by name only: no gradients, no patterns");
}

/** `$s1/20` → `fill="var(--s1)" fill-opacity=".2"`; undefined for what cannot be seen. */
function paintAttributes(kind: "fill" | "stroke", colour: string, alpha: number): string | undefined {
  if (colour === "" || colour === "transparent" || /^rgba\(.*,\s*0(\.0+)?\)$/.test(colour)) return undefined;
  const token = /^\$([a-z0-9-]+)(?:\/(\d+))?$/.exec(colour);
  const opacity = alpha * (token?.[2] === undefined ? 1 : Number(token[2]) / 100);
  if (opacity === 0) return undefined;
  const paint = token === null ? colour : `var(--${token[1]})`;
  return `${kind}="${paint}"${opacity === 1 ? "" : ` ${kind}-opacity="${brief(opacity)}"`}`;
}

function parseFont(font: string): { size: number; bold: boolean } {
  const size = /(\d+(?:\.\d+)?)px/.exec(font);
  return { size: size === null ? 12 : Number(size[1]), bold: /\b(bold|[6-9]00)\b/.test(font) };
}

/** How far below the given y the alphabetic baseline lies, in font sizes. */
const BASELINE_SHIFT: Readonly<Record<string, number>> = { top: 0.8, hanging: 0.8, middle: 0.35, bottom: -0.2 };
const ANCHOR: Readonly<Record<string, string>> = { center: "middle", right: "end", end: "end" };
