/**
 * The space-time diagram: time runs to the right, every node and client has a lane, a message is a line that slants from
 * the lane and instant of its sending to those of its arrival (Lamport 1978). It shows a stretch of the window, not
 * all of it: messages take a millisecond and windows last seconds, so at a scale where lines slant the whole would be wider
 * than any screen. Where a stretch is too full, shapes and words give way before lines do. One function without an
 * outside reference, for the page's sake.
 */
import type { escapeText } from "../charts/markup";
import type { Cast } from "./cast";
import type { FamilyStyle, MessageKinds } from "./message-kinds";
import type { MessageEvent, MomentFilter, OperationEvent, Timeline } from "./model";
import type { RingView } from "./ring-view";
import type { ReplayWords } from "./words";

export interface SpaceTimePicture {
  readonly timeline: Timeline;
  readonly words: ReplayWords;
  readonly cast: Cast;
  readonly filter: MomentFilter;
  /** The stretch shown, microseconds. */
  readonly from: number;
  readonly to: number;
  /** CSS pixels. */
  readonly width: number;
}

export interface SpaceTimeView {
  /** The inside of an `<svg>`, its height, and what had to be left out, as a sentence or nothing. */
  readonly draw: (picture: SpaceTimePicture) => {
    readonly markup: string;
    readonly height: number;
    readonly leftOut: string;
  };
  /** Where lanes begin: the x of `from`. */
  readonly left: (width: number) => number;
  /** What is drawn over the diagram for the present: the cursor, and the event that just happened. */
  readonly present: (picture: SpaceTimePicture, position: number, at: number) => string;
}

