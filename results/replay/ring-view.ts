/**
 * The cluster at one instant: nodes on their ring with the arcs of their tokens, the preference list of the key numbered,
 * on every replica a chip for each version it holds, clients below, messages as shapes on their way. A picture is markup
 * for a given width in pixels, never scaled afterwards, so that its words are as large on a phone as on a desk. One
 * function without an outside reference (what it needs is given), for the page's sake.
 */
import type { escapeText } from "../charts/markup";
import type { Cast } from "./cast";
import type { MessageKinds } from "./message-kinds";
import type { MomentFilter, ReplayState, Timeline } from "./model";
import type { ReplayWords } from "./words";

export interface RingPicture {
  readonly timeline: Timeline;
  readonly words: ReplayWords;
  readonly cast: Cast;
  readonly state: ReplayState;
  /** At or after the state's instant, and before the next moment: where messages are. */
  readonly at: number;
  readonly filter: MomentFilter;
  /** CSS pixels. */
  readonly width: number;
}

export interface RingView {
  readonly height: (width: number) => number;
  /** The inside of an `<svg>`. Colours are CSS variables. */
  readonly draw: (picture: RingPicture) => string;
  /** A version as a chip with its upper left corner at a place, and its width. */
  readonly chip: (label: string, number: number, x: number, y: number) => string;
  readonly chipWidth: (label: string) => number;
}

