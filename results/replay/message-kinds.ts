/**
 * What a message looks like: eight families, told apart by colour and by shape, so that nobody needs the colours. Colour
 * says what it is about (a client's request, a read, a write), a filled shape asks and a hollow one answers. One
 * function without an outside reference, for the page's sake; a message that is not listed is drawn as `other`.
 */
import type { MessageEvent } from "./model";

export type MessageFamily =
  "request" | "answer" | "read" | "reading" | "write" | "acknowledgement" | "repair" | "heartbeat" | "other";

export interface FamilyStyle {
  readonly family: MessageFamily;
  /** A CSS colour. */
  readonly colour: string;
  readonly filled: boolean;
  /** In the legend. */
  readonly words: string;
  /** SVG path data around the origin for a shape of radius 1. */
  readonly outline: string;
}

export interface MessageKinds {
  readonly styles: readonly FamilyStyle[];
  readonly styleOf: (message: Pick<MessageEvent, "what" | "detail">) => FamilyStyle;
  /** `<path>` of the family's shape at a place. `attributes` is markup. */
  readonly shape: (style: FamilyStyle, x: number, y: number, radius: number, attributes?: string) => string;
}

export function messageKinds(): MessageKinds {
  const circle = "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1 -1 0Z";
  const triangle = "M0 -1.15L1.05 .75L-1.05 .75Z";
  const square = "M-.88 -.88H.88V.88H-.88Z";
  const star = "M0 -1.35L.36 -.45L1.3 -.42L.56 .18L.82 1.1L0 .56L-.82 1.1L-.56 .18L-1.3 -.42L-.36 -.45Z";
  const diamond = "M0 -1.25L1.1 0L0 1.25L-1.1 0Z";
  const style = (
    family: MessageFamily,
    colour: string,
    filled: boolean,
    outline: string,
    words: string,
  ): FamilyStyle => ({ family, colour: `var(--${colour})`, filled, outline, words });
  const styles: readonly FamilyStyle[] = [
    style("request", "s0", true, circle, "a client’s request, also when it is passed on"),
    style("answer", "s0", false, circle, "the answer to it"),
    style("read", "s1", true, triangle, "asks a replica what it holds"),
    style("reading", "s1", false, triangle, "tells what the replica holds"),
    style("write", "s2", true, square, "a write for a replica to keep"),
    style("acknowledgement", "s2", false, square, "the replica acknowledges it"),
    style("repair", "s4", true, star, "repairs a replica that is behind"),
    style("heartbeat", "muted", true, circle, "says only: I am alive"),
    style("other", "s3", true, diamond, "anything else (point at it)"),
  ];
  const families: Readonly<Record<string, MessageFamily>> = {
    get: "request",
    put: "request",
    answer: "answer",
    "replica-get": "read",
    "replica-get-reply": "reading",
    scan: "request",
    "scan-answer": "answer",
    range: "read",
    "range-reply": "reading",
    "replica-put": "write",
    "replica-update": "write",
    "replica-put-reply": "acknowledgement",
    "replica-updated": "acknowledgement",
    heartbeat: "heartbeat",
  };
  return {
    styles,
    styleOf: ({ what, detail }) => {
      const repairs = what === "replica-put" && /read.?repair/.test(detail);
      const family = repairs ? "repair" : Object.hasOwn(families, what) ? families[what] : "other";
      return styles.find((one) => one.family === family)!;
    },
    shape: ({ colour, filled, outline }, x, y, radius, attributes = "") =>
      `<path d="${outline}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${radius})" ` +
      `fill="${filled ? colour : "var(--page)"}" stroke="${colour}" stroke-width="${((filled ? 1 : 2.2) / radius).toFixed(2)}" ${attributes}/>`,
  };
}