export function spaceTimeView(escape: typeof escapeText, kinds: MessageKinds, ring: RingView): SpaceTimeView {
  const TOP = 44;
  const BAR = 19;
  const MANY = 400;
  const RIGHT = 8;
  const fixed = (value: number): string => value.toFixed(1);
  const cut = (text: string, most: number): string =>
    most < 2 ? "" : text.length > most ? `${text.slice(0, most - 1)}…` : text;
  /** Of names that differ in their number, the number stays. */
  const shorten = (text: string, most: number): string => {
    const tail = /\d{1,4}$/.exec(text)?.[0] ?? "";
    return text.length > most ? `${text.slice(0, Math.max(1, most - 1 - tail.length))}…${tail}` : text;
  };
  const left = (width: number): number => (width < 430 ? 72 : 84);

  interface Lanes {
    readonly y: ReadonlyMap<string, number>;
    readonly height: number;
    /** Client bars: row within the lane. */
    readonly rowOf: ReadonlyMap<OperationEvent, number>;
    readonly operations: readonly OperationEvent[];
    readonly rows: ReadonlyMap<string, number>;
  }

  const lanesOf = ({ timeline, cast, filter }: SpaceTimePicture): Lanes => {
    const operations = timeline.events.filter(
      (event): event is OperationEvent => event.kind === "operation" && timeline.shows(event, filter),
    );
    const rowOf = new Map<OperationEvent, number>();
    const rows = new Map<string, number>();
    for (const client of cast.clients) {
      const busyUntil: number[] = [];
      for (const operation of operations
        .filter((one) => one.client === client)
        .sort((a, b) => a.startedAt - b.startedAt)) {
        let row = busyUntil.findIndex((until) => until <= operation.startedAt);
        if (row < 0) row = busyUntil.length < 4 ? busyUntil.length : 3;
        busyUntil[row] = operation.endedAt;
        rowOf.set(operation, row);
      }
      rows.set(client, Math.max(1, busyUntil.length));
    }
    const y = new Map<string, number>();
    let next = TOP + 26;
    // Few lanes may be wide: a steeper slant is easier to follow.
    const nodeLane = cast.nodes.length <= 6 ? 60 : 46;
    // Clients above: requests come down from them and answers go back up.
    for (const client of cast.clients) {
      y.set(client, next);
      next += (rows.get(client) ?? 1) * (BAR + 3) + 14;
    }
    next += 10;
    for (const { id } of cast.nodes) {
      y.set(id, next);
      next += nodeLane;
    }
    return { y, height: next - nodeLane / 2 + 10, rowOf, operations, rows };
  };

  /** A round step of time, at most about eight in the stretch. */
  const stepOf = (span: number, plotWidth: number): number => {
    const wanted = (span * 88) / plotWidth;
    let step = 1;
    while (step < wanted) {
      for (const factor of [2, 2.5, 2]) {
        if (step >= wanted) break;
        step = Math.round(step * factor);
      }
    }
    return step;
  };

  interface Scale {
    readonly x: (micros: number) => number;
    readonly near: (a: number, b: number) => boolean;
  }

  const scaleOf = ({ from, to, width }: SpaceTimePicture): Scale => {
    const start = left(width);
    const plot = width - start - RIGHT;
    return { x: (micros) => start + ((micros - from) / (to - from)) * plot, near: (a, b) => a <= to && b >= from };
  };

  const line = (
    message: MessageEvent,
    timeline: Timeline,
    lanes: Lanes,
    scale: Scale,
  ): { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number } | undefined => {
    const y1 = lanes.y.get(message.from);
    const y2 = lanes.y.get(message.to);
    if (y1 === undefined || y2 === undefined) return undefined;
    const x1 = scale.x(message.sentAt);
    const waiting = message.fate === "held" || message.fate === "in-flight";
    const end = waiting ? message.sentAt + timeline.typicalMicros : timeline.endOf(message);
    const x2 = scale.x(end);
    // What never arrives goes half of its way.
    return message.arrivedAt === undefined ? { x1, y1, x2: (x1 + x2) / 2, y2: (y1 + y2) / 2 } : { x1, y1, x2, y2 };
  };

  /** A line, or the small bow of a message to oneself. */
  const path = (message: MessageEvent, x1: number, y1: number, x2: number, y2: number): string =>
    message.from === message.to
      ? `M${fixed(x1)} ${fixed(y1)}C${fixed(x1)} ${fixed(y1 - 18)} ${fixed(x2)} ${fixed(y2 - 18)} ${fixed(x2)} ${fixed(y2)}`
      : `M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}`;

  const cross = (x: number, y: number): string =>
    `<path d="M${fixed(x - 5)} ${fixed(y - 5)}l10 10m0 -10l-10 10" stroke="var(--bad)" stroke-width="2.6"/>`;

  const draw = (
    picture: SpaceTimePicture,
  ): { readonly markup: string; readonly height: number; readonly leftOut: string } => {
    const { timeline, words, cast, filter, from, to, width } = picture;
    const { header } = timeline;
    const lanes = lanesOf(picture);
    const scale = scaleOf(picture);
    const { x } = scale;
    const start = left(width);
    const end = width - RIGHT;
    const narrow = width < 430;
    const clamp = (value: number): number => Math.max(start, Math.min(end, value));
    let out = `<defs><clipPath id="stretch"><rect x="${start}" y="0" width="${end - start}" height="${fixed(lanes.height)}"/></clipPath></defs>`;

    // Time.
    const step = stepOf(to - from, end - start);
    const decimals =
      step >= 1e6 ? 0 : step >= 1e5 ? 1 : step >= 1e4 ? 2 : step >= 1e3 ? 3 : step >= 100 ? 4 : step >= 10 ? 5 : 6;
    const zero = header.warmupMicros;
    for (let tick = Math.ceil((from - zero) / step) * step + zero; tick <= to; tick += step) {
      out += `<path d="M${fixed(x(tick))} ${TOP}V${fixed(lanes.height)}" stroke="var(--grid)"/>`;
      if (x(tick) > start + 20 && x(tick) < end - 20)
        out += `<text x="${fixed(x(tick))}" y="${TOP - 6}" text-anchor="middle" font-size="12" fill="var(--muted)">${((tick - zero) / 1e6).toFixed(decimals)}\u00a0s</text>`;
    }

    // Faults.
    const rightmost = [-Infinity];
    for (const band of timeline.bands) {
      const until = band.to ?? header.toMicros;
      if (!scale.near(band.from, until)) continue;
      const a = clamp(x(band.from));
      const b = Math.max(a + 2, clamp(x(until)));
      out += `<rect x="${fixed(a)}" y="16" width="${fixed(b - a)}" height="${fixed(lanes.height - 16)}" fill="var(--s6)" fill-opacity=".14" stroke="var(--s6)" stroke-opacity=".7" stroke-dasharray="3 3"><title>${escape(`fault ${band.id}: ${band.what}`)}</title></rect>`;
      if (a < rightmost[0] + 6) continue;
      const letters = Math.floor((end - a) / 6.6);
      const text = cut(`${band.id}: ${band.what}`, letters);
      out += `<text x="${fixed(a + 4)}" y="12" font-size="12" fill="var(--bad)">${escape(text)}</text>`;
      rightmost[0] = a + text.length * 6.6;
    }

    // Lanes.
    for (const client of cast.clients) {
      const y = lanes.y.get(client)!;
      out += `<path d="M${start} ${fixed(y)}H${end}" stroke="var(--line)"/>`;
      out += `<text x="${start - 8}" y="${fixed(y + 4)}" text-anchor="end" font-size="12.5" fill="var(--ink)"><title>${escape(client)}</title>${escape(shorten(client, narrow ? 9 : 11))}</text>`;
    }
    cast.nodes.forEach(({ id, zone }, i) => {
      const y = lanes.y.get(id)!;
      const newZone = cast.zones > 1 && cast.nodes[i - 1]?.zone !== zone;
      out += `<path d="M${start} ${fixed(y)}H${end}" stroke="var(--muted)"/>`;
      out += `<text x="${start - 8}" y="${fixed(y + 4)}" text-anchor="end" font-size="12.5" fill="var(--ink)"><title>${escape(`${id}, zone ${zone}`)}</title>${escape(shorten(id, narrow ? 9 : 11))}</text>`;
      if (newZone)
        out += `<text x="${start - 8}" y="${fixed(y - 14)}" text-anchor="end" font-size="11.5" fill="var(--muted)">zone ${escape(cut(zone, 6))}</text>`;
    });
    out += `<g clip-path="url(#stretch)">`;
    for (const outage of timeline.outages) {
      const y = lanes.y.get(outage.node);
      const until = outage.to ?? header.toMicros;
      if (y === undefined || !scale.near(outage.from, until)) continue;
      const a = clamp(x(outage.from));
      const b = Math.max(a + 2, clamp(x(until)));
      out += `<rect x="${fixed(a)}" y="${fixed(y - 8)}" width="${fixed(b - a)}" height="16" fill="var(--page)" stroke="var(--bad)" stroke-width="1.5"${outage.state === "paused" ? ' stroke-dasharray="4 3"' : ""}/>`;
      out += `<text x="${fixed(a + 5)}" y="${fixed(y + 4)}" font-size="12" fill="var(--bad)">${b - a > 50 ? outage.state : ""}</text>`;
    }

    // Messages.
    const shown = timeline.events.filter(
      (event): event is MessageEvent =>
        event.kind === "message" &&
        scale.near(event.sentAt, Math.min(timeline.endOf(event), event.sentAt + 4e6)) &&
        timeline.shows(event, filter) &&
        lanes.y.has(event.from) &&
        lanes.y.has(event.to),
    );
    const many = shown.length > MANY;
    const bundles = new Map<FamilyStyle, { own: string; others: string }>();
    for (const message of shown) {
      const at = line(message, timeline, lanes, scale);
      if (at === undefined) continue;
      const { x1, y1, x2, y2 } = at;
      const style = kinds.styleOf(message);
      const own = message.key === filter.key;
      const d = path(message, x1, y1, x2, y2);
      if (many) {
        const bundle = bundles.get(style) ?? { own: "", others: "" };
        if (own) bundle.own += d;
        else bundle.others += d;
        bundles.set(style, bundle);
        continue;
      }
      out += `<g${own ? "" : ' opacity=".4"'}><title>${escape(`${message.what}${message.detail === "" ? "" : ` (${message.detail})`}, ${message.from} to ${message.to}${message.fate === "delivered" ? `, ${words.length(timeline.endOf(message) - message.sentAt)}` : `, ${words.fate(message)}`}`)}</title>`;
      out += `<path d="${d}" fill="none" stroke="${style.colour}" stroke-width="${own ? 1.8 : 1.2}"${message.fate === "delivered" ? "" : ' stroke-dasharray="4 3"'}/>`;
      if (message.fate === "delivered") {
        // Before the lane, so that the shape does not hide what happens on it.
        const length = Math.hypot(x2 - x1, y2 - y1);
        const back = message.from === message.to || length < 20 ? 0 : 7 / length;
        out += kinds.shape(style, x2 - (x2 - x1) * back, y2 - (y2 - y1) * back, own ? 4.6 : 3.4);
      } else if (message.fate !== "held" && message.fate !== "in-flight") out += cross(x2, y2);
      out += "</g>";
    }
    for (const [style, { own, others }] of bundles) {
      out += `<path d="${others}" fill="none" stroke="${style.colour}" stroke-opacity=".35"/>`;
      out += `<path d="${own}" fill="none" stroke="${style.colour}" stroke-width="1.4"/>`;
    }

    // What replicas hold from here on.
    const free = new Map<string, number>();
    for (const event of timeline.events) {
      if (event.kind === "note" && scale.near(event.at, event.at) && timeline.shows(event, filter)) {
        const y = lanes.y.get(event.node);
        if (y !== undefined)
          out += `<circle cx="${fixed(x(event.at))}" cy="${fixed(y)}" r="3.5" fill="var(--page)" stroke="var(--ink)" stroke-width="1.5"><title>${escape(event.text)}</title></circle>`;
      }
      if (event.kind !== "state" || event.key !== filter.key || !scale.near(event.at, event.at)) continue;
      const y = lanes.y.get(event.node);
      if (y === undefined) continue;
      const at = x(event.at);
      out += `<path d="M${fixed(at)} ${fixed(y - 6)}v12" stroke="var(--ink)" stroke-width="2.4"/>`;
      if (at < (free.get(event.node) ?? -Infinity) || many) continue;
      const labels = event.versions.slice(0, 3).map((id) => ({
        text: words.write(filter.key, id),
        number: timeline.writeNumber(filter.key, id),
      }));
      let cursor = at + 3;
      for (const { text, number } of labels) {
        out += ring.chip(text, number, cursor, y + 3);
        cursor += ring.chipWidth(text) + 3;
      }
      free.set(event.node, cursor + 2);
    }

    // Operations.
    for (const operation of lanes.operations) {
      const y = lanes.y.get(operation.client);
      if (y === undefined || !scale.near(operation.startedAt, operation.endedAt)) continue;
      const top = y + (lanes.rowOf.get(operation) ?? 0) * (BAR + 3) - BAR / 2;
      const a = clamp(x(operation.startedAt));
      const b = Math.max(a + 3, clamp(x(operation.endedAt)));
      const bad = operation.outcome !== "ok" || operation.stale === true;
      const own = operation.key === filter.key;
      const text = own
        ? words.operation(operation, true)
        : `${cut(operation.key, 14)}: ${words.operation(operation, true)}`;
      out += `<g${own ? "" : ' opacity=".55"'}><title>${escape(`${operation.client}, key ${operation.key}: ${text}, ${words.length(operation.endedAt - operation.startedAt)}`)}</title>`;
      out += `<rect x="${fixed(a)}" y="${fixed(top)}" width="${fixed(b - a)}" height="${BAR}" rx="3" fill="var(--panel)" stroke="var(--${bad ? "bad" : operation.writeId === 0 ? "s1" : "s2"})" stroke-width="${bad ? 2.4 : 1.4}"${operation.outcome === "ok" ? "" : ' stroke-dasharray="5 3"'}/>`;
      const letters = Math.floor((b - a - 8) / 6.4);
      if (letters >= 3)
        out += `<text x="${fixed(a + 5)}" y="${fixed(top + 13.5)}" font-size="12" fill="var(--${bad ? "bad" : "ink"})">${escape(cut(text, letters))}</text>`;
      out += "</g>";
    }
    out += "</g>";
    return {
      markup: out,
      height: Math.ceil(lanes.height),
      leftOut: many
        ? `${shown.length} messages in this stretch: shapes and versions are left out, look closer to see them.`
        : "",
    };
  };

  const present = (picture: SpaceTimePicture, position: number, at: number): string => {
    const { timeline, from, to } = picture;
    const lanes = lanesOf(picture);
    const scale = scaleOf(picture);
    let out = "";
    if (position > timeline.first) {
      const { event: source, phase } = timeline.moments[position - 1];
      const event = timeline.events[source];
      if (event.kind === "message" && phase !== "fades") {
        const ends = line(event, timeline, lanes, scale);
        if (ends !== undefined) {
          const { x1, y1, x2, y2 } = ends;
          const style = kinds.styleOf(event);
          out += `<path d="${path(event, x1, y1, x2, y2)}" fill="none" stroke="${style.colour}" stroke-width="4.5" stroke-opacity=".55" stroke-linecap="round"/>`;
          const [x, y] = phase === "begin" ? [x1, y1] : [x2, y2];
          out += `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="8" fill="none" stroke="var(--ink)" stroke-width="2"/>`;
        }
      } else if (event.kind === "state" || event.kind === "note" || event.kind === "node") {
        const y = lanes.y.get(event.node);
        if (y !== undefined)
          out += `<circle cx="${fixed(scale.x(event.at))}" cy="${fixed(y)}" r="8" fill="none" stroke="var(--ink)" stroke-width="2"/>`;
      }
    }
    const x = scale.x(Math.max(from, Math.min(to, at)));
    return `<g clip-path="url(#stretch)">${out}</g><path d="M${fixed(x)} 16V${fixed(lanes.height)}" stroke="var(--ink)" stroke-width="1.6"/><path d="M${fixed(x - 6)} 16h12l-6 8z" fill="var(--ink)"/>`;
  };

  return { draw, left, present };
}
