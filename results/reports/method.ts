/**
 * The end of a report: can I trust it, and can I reproduce it? Doubts with what to do about them, what the machine
 * was like before the load, settings that differ and all others, where the run came from, what every metric and chart
 * means, and the files beside the page. A report whose reader cannot find this is an advertisement.
 */
import { CHARTS } from "../charts/chart";
import { chartInput } from "../charts/cells";
import { escapeText } from "../charts/markup";
import { count, counted, median, percent, plain } from "../charts/numbers";
import type { Calibration } from "../record/figures";
import type { LoadedRun, TunableLabel } from "../record/run-folder";
import { unitInWords, worstValidity } from "./headline";
import { dataTable } from "./tables";

export function methodSection(run: LoadedRun): string {
  const { manifest } = run;
  const done = run.trials.filter((trial) => trial.record.outcome === "done").length;
  const operations = run.trials.reduce((sum, trial) => sum + trial.record.operations, 0);
  const real = manifest.worlds.includes("processes");
  return (
    `<h2>Can I reproduce it?</h2><p class="answer">${escapeText(
      `Yes, with the command below; ${counted(done, "trial")} of ${counted(run.cells.length, "configuration")} recorded ${counted(operations, "operation")}` +
        `${manifest.wallSeconds === null ? "" : ` in ${plain(manifest.wallSeconds)} s`}. ` +
        (real
          ? "Real processes share a machine with everything else on it, so expect the shape and not the digits."
          : "A simulation with the same seed and version gives the same digits."),
    )}</p>` +
    `<pre>${escapeText(reproduceCommand(run))}</pre>` +
    doubts(run) +
    calibration(run) +
    settings(run) +
    provenance(run) +
    downloads(run)
  );
}

