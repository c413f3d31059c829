/**
 * How long a stored run takes to read and to draw: `show`, `report` and the commands that answer without a run, each as a process
 * of its own from dist, over MADE-UP runs: a thousand trials in 84 configurations, and one trial as long as ten million operations
 * at 10,000 a second make it (what a report reads is folded and bounded, so operations show only in its intervals).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSyntheticRun } from "./synthetic-run";

export interface ReportFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const MAIN = join(__dirname, "..", "..", "dist", "experiments", "cli", "main.js");
const SIZES = [
  { name: "1000 trials", size: { cells: 84, repetitions: 12, intervals: 60 } },
  { name: "10 M operations", size: { cells: 1, repetitions: 1, intervals: 1_000 } },
];

export function measureReports(): ReportFigure[] {
  const root = mkdtempSync(join(tmpdir(), "quorumlab-bench-report-"));
  const hook = join(root, "peak.js");
  writeFileSync(hook, TELL_PEAK);
  const figures: ReportFigure[] = [];
  const tell = (name: string, value: number, unit: string): void => {
    figures.push({ name, value, unit });
    console.log(`${name.padEnd(36)} ${value.toFixed(unit === "s" ? 2 : 0).padStart(8)} ${unit}`);
  };
  try {
    for (const { name, size } of SIZES) {
      const folder = writeSyntheticRun(join(root, name.replace(/ /g, "-")), size);
      const report = timed(hook, ["report", folder]);
      tell(`report of ${name}`, report.seconds, "s");
      tell(`its memory`, report.megabytes, "MB");
      tell(`its page`, statSync(join(folder, "report", "index.html")).size / 1e6, "MB");
      tell(`show of ${name}`, timed(hook, ["show", folder]).seconds * 1_000, "ms");
    }
    for (const argv of [["list"], ["explain", "sloppy_quorum"]])
      tell(argv.join(" "), timed(hook, argv).seconds * 1_000, "ms");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return figures;
}

/** The best of three: others use the machine, too. */
function timed(hook: string, argv: readonly string[]): { readonly seconds: number; readonly megabytes: number } {
  const rounds = [1, 2, 3].map(() => {
    const began = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, ["-r", hook, MAIN, ...argv], { encoding: "utf8" });
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    if (status !== 0)
      throw new Error(`quorumlab ${argv.join(" ")} ended with ${String(status)}: ${stderr.slice(-400)}`);
    return { seconds, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1_000 };
  });
  return rounds.reduce((best, one) => (one.seconds < best.seconds ? one : best));
}

/** Says the process's peak memory in kilobytes at its end. */
const TELL_PEAK = `process.on("exit",()=>process.stderr.write("\\npeak "+process.resourceUsage().maxRSS));\n`;
