/**
 * The end of a report: can I trust it, and can I reproduce it? Doubts with what to do about them, what the machine
 * was like before the load, settings that differ and all others, where the run came from, what every metric and chart
 * means, and the files beside the page. A report whose reader cannot find this is an advertisement.
 */
import { ANOMALIES } from "../charts/anomaly-words";
import { chartsOf } from "../charts/chart";
import { chartInput } from "../charts/cells";
import { escapeText, slug } from "../charts/markup";
import { count, counted, median, percent, plain } from "../charts/numbers";
import type { Calibration } from "../record/figures";
import { visibilityInWorlds } from "../charts/visibility-in-worlds";
import { worldDistance } from "../charts/world-distance";
import type { LoadedRun, TunableLabel } from "../record/run-folder";
import { inWorld, twins, WORLD_IN_WORDS, WORLDS, worldsOf } from "../statistics/worlds";
import { unitInWords, worstValidity } from "./headline";
import { leftOutTrials } from "./left-out";
import { dataTable } from "./tables";
import { targetsSection } from "./targets";
import { worldBadge } from "./world-badge";

export function methodSection(run: LoadedRun): string {
  const { manifest } = run;
  const done = run.trials.filter((trial) => trial.record.outcome === "done").length;
  const operations = run.trials.reduce((sum, trial) => sum + trial.record.operations, 0);
  const worlds = worldsOf(run);
  const expectation = worlds.map((world) => EXPECTATION[world]).join(" ");
  return (
    `<h2>Can I reproduce it?</h2><p class="answer">${escapeText(
      `Yes, with the command below; ${counted(done, "trial")} of ${counted(run.cells.length, "configuration")} recorded ${counted(operations, "operation")}` +
        `${manifest.wallSeconds === null ? "" : ` in ${plain(manifest.wallSeconds)} s`}. ` +
        expectation,
    )}</p>` +
    `<pre>${escapeText(reproduceCommand(run))}</pre>` +
    doubts(run) +
    calibration(run) +
    replays(run) +
    faultsTable(run) +
    targetsSection(run) +
    settings(run) +
    provenance(run) +
    downloads(run)
  );
}

const EXPECTATION = {
  processes: "Real processes share a machine with everything else on it, so expect the shape and not the digits.",
  simulation:
    "Simulated trials run in virtual time: the same seed and version replay them event by event, to the same digits.",
} as const;

export function glossarySection(run: LoadedRun): string {
  const words = run.trials.some(({ figures }) => figures?.causality !== undefined) ? [...WORDS, ...CLOCK_WORDS] : WORDS;
  const drawn = [...(worldsOf(run).length > 1 ? [worldDistance, visibilityInWorlds] : []), ...chartsOf(run)];
  const charts = drawn
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
    `<h2>What do the words mean?</h2><p class="answer">${counted(words.length, "term")} of the field, ${counted(drawn.length, "chart")} and ${counted(run.manifest.metrics.length, "metric")} are explained here.</p>` +
    folded(
      `Terms (${count(words.length)})`,
      words
        .map(([term, meaning]) => `<dt id="word-${slug(term)}">${escapeText(term)}</dt><dd>${escapeText(meaning)}</dd>`)
        .join(""),
    ) +
    folded(`How to read the charts (${count(drawn.length)})`, charts) +
    folded(`Metrics (${count(run.manifest.metrics.length)})`, metrics)
  );
}

/** Hundreds of entries, open, were more than half of a page; a link to one of them opens its list. */
function folded(summary: string, entries: string): string {
  return `<details><summary>${summary}</summary><dl class="glossary">${entries}</dl></details>`;
}