export function glossarySection(run: LoadedRun): string {
  const charts = [...CHARTS.values()]
    .map(
      (chart) =>
        `<dt id="about-${chart.id}">${escapeText(chart.title)} <span class="facts">(chart)</span></dt><dd>${escapeText(chart.prose)} <a href="#${chart.id}">to the chart</a></dd>`,
    )
    .join("");
  const metrics = run.manifest.metrics
    .map(
      (metric) =>
        `<dt id="metric-${escapeText(metric.name)}">${escapeText(metric.title)} <code>${escapeText(metric.name)}</code></dt>` +
        `<dd>${escapeText(metric.definition)} Unit: ${escapeText(metric.unit === "ratio" ? "a share, shown in %" : unitInWords(metric.unit))}. ${BETTER[metric.better]}</dd>`,
    )
    .join("");
  return (
    `<h2>What do the words mean?</h2><p class="answer">${counted(WORDS.length, "term")} of the field, ${counted(CHARTS.size, "chart")} and ${counted(run.manifest.metrics.length, "metric")} are explained here.</p>` +
    `<h3>Terms</h3><dl class="glossary">${WORDS.map(([term, meaning]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(meaning)}</dd>`).join("")}</dl>` +
    `<h3>How to read the charts</h3><dl class="glossary">${charts}</dl><h3>Metrics</h3><dl class="glossary">${metrics}</dl>`
  );
}

/** Relative to a clone; no path of the machine it ran on. */
export function reproduceCommand(run: LoadedRun): string {
  const { manifest } = run;
  const inside = manifest.configPath !== "" && !/^([/\\]|[A-Za-z]:|\.\.)/.test(manifest.configPath);
  const parts = ["npx", "quorumlab", "run", inside ? manifest.configPath : "experiment.yaml"];
  if (manifest.profile !== "" && manifest.profile !== "full" && manifest.profile !== "default")
    parts.push("--profile", manifest.profile);
  parts.push("--seed", String(manifest.seed));
  manifest.argv.forEach((word, i) => {
    if ((word === "-S" || word === "--set" || word === "--only") && manifest.argv[i + 1] !== undefined)
      parts.push(word, manifest.argv[i + 1]);
  });
  const commit = manifest.quorumlab.commit;
  const command = parts.map(quoted).join(" ");
  const note = inside ? "" : "   # experiment.yaml is in the run's folder";
  return commit === null ? command + note : `git checkout ${commit.slice(0, 12)} && npm ci\n${command}${note}`;
}

function doubts(run: LoadedRun): string {
  const labels = chartInput(run).cells;
  const worst = worstValidity(run.cells);
  const rows = run.cells.flatMap((cell, i) =>
    cell.validity.doubts.map((doubt) => [labels[i].label, doubt.kind, doubt.verdict, doubt.reason, doubt.advice]),
  );
  // One line a kind of doubt; the same doubt of every configuration is one thing to mend.
  const kinds = [...new Set(rows.map((row) => row[1]))].map((kind) => {
    const same = rows.filter((row) => row[1] === kind);
    const example = same.find((row) => row[2] === "invalid") ?? same[0];
    return [kind, example[2], same.length, `${example[0]}: ${example[3]}`, example[4]];
  });
  const failed = run.trials.filter((trial) => trial.record.outcome === "failed");
  const failures =
    failed.length === 0
      ? ""
      : `<p>${counted(failed.length, "trial")} failed and left no figures:</p><ul class="plain-list">${failed
          .slice(0, 20)
          .map(
            (trial) =>
              `<li>${escapeText(trial.record.cell)}, repetition ${trial.record.repetition + 1}: ${escapeText(trial.record.error ?? "no reason was recorded")}</li>`,
          )
          .join("")}</ul>`;
  if (worst.verdict === "valid" && rows.length === 0)
    return `<h3>Doubts</h3><p>None of the checks on schedule, offered load and outside load raised a doubt.</p>${failures}`;
  return (
    `<h3>Doubts</h3><p>${counted(worst.count, "configuration")} of ${count(run.cells.length)} ${worst.count === 1 ? "is" : "are"} ${worst.verdict}. A doubtful number may be right; do not build on it before it was repeated.</p>` +
    dataTable(
      { columns: ["doubt", "verdict", "configurations", "what was seen, for example", "what to do"], rows: kinds },
      Infinity,
      "plain",
    ) +
    `<details><summary>All ${count(rows.length)} doubts</summary>${dataTable(
      { columns: ["configuration", "doubt", "verdict", "what was seen", "what to do"], rows },
      Infinity,
    )}</details>` +
    failures
  );
}

const CALIBRATION: readonly (readonly [string, (one: Calibration) => number, (value: number) => string])[] = [
  ["round trip of an empty request, median", (one) => one.nullRoundTripP50Ms, ms],
  ["round trip of an empty request, 99th percentile", (one) => one.nullRoundTripP99Ms, ms],
  ["lateness of the load driver's timer, median", (one) => one.timerLagP50Ms, ms],
  ["lateness of the load driver's timer, 99th percentile", (one) => one.timerLagP99Ms, ms],
  ["processor time used by others during the trial", (one) => one.outsideCpu, percent],
  ["processor time taken by the hypervisor", (one) => one.steal, percent],
  ["load average of the machine before the trial", (one) => one.loadAverage, plain],
];

function calibration(run: LoadedRun): string {
  const known = run.trials.flatMap((trial) => trial.summary?.calibration ?? trial.figures?.calibration ?? []);
  if (known.length === 0)
    return `<h3>Calibration</h3><p>${run.manifest.worlds.includes("processes") ? "The machine was not calibrated before the trials, so it is unknown how much of a latency is its own." : "Simulated time has no error of its own."}</p>`;
  const rows = CALIBRATION.map(([name, of, words]) => {
    const values = known.map(of).filter((value) => Number.isFinite(value));
    if (values.length === 0) return [name, "unknown", "", ""];
    return [name, words(median(values)!), words(Math.min(...values)), words(Math.max(...values))];
  });
  const placements = [...new Set(known.map((one) => one.placement))];
  return (
    `<h3>Calibration</h3><p>What the machine itself costs, measured before each trial: latencies near these figures say more about the machine than about the store. Placement of processes: ${escapeText(placements.join("; "))}.</p>` +
    dataTable(
      {
        columns: ["measured without the store", `median of ${counted(known.length, "trial")}`, "lowest", "highest"],
        rows,
      },
      Infinity,
      "plain",
    )
  );
}

function settings(run: LoadedRun): string {
  const byCell = new Map<string, Readonly<Record<string, unknown>>>();
  for (const trial of run.trials)
    if (!byCell.has(trial.record.cell)) byCell.set(trial.record.cell, trial.record.resolved);
  const cells = chartInput(run).cells.filter((cell) => byCell.has(cell.summary.id));
  const keys = [...new Set([...byCell.values()].flatMap((resolved) => Object.keys(resolved)))].sort();
  const value = (id: string, key: string): string => printable(byCell.get(id)?.[key]);
  const varying = keys.filter((key) => new Set(cells.map((cell) => value(cell.summary.id, key))).size > 1);
  const fixed = keys.filter((key) => !varying.includes(key));
  const label = (key: string): TunableLabel | undefined =>
    run.manifest.tunables.find((row) => row.key === key || lastName(row.key) === lastName(key));
  const differing =
    varying.length === 0
      ? `<p>All configurations had the same settings.</p>`
      : dataTable(
          {
            columns: ["setting", ...cells.map((cell) => cell.label)],
            rows: varying.map((key) => [key, ...cells.map((cell) => value(cell.summary.id, key))]),
          },
          Infinity,
          "plain",
        );
  return (
    `<h3>Settings</h3><p>Only what differs; everything else was the same in all configurations.</p>${differing}` +
    `<details><summary>All ${count(fixed.length)} settings that were the same</summary>${dataTable(
      {
        columns: ["setting", "value", "unit", "default", "what it is"],
        rows: fixed.map((key) => {
          const row = label(key);
          return [
            key,
            cells.length === 0 ? "" : value(cells[0].summary.id, key),
            row?.unit ?? "",
            row?.default ?? "",
            row?.title ?? "",
          ];
        }),
      },
      Infinity,
    )}</details>`
  );
}

function provenance(run: LoadedRun): string {
  const { manifest } = run;
  const { machine, quorumlab } = manifest;
  const rows: (readonly [string, string])[] = [
    ["run", manifest.run],
    ["experiment", `${manifest.experiment}, profile ${manifest.profile}, seed ${manifest.seed}`],
    [
      "started, ended (UTC)",
      `${utc(manifest.startedAt)}, ${manifest.endedAt === null ? "not ended" : utc(manifest.endedAt)}`,
    ],
    [
      "time",
      `${manifest.wallSeconds === null ? "unknown" : plain(manifest.wallSeconds)} s by the clock on the wall, ${manifest.cpuSeconds === null ? "unknown" : plain(manifest.cpuSeconds)} s of processor time`,
    ],
    [
      "quorumlab",
      `${quorumlab.version}, commit ${quorumlab.commit ?? "unknown"}${quorumlab.dirty === true ? ", with uncommitted changes" : quorumlab.dirty === null ? ", unknown whether changed" : ""}`,
    ],
    ["uncommitted changes (SHA-256)", quorumlab.patchSha256 ?? "none"],
    ["dependencies (lock file, SHA-256)", quorumlab.lockfileSha256 ?? "unknown"],
    ["experiment file (SHA-256)", manifest.configSha256],
    ["random numbers", manifest.random],
    [
      "machine",
      `${machine.cpu}, ${counted(machine.cores, "core")}, ${plain(machine.memoryBytes / 1024 ** 3)} GiB memory${machine.container === true ? ", in a container" : ""}`,
    ],
    ["system", `${machine.os} ${machine.kernel}; Node ${machine.node}, V8 ${machine.v8}`],
    ["load average at the start", plain(manifest.loadAverageAtStart)],
    ...(manifest.note === null ? [] : [["note", manifest.note] as const]),
    ...Object.entries(manifest.tags).map(([key, value]) => [`tag ${key}`, value] as const),
    ...Object.entries(manifest.environment).map(
      ([key, value]) => [`environment ${key}`, value === "" ? "(empty)" : value] as const,
    ),
  ];
  return `<h3>Provenance</h3>${dataTable({ columns: ["what", "value"], rows }, Infinity, "plain")}`;
}

const FILES: readonly (readonly [string, string])[] = [
  ["summaries/cells.csv", "one row a configuration and metric, with intervals"],
  ["summaries/trials.csv", "one row a trial"],
  ["summaries/metrics_long.csv", "one row a trial and metric, for statistics programs"],
  ["manifest.json", "where the run came from"],
  ["experiment.yaml", "the experiment file as it was given"],
  ["experiment.resolved.json", "the same with every default filled in"],
  ["plan.jsonl", "the trials in their planned order"],
  ["journal.jsonl", "what was started and finished when"],
  ["SHA256SUMS", "checksums of the files of this run"],
];

function downloads(run: LoadedRun): string {
  const files =
    run.comparisons.length === 0
      ? FILES
      : [
          ...FILES.slice(0, 3),
          ["summaries/comparisons.csv", "differences from the baseline"] as const,
          ...FILES.slice(3),
        ];
  return `<h3>Files of this run</h3><ul class="plain-list">${files
    .map(([path, what]) => `<li><a href="../${path}">${path}</a>: ${what}</li>`)
    .join("")}</ul>`;
}

/** Terms that a newcomer meets in a report. */
const WORDS: readonly (readonly [string, string])[] = [
  [
    "N, R, W",
    "Each key is kept by N nodes. A read asks and waits for R of them, a write for W. If R + W is more than N, every read meets at least one node that has the latest acknowledged write.",
  ],
  [
    "stale read",
    "A read that began after a write of the same key had been acknowledged, and returned only older versions.",
  ],
  ["p50, p99", "Percentiles: half of the operations took no longer than p50, 99 of 100 no longer than p99."],
  [
    "95 % interval",
    "Written [low, high]: a range that a repeated measurement would cover the true value with 19 times of 20. Where two ranges overlap widely, no difference is shown.",
  ],
  [
    "sibling",
    "One of several versions of a key of which none is known to replace the others; the application has to merge them.",
  ],
  [
    "logical clock",
    "How the store tells a newer version from a concurrent one without wall clocks: version vectors (vv-server), dotted version vector sets (dvvset) and others.",
  ],
  [
    "ring",
    "All hash values in a circle. A node owns arcs of it, a key belongs to the nodes met clockwise from its own position: its preference list.",
  ],
  [
    "repetition",
    "The same configuration run again from the start with another seed. Intervals come from the spread between repetitions.",
  ],
  [
    "doubtful, invalid",
    "The run's own checks found that the machine or the load driver may have changed the numbers (doubtful) or surely has (invalid).",
  ],
];

const BETTER = {
  lower: "Lower is better.",
  higher: "Higher is better.",
  neutral: "Neither high nor low is better.",
} as const;

function ms(value: number): string {
  return `${plain(value)} ms`;
}

/** `2026-11-23T04:30:21Z` → `2026-11-23 04:30:21`; anything else as it is. */
export function utc(instant: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(instant);
  return parts === null ? instant : `${parts[1]} ${parts[2]}`;
}

function printable(value: unknown): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
