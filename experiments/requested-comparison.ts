/**
 * A comparison that a page asks for: `?a=<experiment>/<run>&b=…` or `?a=…&by=r`. The names come from an address that anybody may have
 * written, so they are names of folders and never paths, and what is read for them is bounded: a page that needs a gigabyte of figures
 * is better made by the command, which says so. The last few pages are kept, for a reader goes back and forth between them.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { compareRuns } from "../results/comparison/compare-runs";
import { NotComparable } from "../results/comparison/sides";
import { isFolderName } from "../results/record/names";
import { loadRun } from "../results/record/reader";
import { describeMetric } from "../results/record/metrics";
import { renderComparisonPage } from "../results/reports/compare-page";

/** The message is for the person at the browser. */
export class NotAnswered extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const MOST_RUNS = 6;
const MOST_FIGURE_BYTES = 256 * 1024 * 1024;
const KEPT_PAGES = 8;

const kept = new Map<string, string>();

/** A whole HTML document. Throws {@link NotAnswered}. */
export function comparisonPage(root: string, asked: URLSearchParams): string {
  const names = [...asked.getAll("a"), ...asked.getAll("b")].filter((name) => name !== "");
  if (names.length === 0)
    throw new NotAnswered(
      400,
      "name the runs: /compare?a=<experiment>/<run>&b=<experiment>/<run>, or one and &by=<axis>",
    );
  if (names.length > MOST_RUNS) throw new NotAnswered(400, `at most ${MOST_RUNS} runs are compared here`);
  const folders = names.map((name) => folderOf(root, name));
  const by = asked
    .getAll("by")
    .flatMap((keys) => keys.split(","))
    .filter((key) => key !== "");
  const metrics = asked
    .getAll("metric")
    .flatMap((keys) => keys.split(","))
    .filter((key) => key !== "");
  const strange = metrics.find((name) => describeMetric(name) === undefined);
  if (strange !== undefined) throw new NotAnswered(400, "there is no such metric");
  const key = JSON.stringify([folders.map((folder) => [folder, changedAt(folder)]), by, metrics, asked.get("force")]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const bytes = folders.reduce((sum, folder) => sum + figureBytes(folder), 0);
  if (bytes > MOST_FIGURE_BYTES)
    throw new NotAnswered(
      413,
      `these runs have ${Math.round(bytes / 2 ** 20)} MiB of figures; quorumlab compare --html makes the page`,
    );
  const made = compose(folders, { by, metrics, force: asked.get("force") === "yes" });
  kept.set(key, made);
  for (const oldest of kept.keys()) if (kept.size > KEPT_PAGES) kept.delete(oldest);
  return made;
}

function compose(
  folders: readonly string[],
  {
    by,
    metrics,
    force,
  }: { readonly by: readonly string[]; readonly metrics: readonly string[]; readonly force: boolean },
): string {
  try {
    return renderComparisonPage(
      compareRuns(
        folders.map((folder) => ({ run: loadRun(folder) })),
        { by, force, ...(metrics.length === 0 ? {} : { metrics }) },
      ),
    );
  } catch (error) {
    if (error instanceof NotComparable) throw new NotAnswered(400, error.message);
    if (error instanceof Error && error.name === "RunNotReadable") throw new NotAnswered(422, error.message);
    throw error;
  }
}

/** `<experiment>/<run>` or `<experiment>/latest`, below the root. */
function folderOf(root: string, name: string): string {
  const parts = name.split("/");
  if (parts.length !== 2 || !parts.every(isFolderName)) throw new NotAnswered(400, "a run is named <experiment>/<run>");
  const folder = path.join(root, ...parts);
  if (!fs.existsSync(path.join(folder, "manifest.json"))) throw new NotAnswered(404, "there is no such run");
  const real = fs.realpathSync(folder);
  const isLink = fs.lstatSync(folder).isSymbolicLink() || fs.lstatSync(path.dirname(folder)).isSymbolicLink();
  if (!real.startsWith(root + path.sep) || (isLink && parts[1] !== "latest"))
    throw new NotAnswered(403, "links are not followed");
  return real;
}

function changedAt(folder: string): number {
  return fs.statSync(path.join(folder, "manifest.json")).mtimeMs;
}

/** Of the trials that the run names. */
function figureBytes(folder: string): number {
  const list = path.join(folder, "trials.txt");
  if (!fs.existsSync(list)) return 0;
  return fs
    .readFileSync(list, "utf8")
    .split(/\r?\n/)
    .filter(isFolderName)
    .reduce(
      (sum, id) =>
        sum +
        (fs.statSync(path.join(folder, "..", "trials", id, "figures.json"), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
}
