/**
 * May these numbers stand beside each other? The first question of a comparison, before any of its answers. What differs is listed
 * with what follows from it; only what makes the numbers meaningless is a refusal: times that two machines measured (virtual time
 * knows no machine), or nothing that both sides have. Trials that both sides share are told, for they agree by construction.
 */
import { counted, listed } from "../charts/numbers";
import { targetOfRecord } from "../record/capabilities";
import type { RunManifest } from "../record/run-folder";
import { WORLD_IN_WORDS } from "../statistics/worlds";
import type { Matching } from "./matching";
import type { Comparability, ComparedParameter, Difference, Weight } from "./run-comparison";
import type { Side } from "./sides";

export function comparabilityOf(
  sides: readonly Side[],
  { groups, unmatched }: Matching,
  parameters: readonly ComparedParameter[],
): Comparability {
  const found: Difference[] = [];
  const say = (kind: string, weight: Weight, text: string): void => void found.push({ kind, weight, text });
  const apart = <T>(of: (side: Side) => T): string | undefined => {
    const values = sides.map((side) => words(of(side)));
    return new Set(values).size < 2 ? undefined : values.map((text, i) => `${sides[i].letter} ${text}`).join(", ");
  };
  if (groups.length === 0)
    say(
      "nothing-in-common",
      "refusal",
      `No configuration of ${sides[0].letter} has its like on another side: ${unmatched
        .slice(0, 3)
        .map(({ letter, label, why }) => `${letter}'s ${label}: ${why}`)
        .join("; ")}.`,
    );
  const worlds = new Set(groups.map(({ world }) => world));
  const machines = apart(({ run }) => machineOf(run.manifest));
  if (machines !== undefined)
    say(
      "hardware",
      worlds.has("processes") ? "refusal" : "note",
      worlds.has("processes")
        ? `Times were measured on different machines, so they say as much about the machines as about the store: ${machines}.`
        : `The runs were made on different machines, which changes nothing in virtual time: ${machines}.`,
    );
  const systems = apart(
    ({ run }) => `Node ${run.manifest.machine.node}, ${run.manifest.machine.os} ${run.manifest.machine.kernel}`,
  );
  if (systems !== undefined)
    say("system", worlds.has("processes") ? "caution" : "note", `The system differs: ${systems}.`);
  const semantics = apart(({ trials }) =>
    [...new Set(trials.map(({ record }) => record.semanticsVersion))].sort().join(" and "),
  );
  if (semantics !== undefined)
    say(
      "semantics",
      "caution",
      `The engine's semantics version differs, so the store itself may behave otherwise: ${semantics}.`,
    );
  const versions = apart(({ run }) => codeOf(run.manifest));
  if (versions !== undefined)
    say("version", semantics === undefined ? "note" : "caution", `Quorumlab's version differs: ${versions}.`);
  const ofWorlds = apart(({ cells }) =>
    [...new Set(cells.map(({ world }) => WORLD_IN_WORDS[world]))].sort().join(" and "),
  );
  if (ofWorlds !== undefined)
    say(
      "world",
      "caution",
      `The sides were not made in the same worlds, and only cells of one world are compared: ${ofWorlds}.`,
    );
  const targets = apart(({ trials }) =>
    [...new Set(trials.map(({ record }) => targetOfRecord(record).name))].sort().join(" and "),
  );
  if (targets !== undefined)
    say("target", "caution", `The stores under load differ, and are compared in what both show: ${targets}.`);
  const profiles = apart(({ run }) => run.manifest.profile);
  if (profiles !== undefined) say("profile", "caution", `The profile differs: ${profiles}.`);
  const experiments = apart(({ run }) => run.manifest.experiment);
  if (experiments !== undefined) say("experiment", "note", `They are runs of different experiments: ${experiments}.`);
  for (const { kind, prefix, text } of PARTS) {
    const differing = parameters.filter(({ key, differs }) => differs && (key === kind || key.startsWith(prefix)));
    if (differing.length > 0)
      say(
        kind,
        "caution",
        `${text}: ${listed(differing.slice(0, 6).map(({ key }) => key))}${differing.length > 6 ? ` and ${differing.length - 6} more` : ""}.`,
      );
  }
  const seeds = apart(({ run }) => run.manifest.seed);
  if (seeds !== undefined)
    say(
      "seed",
      "note",
      `The root seeds differ, so repetitions are two samples and not pairs (Mann-Whitney): ${seeds}.`,
    );
  const trialsOf = apart(({ trials }) => trials.length);
  if (trialsOf !== undefined)
    say(
      "trials",
      "caution",
      `The sides have different numbers of trials, so perhaps not the runs that were meant: ${trialsOf}.`,
    );
  for (const side of new Set(sides)) tellOf(side, say);
  const ids = sides.map(({ trials }) => new Set(trials.map(({ record }) => record.id)));
  sides.slice(1).forEach(({ letter }, i) => {
    const shared = [...ids[i + 1]].filter((id) => ids[0].has(id)).length;
    if (shared > 0)
      say(
        "shared-trials",
        "caution",
        `${counted(shared, "trial")} of ${letter} ${shared === 1 ? "is" : "are"} the very trials of ${sides[0].letter}, taken over and not run again: they agree by construction.`,
      );
  });
  if (unmatched.length > 0)
    say(
      "unmatched",
      "note",
      `${counted(unmatched.length, "configuration")} ${unmatched.length === 1 ? "stands" : "stand"} on one side only and ${unmatched.length === 1 ? "is" : "are"} not compared; they are listed.`,
    );
  return {
    comparable: found.every(({ weight }) => weight !== "refusal"),
    differences: found.sort((a, b) => ORDER.indexOf(a.weight) - ORDER.indexOf(b.weight)),
  };
}

