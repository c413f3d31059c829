/**
 * How a run is made again from its own folder: the experiment as it was given, the flags that decide what is run, and scripts that
 * need nothing but a clone. Where results go, labels and notes are whoever's who runs it, and left out.
 */
import type { LoadedRun } from "../record/run-folder";

/** Flags with a value that decide what is run. */
const KEPT: ReadonlySet<string> = new Set(["-S", "--set", "--profile", "--only", "--seed", "--raw"]);

/** `["--profile", "smoke", "-S", "r=1"]`; a run that a program made (a notebook, say) has none. */
export function flagsOf({ manifest: { argv } }: LoadedRun): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [flag, value] = argv[i].startsWith("--") && argv[i].includes("=") ? splitAt(argv[i]) : [argv[i], undefined];
    if (!KEPT.has(flag)) continue;
    const given = value ?? argv[++i];
    if (given !== undefined) found.push(flag, given);
  }
  return found;
}

function splitAt(flag: string): readonly [string, string] {
  const at = flag.indexOf("=");
  return [flag.slice(0, at), flag.slice(at + 1)];
}

/** A word of a shell, whatever is in it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** `smoke`: a profile of that name where the experiment has one, else two repetitions. */
export function reproduceScript(run: LoadedRun, experimentText: string): string {
  const flags = flagsOf(run).map(quoted).join(" ");
  const smoke = hasSmoke(experimentText) ? "--profile smoke" : "-S repetitions.count=2";
  const withoutProfile = flagsOf(run)
    .flatMap((flag, i, all) => (i % 2 === 0 && flag !== "--profile" ? [quoted(flag), quoted(all[i + 1])] : []))
    .join(" ");
  return `#!/usr/bin/env bash
# Runs ${run.manifest.experiment} again and checks the claims of CLAIMS.md.
#   ./reproduce.sh --smoke   a short version: does everything run, do figures come out?
#   ./reproduce.sh --full    as it was run for the paper; every claim is checked
# Run it where quorumlab is installed or in its clone, or say QUORUMLAB="node /where/it/is/dist/experiments/cli/main.js".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mode=\${1:-}
quorumlab=\${QUORUMLAB:-npx --no-install quorumlab}
out=\${OUT:-"$here/again"}
case "$mode" in
  --smoke) flags=(${[withoutProfile, smoke].filter((one) => one !== "").join(" ")}) ;;
  --full) flags=(${flags}) ;;
  *) echo "usage: ./reproduce.sh --smoke | --full" >&2; exit 2 ;;
esac
command -v node >/dev/null || { echo "FAILED: node is not installed" >&2; exit 3; }
mkdir -p "$out"
code=0
# A finding is no failure here; what is claimed is checked below. Other ends are failures.
$quorumlab run "$here/experiment/experiment.yaml" \${flags[@]+"\${flags[@]}"} --fresh -o "$out" --json > "$out/run.json" || code=$?
case "$code" in
  0|1|4) ;;
  *) echo "FAILED: the run ended with $code" >&2; exit "$code" ;;
esac
folder=$(node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).path)' "$out/run.json")
$quorumlab export "$folder" paper -o "$out/paper" --force > /dev/null
echo "figures: $out/paper/figures"
node "$here/check-claims.js" "$mode" "$here/claims.json" "$out/run.json"
`;
}

function hasSmoke(text: string): boolean {
  const { parse } = require("yaml") as typeof import("yaml");
  try {
    const profiles = (parse(text) as { profiles?: unknown } | null)?.profiles;
    return typeof profiles === "object" && profiles !== null && "smoke" in profiles;
  } catch {
    return false;
  }
}

/** Reads `claims.json` and the document of a run; needs nothing but Node. */
export const CHECK_CLAIMS = `// node check-claims.js --smoke|--full claims.json run.json: ends with 0 where every claim holds, 1 where one does not.
"use strict";
const { readFileSync } = require("node:fs");
const [mode, claimsFile, runFile] = process.argv.slice(2);
const { claims } = JSON.parse(readFileSync(claimsFile, "utf8"));
const run = JSON.parse(readFileSync(runFile, "utf8"));
const cell = (id) => run.cells.find((one) => one.id === id);
/** What is told of the claim, and whether it holds; undefined: cannot be told. */
function judge({ kind, objective, hypothesis, cell: id, metric, lo, hi }) {
  if (kind === "objective") {
    const found = run.slos.find((one) => one.id === objective)?.cells.find((one) => one.cell === id);
    return [found === undefined ? "no such configuration" : found.verdict, found === undefined || found.verdict === "inconclusive" ? undefined : found.verdict === "pass"];
  }
  if (kind === "hypothesis") {
    const found = run.hypotheses.find((one) => one.id === hypothesis);
    return [found === undefined ? "no such hypothesis" : found.verdict, found === undefined || found.verdict === "inconclusive" ? undefined : found.verdict === "holds"];
  }
  const value = cell(id)?.metrics[metric]?.value ?? null;
  return [value === null ? "not measured" : String(value), value === null ? undefined : value >= lo && value <= hi];
}
let failed = 0;
let open = 0;
for (const one of claims) {
  const [told, holds] = judge(one.check);
  if (holds === false) failed++;
  if (holds === undefined) open++;
  console.log((holds === true ? "ok      " : holds === false ? "FAILED  " : "open    ") + one.id + "  " + one.claim + "  (" + told + "; expected: " + one.expected + ")");
}
const done = claims.length - failed - open;
console.log(done + " of " + claims.length + " claims hold, " + failed + " do not, " + open + " cannot be told");
if (mode === "--smoke") {
  console.log("SUCCESS: everything ran. The short version is too small to support the claims; ./reproduce.sh --full checks them.");
  process.exit(0);
}
if (failed > 0) console.log("FAILED");
else if (open > 0) console.log("NOT DECIDED");
else console.log("SUCCESS");
process.exit(failed > 0 ? 1 : open > 0 ? 4 : 0);
`;
