/**
 * The replay in a real browser, from a file: stepped with keys on a phone and a desk, light and dark. A console message, an
 * error, a request for anything but the page or a page wider than its window fails. Skipped, with a reason, where there
 * is no Chromium.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { cutTrace } from "../../../results/replay/cut";
import { replayModel } from "../../../results/replay/model";
import { renderReplay } from "../../../results/replay/page";
import { HOSTILE } from "../fixtures";
import { madeUpTrace } from "./made-up-trace";

const PLACES = [
  process.env["CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const ABOUT = { title: "Do quorums of one answer with old values?", run: "20261123T222601Z-ksn0kz", version: "0.1.0" };
const PICTURE = `["ring", "present", "caption", "instant", "count", "held", "around"].map((id) => document.getElementById(id).innerHTML).join("\\n")`;

describe("replay page in Chromium (long)", function () {
  this.timeout(60_000);
  const executablePath = PLACES.find((place) => place !== "" && existsSync(place));
  let folder = "";
  let context: BrowserContext | undefined;

  before(async function () {
    if (executablePath === undefined) {
      console.log("      skipped: no Chromium at any usual place; set CHROMIUM to its path");
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "quorumlab-replay-"));
    const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
    write("replay.html", renderReplay(cutTrace(madeUpTrace()), ABOUT));
    const hostile = madeUpTrace({ keys: [HOSTILE, "constructor"], names: (i) => `${HOSTILE}-${i + 1}` });
    write("hostile.html", renderReplay(cutTrace(hostile), { ...ABOUT, title: HOSTILE, run: HOSTILE }));
    const { header } = madeUpTrace({ operations: 1 });
    write("empty.html", renderReplay(cutTrace({ header: { ...header, dropped: 12 }, events: [] }), ABOUT));
    context = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath,
      headless: true,
      args: QUIET,
    });
  });

  after(async () => {
    await context?.close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  interface Watched {
    readonly page: Page;
    readonly noise: string[];
  }

  interface Window {
    readonly width: number;
    readonly scheme: "light" | "dark";
    readonly still?: boolean;
  }

  async function open(file: string, { width, scheme, still = false }: Window): Promise<Watched> {
    const page = await context!.newPage();
    const noise: string[] = [];
    const url = pathToFileURL(join(folder, file)).href;
    page.on("console", (message) => noise.push(`console ${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== url && !request.url().startsWith("data:")) noise.push(`request: ${request.url()}`);
    });
    page.on("dialog", (dialog) => {
      noise.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: still ? "reduce" : "no-preference" });
    await page.goto(url, { waitUntil: "load" });
    assert.equal(await page.evaluate("document.documentElement.dataset.ready"), "yes");
    return { page, noise };
  }
  const picture = (page: Page): Promise<string> => page.evaluate<string>(PICTURE);
  const text = (page: Page, id: string): Promise<string> =>
    page.evaluate<string>(`document.getElementById("${id}").textContent`);
  /** Asked from outside: the page's own policy lets nobody wait inside of it. Each question is a turn of the page's loop. */
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 20_000;
    while (!(await holds())) assert.ok(performance.now() < deadline, "it did not happen within 20 s");
  };
  const DESK: Window = { width: 1400, scheme: "light" };

  for (const width of [360, 1400])
    for (const scheme of ["light", "dark"] as const)
      it(`is quiet, in its colours and no wider than ${width} px in a ${scheme} window`, async () => {
        for (const file of ["replay.html", "hostile.html", "empty.html"]) {
          const { page, noise } = await open(file, { width, scheme });
          for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
          const [scroll, client] = await page.evaluate<[number, number]>(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
          );
          assert.ok(scroll <= client, `${file}: ${scroll} > ${client}`);
          const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
          assert.equal(background, scheme === "dark" ? "rgb(18, 22, 27)" : "rgb(255, 255, 255)");
          assert.deepEqual(noise, [], file);
          await page.close();
        }
      });

  it("steps forth and back with the arrow keys to the same pictures", async () => {
    const { page, noise } = await open("replay.html", DESK);
    await page.keyboard.press("Home");
    const forth: string[] = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("ArrowRight");
      forth.push(await picture(page));
    }
    const back: string[] = [forth[39]];
    for (let i = 0; i < 39; i++) {
      await page.keyboard.press("ArrowLeft");
      back.push(await picture(page));
    }
    // The cursor's place in the diagram depends on how far the stretch had moved on; all else is the instant's alone.
    const rest = (one: string): string =>
      one
        .split("\n")
        .filter((line) => !line.includes("clip-path"))
        .join("\n");
    assert.deepEqual(back.reverse().map(rest), forth.map(rest));
    assert.equal(new Set(forth).size, 40);
    assert.match(await text(page, "count"), /^event 1 of \d+$/);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("steps with the arrow keys also where the slider has the focus", async () => {
    const { page } = await open("replay.html", DESK);
    await page.keyboard.press("Home");
    await page.focus("#slider");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.match(await text(page, "count"), /^event 2 of /);
    await page.close();
  });

  it("jumps to faults, stale reads and siblings, and says when there are no more", async () => {
    const { page, noise } = await open("replay.html", DESK);
    const timeline = replayModel().timeline(cutTrace(madeUpTrace()).trace);
    await page.keyboard.press("Home");
    for (const [key, button, kind, words] of [
      ["f", "#next-fault", "fault", /^A fault (begins|ends): (partition|kill|pause)/],
      ["r", "#next-stale", "stale", /stale, a newer acknowledged write was missed\.$/],
      ["s", "#next-sibling", "sibling", /siblings/],
    ] as const) {
      assert.ok(timeline.jumps[kind].length > 0, kind);
      await page.keyboard.press("Home");
      await page.keyboard.press(key);
      assert.match(await text(page, "caption"), words);
      const byKey = await picture(page);
      await page.keyboard.press("Home");
      await page.click(button);
      assert.equal(await picture(page), byKey);
      for (let i = 0; i < timeline.jumps[kind].length; i++) await page.keyboard.press(key);
      assert.match(await text(page, "caption"), /^There is no further /);
      await page.keyboard.press(`Shift+${key.toUpperCase()}`);
    }
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("goes where one clicks, in the diagram, the time line and the list", async () => {
    const { page, noise } = await open("replay.html", DESK);
    const before = await text(page, "instant");
    const box = (await page.locator("#diagram").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.8, box.y + 150);
    const clicked = await text(page, "instant");
    assert.ok(parseFloat(clicked) > parseFloat(before), `${clicked} after ${before}`);
    const strip = (await page.locator("#strip-box").boundingBox())!;
    await page.mouse.click(strip.x + strip.width / 2, strip.y + 10);
    const { header } = madeUpTrace();
    const middle = ((header.fromMicros + header.toMicros) / 2 - header.warmupMicros) / 1e6;
    assert.ok(Math.abs(parseFloat(await text(page, "instant")) - middle) < 0.01);
    const entry = page.locator("#around button").first();
    const wanted = (await entry.textContent())!;
    await entry.click();
    assert.ok(wanted.endsWith(await text(page, "caption")));
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("changes the key and what is shown of the others", async () => {
    const { page, noise } = await open("replay.html", DESK);
    const total = async (): Promise<number> => Number(/of (\d+)/.exec(await text(page, "count"))![1]);
    const one = await total();
    await page.check("#others");
    const many = await total();
    assert.ok(many > one, `${many} > ${one}`);
    await page.uncheck("#others");
    assert.equal(await total(), one);
    await page.selectOption("#key", "1");
    assert.notEqual(await total(), one);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("plays and pauses, and does not start by itself", async () => {
    const { page, noise } = await open("replay.html", DESK);
    const first = await text(page, "instant");
    assert.equal(await text(page, "play"), "Play");
    await page.keyboard.press(" ");
    assert.equal(await text(page, "play"), "Pause");
    await until(async () => (await text(page, "instant")) !== first);
    await page.click("#play");
    assert.equal(await text(page, "play"), "Play");
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("plays step by step for those who want no motion", async () => {
    const { page, noise } = await open("replay.html", { ...DESK, still: true });
    const event = async (): Promise<number> => Number(/event (\d+)/.exec(await text(page, "count"))![1]);
    const before = await event();
    await page.keyboard.press(" ");
    await until(async () => (await event()) !== before);
    await page.keyboard.press(" ");
    const after = await event();
    assert.ok(after > before && after <= before + 2, `${before} to ${after}`);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("says what was dropped, and that its time is simulated", async () => {
    const { page } = await open("empty.html", DESK);
    assert.match(await text(page, "dropped"), /^12 events of the window were not recorded/);
    assert.match(await page.evaluate<string>("document.body.textContent"), /this time is virtual/);
    await page.close();
  });
});