const ORDER: readonly Weight[] = ["refusal", "caution", "note"];

const PARTS = [
  { kind: "phases", prefix: "phases.", text: "The phases differ, so metrics cover other lengths of time" },
  { kind: "workload", prefix: "workload.", text: "The workload differs, so repetitions are not paired" },
  { kind: "faults", prefix: "faults.", text: "The faults differ" },
  { kind: "time_scale", prefix: "time_scale", text: "The time scale differs" },
];

/** What a side alone is to be told of. */
function tellOf({ letter, run, trials, cells }: Side, say: (kind: string, weight: Weight, text: string) => void): void {
  const { manifest } = run;
  if (manifest.status !== "done")
    say(
      "unfinished",
      "caution",
      `${letter} is not whole (${STATUS[manifest.status]}${manifest.stopped === undefined ? "" : `: ${manifest.stopped.reason}`}): what is there is compared.`,
    );
  const here = new Set(run.trials.map(({ record }) => record.id));
  const missing = new Set(run.cells.flatMap((cell) => cell.trials).filter((id) => !here.has(id))).size;
  if (missing > 0)
    say(
      "missing-trials",
      "caution",
      `${counted(missing, "trial")} that ${letter} names ${missing === 1 ? "is" : "are"} not on disk any more; the rest is compared.`,
    );
  const failed = trials.filter(({ summary }) => summary === null).length;
  if (failed > 0)
    say(
      "failed-trials",
      "caution",
      `${counted(failed, "trial")} of ${letter} failed and ${failed === 1 ? "has" : "have"} no numbers.`,
    );
  const invalid = trials.filter(({ summary }) => summary?.validity.verdict === "invalid").length;
  if (invalid > 0 && invalid + failed === trials.length)
    say(
      "nothing-valid",
      "caution",
      `No trial of ${letter} is valid by the run's own checks, so that nothing of it can be compared. On processes that is mostly a machine with other work to do; in simulation (-S world=simulation) it does not matter.`,
    );
  else if (invalid > 0)
    say(
      "invalid-trials",
      "caution",
      `${counted(invalid, "trial")} of ${letter} ${invalid === 1 ? "is" : "are"} invalid by the run's own checks and left out.`,
    );
  const doubtful = cells.filter(({ validity }) => validity.verdict === "doubtful").length;
  if (doubtful > 0 && failed + invalid === 0)
    say(
      "doubtful",
      "caution",
      `${counted(doubtful, "configuration")} of ${letter} ${doubtful === 1 ? "is" : "are"} doubtful; its report says why.`,
    );
  if (manifest.quorumlab.dirty === true) say("dirty", "note", `${letter} was made with uncommitted changes.`);
}

const STATUS = {
  running: "still running, or cut off",
  interrupted: "interrupted",
  failed: "it failed",
  done: "",
} as const;

function machineOf({ machine }: RunManifest): string {
  return `${machine.cpu}, ${counted(machine.cores, "core")}, ${Math.round(machine.memoryBytes / 1024 ** 3)} GiB`;
}

function codeOf({ quorumlab }: RunManifest): string {
  return `${quorumlab.version}${quorumlab.commit === null ? "" : ` (${quorumlab.commit.slice(0, 8)})`}`;
}

function words(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
