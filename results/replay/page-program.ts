/**
 * What the page does: keeps a cursor (a position in the list of moments, and an instant), draws what the model says of it,
 * and moves it by keys, buttons, slider, clicks or play. Nothing is remembered but the cursor and the choices, so any way
 * to an instant shows the same picture. One function without an outside reference, because the page receives its source.
 */
import type { escapeText } from "../charts/markup";
import type { Casting } from "./cast";
import type { JumpKind, MomentFilter, Timeline } from "./model";
import type { PageElement, PageEvent, PageWindow } from "./page-dom";
import type { RingView } from "./ring-view";
import type { SpaceTimeView } from "./space-time-view";
import type { ReplayWords } from "./words";

export interface ReplayParts {
  readonly timeline: Timeline;
  readonly words: ReplayWords;
  readonly casting: Casting;
  readonly ring: RingView;
  readonly spaceTime: SpaceTimeView;
  readonly escape: typeof escapeText;
}

export function replayProgram(page: PageWindow, parts: ReplayParts): void {
  const { timeline, words, casting, ring, spaceTime, escape } = parts;
  const { header, events, moments } = timeline;
  const element = (id: string): PageElement => {
    const found = page.document.getElementById(id);
    if (found === null) throw new Error(`the page has no #${id}`);
    return found;
  };
  const still = (): boolean => page.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const QUIET = 2;
  const STILL_STEP_MS = 900;

  let key = timeline.keys.length === 0 ? "" : timeline.keys[0].key;
  let otherKeys = false;
  let heartbeats = false;
  let stops: readonly number[] = [];
  let position = timeline.first;
  let at = header.fromMicros;
  let span = Math.min(Math.max(1, header.toMicros - header.fromMicros), 14 * timeline.typicalMicros);
  let from = header.fromMicros;
  let playing = false;
  let lastFrame: number | undefined;
  let waitedMs = 0;
  let drawn = "";
  let listed = "";
  let said = "";

  const filter = (): MomentFilter => ({ key, otherKeys, heartbeats });
  /** How many stops are at or before the cursor. */
  const reached = (): number => {
    let low = 0;
    let high = stops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stops[middle] <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const place = (to: number): void => {
    position = to;
    at = timeline.instantOf(to);
  };
  const seek = (micros: number): void => {
    at = Math.max(header.fromMicros, Math.min(header.toMicros, micros));
    position = Math.max(timeline.first, timeline.positionAt(at));
  };
  const step = (direction: 1 | -1): void => {
    pause();
    const done = reached();
    if (direction === 1) {
      if (done < stops.length) place(stops[done]);
    } else {
      const onStop = done > 0 && stops[done - 1] === position && at === timeline.instantOf(position);
      const target = onStop ? done - 2 : done - 1;
      place(target < 0 ? timeline.first : stops[target]);
    }
    render();
  };
  const JUMPS: Readonly<Record<JumpKind, string>> = {
    fault: "beginning or end of a fault",
    stale: "stale read",
    sibling: "appearance of siblings",
  };
  const jump = (kind: JumpKind, back: boolean): void => {
    pause();
    const all = timeline.jumps[kind].filter(
      (one) => one > timeline.first && timeline.instantOf(one) <= header.toMicros,
    );
    const target = back ? all.filter((one) => one < position).at(-1) : all.find((one) => one > position);
    if (target === undefined) {
      said = `There is no ${back ? "earlier" : "further"} ${JUMPS[kind]} in this window.`;
      render();
      return;
    }
    const about = timeline.keyOf(events[moments[target - 1].event]);
    if (about !== undefined && about !== key) choose(about);
    place(target);
    render();
  };
  const choose = (chosen: string): void => {
    key = chosen;
    element("key").value = String(timeline.keys.findIndex((one) => one.key === key));
    stops = timeline.stops(filter());
  };
  const pause = (): void => {
    playing = false;
    said = "";
  };

  const width = (id: string): number => Math.max(260, Math.floor(element(id).clientWidth));
  const svg = (id: string, wide: number, high: number): PageElement => {
    const one = element(id);
    one.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    one.setAttribute("width", String(wide));
    one.setAttribute("height", String(high));
    return one;
  };

  const render = (): void => {
    const state = timeline.stateAt(position, key);
    const cast = casting.cast(timeline, filter());
    const ringWidth = width("ring-box");
    const ringPicture = { timeline, words, cast, state, at, filter: filter(), width: ringWidth };
    svg("ring", ringWidth, ring.height(ringWidth)).innerHTML = ring.draw(ringPicture);

    // The stretch follows the cursor, and stands still while the cursor is well inside it.
    if (at < from + span * 0.04 || at > from + span * 0.9)
      from = Math.max(
        header.fromMicros - span * 0.03,
        Math.min(at - span * 0.3, Math.max(header.fromMicros - span * 0.03, header.toMicros - span * 0.97)),
      );
    const diagramWidth = width("diagram-box");
    const picture = { timeline, words, cast, filter: filter(), from, to: from + span, width: diagramWidth };
    const wanted = `${from} ${span} ${key} ${otherKeys} ${heartbeats} ${diagramWidth}`;
    if (wanted !== drawn) {
      drawn = wanted;
      const { markup, height, leftOut } = spaceTime.draw(picture);
      svg("diagram", diagramWidth, height).innerHTML = `${markup}<g id="present"></g>`;
      element("left-out").textContent = leftOut;
    }
    element("present").innerHTML = spaceTime.present(picture, position, at);

    const done = reached();
    const current = done === 0 ? timeline.first : stops[done - 1];
    element("instant").textContent = words.time(at);
    element("count").textContent = `event ${done} of ${stops.length}`;
    const caption = said !== "" ? said : words.caption(current);
    if (element("caption").textContent !== caption) element("caption").textContent = caption;
    const slider = element("slider");
    slider.value = String(Math.round(at - header.fromMicros));
    slider.setAttribute("aria-valuetext", `${words.time(at)}, event ${done} of ${stops.length}: ${caption}`);
    element("play").textContent = playing ? "Pause" : "Play";
    element("play").setAttribute("aria-pressed", String(playing));
    element("back").disabled = position <= timeline.first;
    element("forth").disabled = done >= stops.length;
    const around = `${current} ${key} ${otherKeys} ${heartbeats}`;
    if (around !== listed) {
      listed = around;
      element("around").innerHTML = listAround(done);
      element("held").innerHTML = table(position);
    }
  };

  /** Some events before the current one, some after, as buttons that lead there. */
  const listAround = (done: number): string => {
    const start = Math.max(0, Math.min(done - 5, stops.length - 11));
    return stops
      .slice(start, start + 11)
      .map((stop, i) => {
        const now = start + i === done - 1;
        return `<li${now ? ' aria-current="step"' : ""}><button type="button" data-stop="${stop}"><span class="when">${words.time(timeline.instantOf(stop))}</span> ${escape(words.caption(stop))}</button></li>`;
      })
      .join("");
  };
  const ORDINALS = ["first", "second", "third"];
  const table = (where: number): string => {
    const state = timeline.stateAt(where, key);
    if (state.replicas.length === 0) return `<tr><td colspan="4">The trace does not say who holds this key.</td></tr>`;
    return state.replicas
      .map(({ node, place: rank, versions, clock }) => {
        const trouble = state.troubled.find((one) => one.node === node)?.state;
        const order = rank === undefined ? "stands in" : (ORDINALS[rank] ?? `${rank + 1}th`);
        return `<tr><th scope="row">${escape(node)}${trouble === undefined ? "" : ` <span class="trouble">${trouble}</span>`}</th><td>${order}</td><td>${versions === undefined ? "not known yet" : escape(words.writes(key, versions))}</td><td><code>${escape(clock === "" ? "–" : clock.length > 160 ? `${clock.slice(0, 159)}…` : clock)}</code></td></tr>`;
      })
      .join("");
  };

  /** The whole window in one strip: how busy, where faults are, where stale reads and siblings. */
  const strip = (): void => {
    const wide = width("strip-box");
    const high = 40;
    const length = Math.max(1, header.toMicros - header.fromMicros);
    const x = (micros: number): number => ((micros - header.fromMicros) / length) * wide;
    const columns = new Array<number>(Math.max(1, Math.floor(wide / 3))).fill(0);
    for (const stop of stops) {
      const share = (timeline.instantOf(stop) - header.fromMicros) / length;
      columns[Math.min(columns.length - 1, Math.floor(share * columns.length))]++;
    }
    const highest = Math.max(1, ...columns);
    let out = "";
    for (const { from: start, to, what } of timeline.bands) {
      const a = Math.max(0, x(start));
      const b = Math.min(wide, x(to ?? header.toMicros));
      if (b >= a)
        out += `<rect x="${a.toFixed(1)}" y="0" width="${Math.max(2, b - a).toFixed(1)}" height="${high}" fill="var(--s6)" fill-opacity=".22"><title>${escape(`fault: ${what}`)}</title></rect>`;
    }
    columns.forEach((n, i) => {
      const tall = n === 0 ? 0 : 2 + (n / highest) * 18;
      if (tall > 0)
        out += `<rect x="${(i * (wide / columns.length)).toFixed(1)}" y="${(high - tall).toFixed(1)}" width="2" height="${tall.toFixed(1)}" fill="var(--muted)"/>`;
    });
    for (const stop of timeline.jumps.sibling.slice(0, 500))
      out += `<path d="M${x(timeline.instantOf(stop)).toFixed(1)} 3l5 5l-5 5l-5 -5z" fill="var(--s4)" stroke="var(--page)"/>`;
    for (const stop of timeline.jumps.stale.slice(0, 500))
      out += `<path d="M${x(timeline.instantOf(stop)).toFixed(1)} 14l-6 -11h12z" fill="var(--bad)" stroke="var(--page)"/>`;
    svg("strip", wide, high).innerHTML = out;
  };

  const frame = (now: number): void => {
    if (!playing) {
      lastFrame = undefined;
      return;
    }
    const elapsedMs = lastFrame === undefined ? 0 : Math.min(100, now - lastFrame);
    lastFrame = now;
    const done = reached();
    if (done >= stops.length) {
      playing = false;
      place(stops.length === 0 ? timeline.first : stops[stops.length - 1]);
    } else if (still()) {
      // Without motion, play is stepping.
      waitedMs += elapsedMs;
      if (waitedMs >= STILL_STEP_MS) {
        waitedMs = 0;
        place(stops[done]);
      }
    } else {
      const next = timeline.instantOf(stops[done]);
      const moving = timeline.stateAt(position, key).messages.some((i) => timeline.shows(events[i], filter()));
      const wanted = at + (elapsedMs / 1000) * Number(element("speed").value);
      const quiet = !moving && next - at > QUIET * timeline.typicalMicros;
      seek(quiet ? next - timeline.typicalMicros / 2 : wanted);
    }
    render();
    page.requestAnimationFrame(frame);
  };
  const play = (): void => {
    said = "";
    playing = !playing;
    if (playing && reached() >= stops.length) place(timeline.first);
    lastFrame = undefined;
    waitedMs = STILL_STEP_MS;
    render();
    if (playing) page.requestAnimationFrame(frame);
  };
  const zoom = (factor: number): void => {
    const whole = Math.max(1, header.toMicros - header.fromMicros) * 1.06;
    const next = Math.max(Math.min(20, whole), Math.min(whole, span * factor));
    const share = Math.max(0.05, Math.min(0.85, (at - from) / span));
    from = at - share * next;
    span = next;
    render();
  };
  const refresh = (): void => {
    stops = timeline.stops(filter());
    strip();
    render();
  };

  const on = (id: string, type: string, act: (event: PageEvent) => void): void =>
    element(id).addEventListener(type, act);
  on("back", "click", () => step(-1));
  on("forth", "click", () => step(1));
  on("play", "click", play);
  on("closer", "click", () => zoom(0.5));
  on("farther", "click", () => zoom(2));
  for (const kind of ["fault", "stale", "sibling"] as const) {
    const button = element(`next-${kind}`);
    button.disabled = timeline.jumps[kind].length === 0;
    button.addEventListener("click", (event) => jump(kind, event.shiftKey));
  }
  on("slider", "input", () => {
    pause();
    seek(header.fromMicros + Number(element("slider").value));
    render();
  });
  on("strip-box", "click", (event) => {
    const box = element("strip-box").getBoundingClientRect();
    pause();
    seek(header.fromMicros + ((event.clientX - box.left) / box.width) * (header.toMicros - header.fromMicros));
    render();
  });
  on("diagram-box", "click", (event) => {
    const box = element("diagram").getBoundingClientRect();
    const wide = width("diagram-box");
    const start = spaceTime.left(wide);
    const x = ((event.clientX - box.left) / box.width) * wide;
    if (x < start) return;
    pause();
    seek(from + ((x - start) / (wide - start - 8)) * span);
    render();
  });
  on("key", "change", () => {
    pause();
    choose(timeline.keys[Number(element("key").value)]?.key ?? key);
    strip();
    render();
  });
  on("others", "change", () => {
    otherKeys = element("others").checked;
    refresh();
  });
  on("heartbeats", "change", () => {
    heartbeats = element("heartbeats").checked;
    refresh();
  });
  on("around", "click", (event) => {
    const stop = event.target.closest("button")?.dataset["stop"];
    if (stop === undefined) return;
    pause();
    place(Number(stop));
    render();
  });
  page.document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tagName } = event.target;
    if (tagName === "SELECT") return;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      Home: () => {
        pause();
        place(timeline.first);
        render();
      },
      End: () => {
        pause();
        place(stops.length === 0 ? timeline.first : stops[stops.length - 1]);
        render();
      },
      f: () => jump("fault", false),
      F: () => jump("fault", true),
      r: () => jump("stale", false),
      R: () => jump("stale", true),
      s: () => jump("sibling", false),
      S: () => jump("sibling", true),
      "+": () => zoom(0.5),
      "-": () => zoom(2),
    };
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
    if (act !== undefined) {
      event.preventDefault();
      act();
    } else if (event.key === " " && !/^(BUTTON|INPUT|SUMMARY|A)$/.test(tagName)) {
      event.preventDefault();
      play();
    }
  });
  page.addEventListener("resize", () => {
    strip();
    render();
  });

  stops = timeline.stops(filter());
  place(Math.max(timeline.first, timeline.opening(key)));
  strip();
  render();
  page.document.documentElement.dataset["ready"] = "yes";
}