export function ringView(escape: typeof escapeText, kinds: MessageKinds): RingView {
  const CHIP_HEIGHT = 18;
  /** Colours of nodes and of versions; a number or name stands beside each, they repeat after seven. */
  const COLOURS = ["s1", "s6", "s3", "s4", "s5", "s2", "s0"];
  const fixed = (value: number): string => value.toFixed(1);
  const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  /** Room above the uppermost node for its name, its zone and two rows of chips. */
  const above = (width: number): number => (width < 430 ? 38 : 24);
  const height = (width: number): number => Math.round(Math.min(width, 560) * 0.98 + 74 + above(width));
  const chipWidth = (label: string): number => 11 + 7 * label.length;
  const chip = (label: string, number: number, x: number, y: number): string => {
    const colour = COLOURS[(Math.max(1, number) - 1) % COLOURS.length];
    return (
      `<rect x="${fixed(x)}" y="${fixed(y)}" width="${chipWidth(label)}" height="${CHIP_HEIGHT}" rx="4" fill="var(--page)" stroke="var(--${colour})" stroke-width="2.5"/>` +
      `<text x="${fixed(x + chipWidth(label) / 2)}" y="${fixed(y + 13)}" text-anchor="middle" font-size="12" font-weight="600" fill="var(--ink)">${escape(label)}</text>`
    );
  };

  const draw = ({ timeline, words, cast, state, at, filter, width }: RingPicture): string => {
    const { events, header } = timeline;
    const side = Math.min(width, 560);
    const centreX = width / 2;
    const narrow = width < 430;
    const disc = cast.nodes.length > 10 || narrow ? 13 : 17;
    // Room for names and chips around the circle.
    const radius = side / 2 - disc - (narrow ? 48 : 62);
    const centreY = side * 0.49 + above(width);
    const named = cast.nodes.length <= (narrow ? 8 : 12);
    const outside = (turn: number, from: number): readonly [number, number] => {
      const angle = turn * 2 * Math.PI - Math.PI / 2;
      return [centreX + from * Math.cos(angle), centreY + from * Math.sin(angle)];
    };
    const turnOf = new Map(cast.nodes.map(({ id }, i) => [id, i / Math.max(1, cast.nodes.length)]));
    const colourOf = new Map(cast.nodes.map(({ id }, i) => [id, COLOURS[i % COLOURS.length]]));
    const clientY = centreY + side * 0.49 + 16;
    const slots = cast.clients.length + (cast.clientsLeftOut > 0 ? 1 : 0);
    const slotWidth = width / Math.max(1, slots);
    const slotX = (i: number): number => slotWidth * (i + 0.5);
    const placeOf = (party: string): readonly [number, number] | undefined => {
      const turn = turnOf.get(party);
      if (turn !== undefined) return outside(turn, radius);
      if (header.nodes.some(({ id }) => id === party)) return undefined;
      const client = cast.clients.indexOf(party);
      if (client >= 0) return [slotX(client), clientY];
      return cast.clientsLeftOut > 0 ? [slotX(slots - 1), clientY] : undefined;
    };

    const arcs = (): string => {
      const { tokens } = header;
      let out = `<circle cx="${fixed(centreX)}" cy="${fixed(centreY)}" r="${fixed(radius)}" fill="none" stroke="var(--grid)" stroke-width="9"/>`;
      if (tokens.length > 4_096) return out;
      const paths = new Map<string, string>();
      const sorted = [...tokens].sort((a, b) => a.at - b.at);
      sorted.forEach((token, i) => {
        const colour = colourOf.get(token.node);
        if (colour === undefined) return;
        // A token owns the arc that ends at it; a lone one owns the whole turn, which an SVG arc cannot be.
        const from = i === 0 ? sorted[sorted.length - 1].at - 1 : sorted[i - 1].at;
        const to = token.at - from >= 1 ? from + 0.9999 : token.at;
        const [x1, y1] = outside(from, radius);
        const [x2, y2] = outside(to, radius);
        const arc = `M${fixed(x1)} ${fixed(y1)}A${fixed(radius)} ${fixed(radius)} 0 ${to - from > 0.5 ? 1 : 0} 1 ${fixed(x2)} ${fixed(y2)}`;
        paths.set(colour, (paths.get(colour) ?? "") + arc);
      });
      for (const [colour, path] of paths)
        out += `<path d="${path}" fill="none" stroke="var(--${colour})" stroke-opacity=".45" stroke-width="9"/>`;
      return out;
    };

    const versionsOf = (node: string): readonly (readonly number[] | undefined)[] =>
      state.replicas.filter((replica) => replica.node === node).map(({ versions }) => versions);

    const node = (id: string, zone: string, short: string): string => {
      const turn = turnOf.get(id)!;
      const [x, y] = outside(turn, radius);
      const place = state.preference.indexOf(id);
      const trouble = state.troubled.find((one) => one.node === id)?.state;
      const replica = place >= 0;
      let out = `<g><title>${escape(`${id}, zone ${zone}${replica ? `, place ${place + 1} in the preference list` : ""}${trouble === undefined ? "" : `, ${trouble}`}`)}</title>`;
      out += `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${disc + 4}" fill="var(--page)"/>`;
      out += `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${disc}" fill="${trouble === "down" ? "var(--grid)" : "var(--panel)"}" stroke="${replica ? "var(--ink)" : `var(--${colourOf.get(id)!})`}" stroke-width="${replica ? 3 : 2}"${trouble === undefined ? "" : ` stroke-dasharray="4 3"`}/>`;
      out += `<text x="${fixed(x)}" y="${fixed(y + 5)}" text-anchor="middle" font-size="${disc > 14 ? 15 : 13}"${replica ? ' font-weight="700"' : ""} fill="${trouble === "down" ? "var(--muted)" : "var(--ink)"}">${escape(short)}</text>`;
      if (trouble === "down")
        out += `<path d="M${fixed(x - disc)} ${fixed(y - disc)}L${fixed(x + disc)} ${fixed(y + disc)}M${fixed(x + disc)} ${fixed(y - disc)}L${fixed(x - disc)} ${fixed(y + disc)}" stroke="var(--bad)" stroke-width="3"/>`;
      if (trouble === "paused")
        out += `<path d="M${fixed(x + disc - 3)} ${fixed(y - disc - 3)}v11m6 0v-11" stroke="var(--bad)" stroke-width="3.5"/>`;
      if (replica) {
        const [bx, by] = outside(turn, radius - disc - 9);
        out += `<circle cx="${fixed(bx)}" cy="${fixed(by)}" r="8" fill="var(--ink)"/><text x="${fixed(bx)}" y="${fixed(by + 4)}" text-anchor="middle" font-size="11" font-weight="700" fill="var(--page)">${place + 1}</text>`;
      }
      return out + label(id, zone, turn, trouble) + "</g>";
    };

    /** Name, zone and chips, on the outer side of the node. */
    const label = (id: string, zone: string, turn: number, trouble: string | undefined): string => {
      const copies = versionsOf(id);
      const lines: string[] = [];
      if (named) lines.push(cut(id, 11));
      if (cast.zones > 1 && named) lines.push(`zone ${cut(zone, 7)}`);
      if (trouble !== undefined) lines.push(trouble);
      const most = narrow ? 2 : 3;
      const items: { text: string; number: number }[] = [];
      for (const versions of copies) {
        if (versions === undefined) items.push({ text: "?", number: 0 });
        else if (versions.length === 0) items.push({ text: "none", number: 0 });
        else
          for (const one of versions)
            items.push({
              text: words.write(filter.key, one),
              number: timeline.writeNumber(filter.key, one),
            });
      }
      if (items.length > most * 2) {
        const rest = items.length - (most * 2 - 1);
        items.splice(most * 2 - 1, rest, { text: `+${rest}`, number: 0 });
      }
      const angle = turn * 2 * Math.PI - Math.PI / 2;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      const anchor = cos > 0.3 ? "start" : cos < -0.3 ? "end" : "middle";
      const [x, y] = outside(turn, radius + disc + 7);
      // As many in a row as there is room for up to the edge.
      const room = anchor === "start" ? width - x : anchor === "end" ? x : width;
      const rows: { items: typeof items; wide: number }[] = [];
      for (const item of items) {
        const last = rows.at(-1);
        const wide = chipWidth(item.text);
        if (last !== undefined && last.items.length < most && last.wide + 4 + wide <= room - 3) {
          last.items.push(item);
          last.wide += 4 + wide;
        } else rows.push({ items: [item], wide });
      }
      const lineHeight = 15;
      const total = lines.length * lineHeight + rows.length * (CHIP_HEIGHT + 4);
      // Beside a node its block is centred on it; above and below it stands off the disc.
      let top = y - total / 2 + (sin * total) / 2;
      top = Math.max(2, Math.min(top, clientY - 20 - total));
      let out = "";
      lines.forEach((line, i) => {
        out += `<text x="${fixed(x)}" y="${fixed(top + 12 + i * lineHeight)}" text-anchor="${anchor}" font-size="12.5" fill="var(--${i === 0 && named ? "ink" : line === trouble ? "bad" : "muted"})"${i === 0 && named && state.preference.includes(id) ? ' font-weight="700"' : ""}>${escape(line)}</text>`;
      });
      rows.forEach(({ items: row, wide }, i) => {
        let left = anchor === "start" ? x : anchor === "end" ? x - wide : x - wide / 2;
        const chipTop = top + lines.length * lineHeight + 3 + i * (CHIP_HEIGHT + 4);
        for (const { text, number } of row) {
          out +=
            number === 0
              ? `<text x="${fixed(left + chipWidth(text) / 2)}" y="${fixed(chipTop + 13)}" text-anchor="middle" font-size="12" fill="var(--muted)">${text}</text>`
              : chip(text, number, left, chipTop);
          left += chipWidth(text) + 4;
        }
      });
      return out;
    };

    const clients = (): string => {
      let out = "";
      const letters = Math.floor(slotWidth / 6.8);
      // Their numbers stand in their boxes: where names have no room, one word says what they are.
      const fits = cast.clients.every((client) => client.length <= letters);
      if (!fits) out += `<text x="4" y="${fixed(clientY + 25)}" font-size="12" fill="var(--muted)">clients</text>`;
      cast.clients.forEach((client, i) => {
        const x = slotX(i);
        const latest =
          state.position > timeline.first ? timeline.moments[state.position - 1] : { event: -1, phase: "begin" };
        const mine = state.operations
          .map((j) => events[j])
          .find((event) => event.kind === "operation" && event.client === client && event.key === filter.key);
        const ended = latest.phase === "end" ? events[latest.event] : undefined;
        const shown =
          ended?.kind === "operation" && ended.client === client && ended.key === filter.key
            ? words.operation(ended, true)
            : mine?.kind === "operation"
              ? words.operation(mine, false)
              : "";
        const busy = shown !== "";
        out += `<g><title>${escape(client)}</title><rect x="${fixed(x - 12)}" y="${fixed(clientY - 10)}" width="24" height="20" rx="5" fill="var(--panel)" stroke="var(--${busy ? "ink" : "line"})" stroke-width="2"/>`;
        out += `<text x="${fixed(x)}" y="${fixed(clientY + 4.5)}" text-anchor="middle" font-size="12" fill="var(--ink)">${escape(/\d{1,3}$/.exec(client)?.[0] ?? "c")}</text>`;
        if (fits)
          out += `<text x="${fixed(x)}" y="${fixed(clientY + 25)}" text-anchor="middle" font-size="12" fill="var(--muted)">${escape(client)}</text>`;
        const stale = ended?.kind === "operation" && ended === events[latest.event] && ended.stale === true;
        if (busy)
          out += `<text x="${fixed(x)}" y="${fixed(clientY + 41)}" text-anchor="middle" font-size="12.5" font-weight="600" fill="var(--${stale && shown.endsWith(")") ? "bad" : "ink"})">${escape(cut(shown.replace(/^\w+ (w\d)/, "$1"), Math.floor(slotWidth / 7.6)))}</text>`;
        out += "</g>";
      });
      if (cast.clientsLeftOut > 0)
        out += `<text x="${fixed(slotX(slots - 1))}" y="${fixed(clientY + 5)}" text-anchor="middle" font-size="12" fill="var(--muted)">${cast.clientsLeftOut} more</text>`;
      return out;
    };

    const flight = (i: number): string => {
      const message = events[i];
      if (message.kind !== "message" || !timeline.shows(message, filter)) return "";
      const start = placeOf(message.from);
      const end = placeOf(message.to);
      if (start === undefined || end === undefined) return "";
      const own = message.key === filter.key;
      const style = kinds.styleOf(message);
      const ends = timeline.endOf(message);
      const never = message.fate !== "delivered";
      // Turned away at the door, or gone on the way.
      const half = message.arrivedAt === undefined ? 0.5 : 1;
      const waiting = message.fate === "held" || message.fate === "in-flight";
      const life = Math.max(0, Math.min(1, (at - message.sentAt) / Math.max(1, ends - message.sentAt)));
      const size = own ? 7.5 : 4.5;
      let x: number;
      let y: number;
      let trail = "";
      let crossX = 0;
      let crossY = 0;
      if (message.from === message.to) {
        // Round its own node, on the side of the ring's centre.
        const [cx, cy] = outside(turnOf.get(message.from) ?? 0, radius - disc - 12);
        const angle = life * 2 * Math.PI;
        [x, y] = [cx + 12 * Math.sin(angle), cy - 12 * Math.cos(angle)];
        [crossX, crossY] = [cx, cy];
      } else {
        const dx = end[0] - start[0];
        const dy = end[1] - start[1];
        const distance = Math.hypot(dx, dy) || 1;
        // Keep to the right, so that question and reply do not cover each other.
        const [ox, oy] = [(-dy / distance) * 5, (dx / distance) * 5];
        const edge = Math.min(0.4, (disc + 13) / distance);
        const along = (share: number): readonly [number, number] => {
          const s = edge + share * (1 - 2 * edge);
          return [start[0] + dx * s + ox, start[1] + dy * s + oy];
        };
        const typical = Math.min(1, (at - message.sentAt) / timeline.typicalMicros);
        const progress =
          message.fate === "held" ? 0.12 : waiting ? typical * 0.85 : never ? Math.min(half, life) : life;
        [x, y] = along(progress);
        [crossX, crossY] = along(half);
        const [tx, ty] = along(0);
        const [ux, uy] = along(never ? half : 1);
        if (own)
          trail = `<path d="M${fixed(tx)} ${fixed(ty)}L${fixed(ux)} ${fixed(uy)}" stroke="${style.colour}" stroke-width="1.6" stroke-opacity=".5"${never ? ' stroke-dasharray="4 4"' : ""} fill="none"/>`;
      }
      let out = `<g class="message" opacity="${never && !waiting ? fixed(Math.max(0.25, 1 - 0.7 * life)) : own ? 1 : 0.5}"><title>${escape(`${message.what}${message.detail === "" ? "" : ` (${message.detail})`}, ${message.from} to ${message.to}`)}</title>${trail}`;
      out += kinds.shape(style, x, y, size);
      if (own && message.versions.length > 0) {
        const text = message.versions
          .slice(0, 3)
          .map((id) => words.write(filter.key, id))
          .join(" ");
        out += `<text x="${fixed(x + size + 4)}" y="${fixed(y + 4)}" font-size="12" font-weight="600" fill="var(--ink)" stroke="var(--page)" stroke-width="3" paint-order="stroke">${escape(text)}</text>`;
      }
      if (never && !waiting)
        out += `<path d="M${fixed(crossX - 6)} ${fixed(crossY - 6)}l12 12m0 -12l-12 12" stroke="var(--bad)" stroke-width="3"/>`;
      return out + "</g>";
    };

    return (
      arcs() +
      cast.nodes.map(({ id, zone, short }) => node(id, zone, short)).join("") +
      clients() +
      `<g class="flights">${state.messages.map(flight).join("")}</g>`
    );
  };

  return { height, draw, chip, chipWidth };
}