/** Relative to a clone; no path of the machine it ran on. */
export function reproduceCommand(run: LoadedRun): string {
  const { manifest } = run;
  const inside = manifest.configPath !== "" && !/^([/\\]|[A-Za-z]:|\.\.)/.test(manifest.configPath);
  const search = manifest.saturation;
  const parts = [
    "npx",
    "quorumlab",
    search === undefined ? "run" : "saturate",
    inside ? manifest.configPath : "experiment.yaml",
  ];
  if (manifest.profile !== "" && manifest.profile !== "full" && manifest.profile !== "default")
    parts.push("--profile", manifest.profile);
  parts.push("--seed", String(manifest.seed));
  manifest.argv.forEach((word, i) => {
    if ((word === "-S" || word === "--set" || word === "--only") && manifest.argv[i + 1] !== undefined)
      parts.push(word, manifest.argv[i + 1]);
  });
  if (search !== undefined) {
    for (const { metric, op, value } of search.targets) parts.push("--slo", `${metric} ${op} ${value}`);
    parts.push("--from", `${search.fromPerSecond}/s`, "--to", `${search.toPerSecond}/s`);
    parts.push("--precision", String(search.precision), "--repetitions", String(search.repetitions));
  }
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
              `<li>${escapeText(trial.record.cell)}, repetition ${trial.record.repetition}: ${escapeText(trial.record.error ?? "no reason was recorded")}</li>`,
          )
          .join("")}</ul>`;
  if (worst.verdict === "nothing")
    return `<h3>Doubts</h3><p>No configuration finished, so nothing was measured.</p>${failures}`;
  if (worst.verdict === "valid" && rows.length === 0)
    return `<h3>Doubts</h3><p>None of the checks on offered load, judgement${run.cells.some(({ world }) => world === "processes") ? ", schedule and outside load" : " and percentiles"} raised a doubt.</p>${failures}`;
  return (
    `<h3>Doubts</h3><p>${counted(worst.count, "configuration")} of ${count(run.cells.length)} ${worst.count === 1 ? "is" : "are"} ${worst.verdict}. A doubtful number may be right; do not build on it before it was repeated.</p>` +
    dataTable(
      { columns: ["doubt", "verdict", "configurations", "what was seen, for example", "what to do"], rows: kinds },
      Infinity,
      "plain",
    ) +
    `<details><summary>${rows.length === 1 ? "The doubt" : `All ${count(rows.length)} doubts`} in full</summary>${dataTable(
      { columns: ["configuration", "doubt", "verdict", "what was seen", "what to do"], rows },
      Infinity,
    )}</details>` +
    leftOut(run) +
    failures
  );
}

/** What invalid trials measured: to look at, not to build on. */
function leftOut(run: LoadedRun): string {
  const all = leftOutTrials(run);
  if (all.length === 0) return "";
  const rows = all.map((one) => [
    ...[one.configuration, one.repetition, one.trial],
    ...[one.kinds.join(", "), one.values.join(", "), one.reasons.join("; ")],
  ]);
  return (
    `<h3 id="invalid-trials">Trials that do not count</h3><p>${counted(all.length, "trial")} of ${count(run.trials.length)} ${all.length === 1 ? "is" : "are"} invalid by the run's own checks. What they measured stands here and in <code>summaries/trials.csv</code>, and is in no summary, comparison or verdict.</p>` +
    dataTable(
      {
        columns: ["configuration", "repetition", "trial", "invalid for", "what it measured", "what was seen"],
        rows,
      },
      Infinity,
    )
  );
}

const TIME_ERROR = "greatest difference between the times of processes that make the load";

const CALIBRATION: readonly (readonly [string, (one: Calibration) => number, (value: number) => string])[] = [
  ["round trip of an empty request, median", (one) => one.nullRoundTripP50Ms, ms],
  ["round trip of an empty request, 99th percentile", (one) => one.nullRoundTripP99Ms, ms],
  ["lateness of the load driver's timer, median", (one) => one.timerLagP50Ms, ms],
  ["lateness of the load driver's timer, 99th percentile", (one) => one.timerLagP99Ms, ms],
  ["smallest step of the clock", (one) => one.clockStepMs ?? NaN, ms],
  [TIME_ERROR, (one) => one.timeErrorMs ?? NaN, ms],
  ["processor time used by others during the trial", (one) => one.outsideCpu, percent],
  ["processor time taken by the hypervisor", (one) => one.steal, percent],
  ["load average of the machine before the trial", (one) => one.loadAverage, plain],
];

/** Where `cluster.speed` is given on processes. */
const UNEVEN =
  "Nodes of unequal speed are emulated: they share the machine, the fastest runs as it can, and each slower one rests after every message for as long as its speed asks (cluster.speed), in steps of a millisecond. Slow is the handling of messages alone, not disk or network, and latencies of slow nodes come in bursts. Handling is timed by the wall: where processors are short, a node's wait for one is made longer too.";

