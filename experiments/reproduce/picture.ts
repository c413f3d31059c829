/**
 * `npm run picture`: the first screen of the latest reproduction's page, as README shows it, by a Chromium of this machine. A picture of a
 * page that was really made, so it is as old as the numbers in it; whoever changes the page or measures again makes it again.
 */
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../catalogue";

const WIDTH = 1000;
const HEIGHT = 720;
const MOST_BYTES = 250_000;
const BROWSERS = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"];

function draw(page: string, picture: string): void {
  for (const browser of BROWSERS) {
    if (browser === undefined) continue;
    try {
      const size = `--window-size=${WIDTH},${HEIGHT}`;
      const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=8000"];
      execFileSync(browser, [...quiet, size, `--screenshot=${picture}`, pathToFileURL(page).href], { stdio: "ignore" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error("there is no Chromium; name one in CHROMIUM");
}

const page = resolve(process.argv[2] ?? join(packageRoot(), "results", "reproduce", "latest", "index.html"));
const picture = join(packageRoot(), "results", "reports", "reproduction.png");
if (!existsSync(page)) throw new Error(`${page} is not there; quorumlab reproduce makes it`);
draw(page, picture);
const { size } = statSync(picture);
console.log(`${picture}: ${size} bytes`);
if (size > MOST_BYTES) process.exitCode = 1;
