/**
 * The report in a real browser, from a file, with nothing to fall back on: on a phone and a desk, light and dark. A
 * console message, an error, a request for anything but the page itself, a page wider than its window or a canvas
 * without a stroke fails. Skipped, with a reason, where there is no Chromium.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { renderRunReport } from "../../../results/reports/run-report";
import { emptyRun, madeUpRun, twoWorldRun } from "../fixtures";

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

/** How many canvases there are, and how many have a pixel that is not the background's. */
const CANVASES = `(() => {
  const all = [...document.querySelectorAll("canvas")];
  const drawn = all.filter((canvas) => {
    if (canvas.width === 0 || canvas.height === 0) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 0);
  });
  return [all.length, drawn.length, document.querySelectorAll(".picture[data-chart]").length];
})()`;

describe("run report in Chromium (long)", function () {
  this.timeout(60_000);
  const executablePath = PLACES.find((place) => place !== "" && existsSync(place));
  let folder = "";
  let context: BrowserContext | undefined;

  before(async function () {
    if (executablePath === undefined) {
      console.log("      skipped: no Chromium at any usual place; set CHROMIUM to its path");
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "quorumlab-report-"));
    writeFileSync(join(folder, "report.html"), renderRunReport(madeUpRun()));
    writeFileSync(join(folder, "two.html"), renderRunReport(twoWorldRun()));
    writeFileSync(join(folder, "empty.html"), renderRunReport(emptyRun()));
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
    readonly url: string;
  }

  async function open(file: string, width: number, colorScheme: "light" | "dark"): Promise<Watched> {
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
    await page.emulateMedia({ colorScheme });
    await page.goto(url, { waitUntil: "load" });
    return { page, noise, url };
  }

  for (const [file, width, scheme] of [
    ["report.html", 360, "light"],
    ["report.html", 360, "dark"],
    ["report.html", 1400, "light"],
    ["report.html", 1400, "dark"],
    ["two.html", 360, "dark"],
    ["two.html", 1400, "light"],
  ] as const)
    it(`is quiet, drawn and no wider than ${width} px in a ${scheme} window (${file})`, async () => {
      const { page, noise } = await open(file, width, scheme);
      assert.equal(await page.evaluate("document.documentElement.dataset.ready"), "yes");
      const [all, drawn, wanted] = await page.evaluate<[number, number, number]>(CANVASES);
      assert.ok(wanted > 30);
      assert.equal(all, wanted);
      assert.equal(drawn, wanted);
      // Opened tables must not widen the page either.
      await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))");
      const [scroll, client] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      );
      assert.ok(scroll <= client, `${scroll} > ${client}`);
      const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      assert.equal(background, scheme === "dark" ? "rgb(18, 22, 27)" : "rgb(255, 255, 255)");
      assert.deepEqual(noise, []);
      await page.close();
    });

  it("draws faults above the plot and through it, on the canvas as in the SVG", async () => {
    const { page, noise } = await open("two.html", 1400, "light");
    // Where lane and rule of the first fault stand, and the same place of the same chart without faults.
    const coloured = `(() => ["simulation", "processes"].map((world) => {
      const canvas = document.querySelector('[data-chart="outcomes-' + world + '"] canvas');
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, Math.floor(height / 4));
      let pink = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] > 180 && data[i + 1] < 160 && data[i + 2] > 130) pink++;
      return pink;
    }))()`;
    const [withFaults, without] = await page.evaluate<[number, number]>(coloured);
    assert.ok(withFaults > 100 && without === 0, `${withFaults} and ${without} pixels of the fault's colour`);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("prints the SVG in light colours, whatever the window is", async () => {
    const { page, noise } = await open("report.html", 1000, "dark");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const [canvas, svg, background] = await page.evaluate<[string, string, string]>(
      "[getComputedStyle(document.querySelector('canvas')).display, getComputedStyle(document.querySelector('.picture svg')).display, getComputedStyle(document.body).backgroundColor]",
    );
    assert.deepEqual([canvas, svg, background], ["none", "block", "rgb(255, 255, 255)"]);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("switches the theme and single lines by hand", async () => {
    const { page, noise } = await open("report.html", 1000, "light");
    await page.click("#theme");
    assert.equal(await page.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(18, 22, 27)");
    const button = page.locator("#percentile-spectrum .legend button").first();
    await button.click();
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    const hidden = await page.evaluate<number>(
      "Chart.getChart(document.querySelector('#percentile-spectrum canvas')).getSortedVisibleDatasetMetas().length",
    );
    const shown = await page.evaluate<number>(
      "Chart.getChart(document.querySelector('#percentile-spectrum canvas')).data.datasets.length",
    );
    assert.ok(hidden < shown);
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("shows the stretch of time that was dragged over in all charts over time, and all of it again", async () => {
    const { page, noise } = await open("report.html", 1000, "light");
    const bounds = (): Promise<string[]> =>
      page.evaluate<string[]>(`["latency-over-time", "outcomes", "raw-operations", "percentile-spectrum"].map((id) => {
        const { min, max } = Chart.getChart(document.querySelector("#" + id + " canvas")).scales.x;
        return min.toFixed(2) + " " + max.toFixed(2);
      })`);
    const before = await bounds();
    const canvas = page.locator("#latency-over-time canvas").first();
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    const at = (share: number): [number, number] => [box.x + share * box.width, box.y + box.height / 2];
    await page.mouse.move(...at(0.5));
    await page.mouse.down();
    await page.mouse.move(...at(0.75), { steps: 3 });
    await page.mouse.up();
    const [latency, outcomes, raw, spectrum] = await bounds();
    assert.notEqual(latency, before[0]);
    assert.deepEqual([outcomes, raw, spectrum], [latency, latency, before[3]]);
    assert.ok(await page.locator("#all-time").isVisible());
    await page.keyboard.press("Escape");
    assert.deepEqual(await bounds(), before);
    assert.ok(!(await page.locator("#all-time").isVisible()));
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("switches response and service time across all lines, and keeps a line off that both reach", async () => {
    const { page, noise } = await open("report.html", 1000, "light");
    const visible = (): Promise<string[]> =>
      page.evaluate<string[]>(`(() => {
        const chart = Chart.getChart(document.querySelector("#percentile-spectrum canvas"));
        return chart.getSortedVisibleDatasetMetas().map(({ index }) => chart.data.datasets[index])
          .filter(({ data }) => data.length > 0).map(({ series, group }) => series + " " + group);
      })()`);
    const service = page.locator('#percentile-spectrum button[data-group="service"]');
    const line = page.locator('#percentile-spectrum button[data-series="R=1\u00a0W=1"]');
    assert.equal((await visible()).length, 8);
    await service.click();
    assert.deepEqual(
      (await visible()).filter((name) => !name.endsWith(" response")),
      [],
    );
    assert.equal((await visible()).length, 4);
    await line.click();
    await service.click();
    assert.equal((await visible()).length, 6);
    assert.ok((await visible()).every((name) => !name.startsWith("R=1\u00a0W=1 ")));
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("marks the instant pointed at in every chart over time, and in no other", async () => {
    const { page, noise } = await open("report.html", 1000, "light");
    // The pictures as bytes, before and after one of them is pointed at.
    const changed = await page.evaluate<Record<string, boolean>>(`(async () => {
      const of = (id) => Chart.getChart(document.querySelectorAll("#" + id + " canvas")[0]);
      const charts = ["latency-over-time", "outcomes", "divergence", "percentile-spectrum"].map((id) => [id, of(id)]);
      // All in view at once: what is not looked at is not drawn again.
      for (const [, chart] of charts) chart.canvas.getBoundingClientRect = () => ({ top: 0, bottom: 300 });
      const before = charts.map(([, chart]) => chart.canvas.toDataURL());
      const area = charts[0][1].chartArea;
      const x = (area.left + area.right) / 2;
      charts[0][1].notifyPlugins("afterEvent", { event: { type: "mousemove", x, y: 50 }, inChartArea: true });
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return Object.fromEntries(charts.map(([id, chart], i) => [id, chart.canvas.toDataURL() !== before[i]]));
    })()`);
    assert.deepEqual(changed, {
      "latency-over-time": true,
      outcomes: true,
      divergence: true,
      "percentile-spectrum": false,
    });
    assert.deepEqual(noise, []);
    await page.close();
  });

  it("shows numbers when pointed at", async () => {
    const { page, noise } = await open("report.html", 1000, "light");
    const words = await page.evaluate<{ title: string[]; body: string[] }>(`(() => {
      const chart = Chart.getChart(document.querySelector("#latency-over-time canvas"));
      const point = chart.getDatasetMeta(0).data[5];
      chart.tooltip.setActiveElements([{ datasetIndex: 0, index: 5 }], { x: point.x, y: point.y });
      chart.update();
      return { title: chart.tooltip.title, body: chart.tooltip.body.flatMap((one) => one.lines) };
    })()`);
    assert.match(words.title[0], /^time \(s\): [\d.]+$/);
    assert.match(words.body[0], /^read p50: [\d.]+ ms$/);
    assert.deepEqual(noise, []);
    await page.close();
  });

  for (const width of [360, 1280])
    it(`leads from a case of the clock to its write, marked and in sight, at ${width} px`, async () => {
      const { page, noise } = await open("report.html", width, "light");
      const link = page.locator("table.cases a[href^='#write-']").first();
      const id = (await link.getAttribute("href"))!.slice(1);
      await link.click();
      await page.waitForFunction("document.querySelector('g:target') !== null");
      const [target, fill, seen] = await page.evaluate<[string, string, boolean]>(`(() => {
        const mark = document.querySelector("g:target");
        const box = mark.querySelector("circle").getBoundingClientRect();
        const nav = document.querySelector("nav.sections").getBoundingClientRect();
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return [mark.id, getComputedStyle(mark.querySelector(".row")).fill, box.top > nav.bottom && mark.contains(hit)];
      })()`);
      assert.equal(target, id);
      assert.notEqual(fill, "none");
      assert.ok(seen, "the mark is out of sight");
      assert.deepEqual(noise, []);
      await page.close();
    });

  it("shows a run without figures without complaint", async () => {
    const { page, noise } = await open("empty.html", 360, "light");
    assert.equal(await page.evaluate("document.documentElement.dataset.ready"), "yes");
    assert.equal(
      await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
      true,
    );
    assert.deepEqual(noise, []);
    await page.close();
  });
});