function calibration(run: LoadedRun): string {
  const worlds = worldsOf(run);
  if (!worlds.includes("processes"))
    return `<h3>Calibration</h3><p>None: simulated time has no error of its own, and no other program takes part in it.</p>`;
  const of = worlds.length > 1 ? ` ${worldBadge("processes")}` : "";
  const known = run.trials.flatMap(({ record, summary, figures }) =>
    record.world === "processes" ? (summary?.calibration ?? figures?.calibration ?? []) : [],
  );
  if (known.length === 0)
    return `<h3>Calibration${of}</h3><p>The machine was not calibrated before the trials, so it is unknown how much of a latency is its own.</p>`;
  const rows = CALIBRATION.flatMap(([name, of, words]) => {
    const values = known.map(of).filter((value) => Number.isFinite(value));
    // One process has its own time and no other.
    if (values.length === 0) return name === TIME_ERROR ? [] : [[name, "unknown", "", ""]];
    return [[name, words(median(values)!), words(Math.min(...values)), words(Math.max(...values))]];
  });
  const placements = [...new Set(known.map((one) => one.placement))];
  const uneven = run.trials.some(
    ({ record }) => record.world === "processes" && (record.resolved["cluster.speed"] ?? "") !== "",
  );
  return (
    `<h3>Calibration${of}</h3><p>What the machine itself costs, measured before each trial: latencies near these figures say more about the machine than about the store. Placement of processes: ${escapeText(placements.join("; "))}.${uneven ? ` ${UNEVEN}` : ""}</p>` +
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

/** What makes each simulated trial replayable. */
function replays(run: LoadedRun): string {
  const labels = new Map(chartInput(run).cells.map((cell) => [cell.summary.id, cell.label]));
  const simulated = run.trials.filter(({ record }) => record.world === "simulation" && record.outcome === "done");
  if (simulated.length === 0) return "";
  const rows = simulated.map(({ record: { cell, repetition, seed, simulation } }) => [
    labels.get(cell) ?? cell,
    repetition,
    seed,
    simulation?.events ?? null,
    simulation === undefined ? null : Number(simulation.virtualSeconds.toPrecision(4)),
    simulation === undefined ? null : Number(simulation.wallSeconds.toPrecision(3)),
    simulation?.digest ?? "none recorded",
  ]);
  const table = dataTable(
    {
      columns: [
        "configuration",
        "repetition",
        "seed",
        "events",
        "virtual time (s)",
        "took (s)",
        "digest of the event trace",
      ],
      rows,
    },
    Infinity,
  );
  const seconds = simulated.reduce((sum, { record }) => sum + (record.simulation?.virtualSeconds ?? 0), 0);
  return (
    `<h3>Replay ${worldBadge("simulation")}</h3><p>Virtual time: ${escapeText(counted(simulated.length, "trial"))} of together ${escapeText(plain(seconds))} s replay from their seeds. ` +
    `Equal digests mean equal events, in the same order at the same instants; <code>npx quorumlab verify ${escapeText(run.manifest.run)}</code> runs them again and compares, <code>npx quorumlab replay ${escapeText(run.manifest.run)}</code> shows one of them message by message.</p>` +
    `<details><summary>Seeds and digests of ${escapeText(counted(simulated.length, "simulated trial"))}</summary>${table}</details>`
  );
}

/** Faults as they really began and ended. */
function faultsTable(run: LoadedRun): string {
  interface Seen {
    readonly id: string;
    readonly kind: string;
    readonly what: string;
    readonly world: keyof typeof WORLD_IN_WORDS;
    readonly from: number[];
    readonly to: (number | null)[];
    readonly cells: Set<string>;
    /** Of overloads, over all trials. */
    readonly requests: Map<string, number>;
  }
  const seen = new Map<string, Seen>();
  for (const { record, figures } of run.trials)
    for (const { id, kind, what, fromS, toS, requests } of figures?.faults ?? []) {
      const key = JSON.stringify([record.world, id, kind, what]);
      const known: Seen = seen.get(key) ?? {
        ...{ id, kind, what, world: record.world, from: [], to: [], cells: new Set(), requests: new Map() },
      };
      known.from.push(fromS);
      known.to.push(toS);
      known.cells.add(record.cell);
      for (const [name, number] of Object.entries(requests ?? {}))
        known.requests.set(name, (known.requests.get(name) ?? 0) + number);
      seen.set(key, known);
    }
  if (seen.size === 0) return "";
  const range = (values: readonly number[]): string => {
    const [lo, hi] = [Math.min(...values), Math.max(...values)].map((value) => Number(value.toFixed(3)));
    return lo === hi ? String(lo) : `${lo} to ${hi}`;
  };
  const ended = (values: readonly (number | null)[]): string => {
    const known = values.filter((value): value is number => value !== null);
    const open = values.length - known.length;
    return [...(known.length === 0 ? [] : [range(known)]), ...(open === 0 ? [] : ["had not ended"])].join("; ");
  };
  const inAll = (requests: ReadonlyMap<string, number>): string =>
    requests.size === 0
      ? ""
      : `; requests: ${[...requests].map(([name, number]) => `${count(number)} ${name}`).join(", ")}`;
  return (
    `<h3>Faults</h3><p>As they really began and ended, in seconds from the start of the warm-up; a range where repetitions or configurations differ.</p>` +
    dataTable(
      {
        columns: ["id", "kind", "what", "from (s)", "to (s)", "world", "configurations"],
        rows: [...seen.values()]
          .sort((a, b) => Math.min(...a.from) - Math.min(...b.from))
          .map(({ id, kind, what, from, to, world, cells, requests }) => [
            ...[id, kind, what + inAll(requests), range(from), ended(to), WORLD_IN_WORDS[world]],
            `${count(cells.size)} of ${count(run.cells.filter((cell) => cell.world === world).length)}`,
          ]),
      },
      100,
      "plain",
    )
  );
}

function settings(run: LoadedRun): string {
  const byCell = new Map<string, Readonly<Record<string, unknown>>>();
  for (const trial of run.trials)
    if (!byCell.has(trial.record.cell)) byCell.set(trial.record.cell, trial.record.resolved);
  const value = (id: string, key: string): string => printable(byCell.get(id)?.[key]);
  const worlds = worldsOf(run).map((world) => ({
    world,
    cells: chartInput(inWorld(run, world)).cells.filter((cell) => byCell.has(cell.summary.id)),
  }));
  const cells = worlds.flatMap((one) => one.cells);
  const keys = [...new Set([...byCell.values()].flatMap((resolved) => Object.keys(resolved)))].sort();
  const varies = (key: string, among: typeof cells): boolean =>
    new Set(among.map((cell) => value(cell.summary.id, key))).size > 1;
  const fixed = keys.filter((key) => !varies(key, cells));
  const label = (key: string): TunableLabel | undefined =>
    run.manifest.tunables.find((row) => row.key === key || lastName(row.key) === lastName(key));
  const tables = worlds.map(({ world, cells: ofWorld }) => {
    const varying = keys.filter((key) => varies(key, ofWorld));
    const of = worlds.length > 1 ? `<p class="whose">${worldBadge(world)}</p>` : "";
    if (varying.length === 0) return `${of}<p>All configurations had the same settings.</p>`;
    // The longer side goes down the page.
    const table =
      ofWorld.length > varying.length
        ? {
            columns: ["configuration", ...varying],
            rows: ofWorld.map((cell) => [cell.label, ...varying.map((key) => value(cell.summary.id, key))]),
          }
        : {
            columns: ["setting", ...ofWorld.map((cell) => cell.label)],
            rows: varying.map((key) => [key, ...ofWorld.map((cell) => value(cell.summary.id, key))]),
          };
    return of + dataTable(table, Infinity, "plain");
  });
  const between = twins(run.cells);
  const apart = keys.filter((key) =>
    between.some(({ processes, simulation }) => value(processes.id, key) !== value(simulation.id, key)),
  );
  const differing =
    tables.join("") +
    (apart.length === 0
      ? ""
      : `<p>Between the worlds, in the first configuration that both have:</p>${dataTable(
          {
            columns: ["setting", ...WORLDS.map((world) => WORLD_IN_WORDS[world])],
            rows: apart.map((key) => [key, value(between[0].processes.id, key), value(between[0].simulation.id, key)]),
          },
          Infinity,
          "plain",
        )}`);
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
  ["summaries/README.txt", "what the columns of these tables mean"],
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
  const tables = FILES.filter(([path]) => path.startsWith("summaries/"));
  const files = [
    ...tables,
    ...(run.comparisons.length === 0
      ? []
      : [["summaries/comparisons.csv", "differences from the baseline: configuration minus baseline"] as const]),
    ...(worldsOf(run).length < 2
      ? []
      : [
          ["summaries/distance.csv", "the distance between the worlds: processes minus, and over, simulation"] as const,
        ]),
    ...FILES.filter((file) => !tables.includes(file)),
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
    "interval",
    "Written [low, high]. From six repetitions on it is the 95 % interval of the median over repetitions: made again and again, such ranges hold the true median 19 times of 20. With two to five it is the envelope of the intervals within the runs, and with one that run's own: both say how well what happened was measured, and not how another run would come out. Where two ranges overlap, no difference is shown.",
  ],
  [
    "measured on processes, simulated",
    "The two worlds. On processes the store ran as programs on a machine, with its scheduler, its network stack and its neighbours. Simulated, the same store ran in virtual time on a model of network and machine. Numbers of the two are never mixed; their distance is a result of its own.",
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

/** Only where the clock was judged. */
const CLOCK_WORDS: readonly (readonly [string, string])[] = [
  [
    "causal past",
    "Of a write: everything its client had read before it wrote, and what the writers of that had read, and so on. Two writes of which neither is in the other's past are concurrent, and only those are a real conflict.",
  ],
  ...ANOMALIES.map(({ one, meaning }) => [one, meaning] as const),
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

/** As it could stand in an experiment file. */
function printable(value: unknown): string {
  if (value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(printable).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}: ${printable(part)}`)
    .join(", ")}}`;
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
