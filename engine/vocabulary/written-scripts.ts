/**
 * Scripts of a few clients as a person writes them: a list of steps, each begun when the one before has been answered.
 *
 *     script:
 *       - repeat: 50
 *         steps: [a put x, a get x, b blind-put x]
 *       - wait 200ms
 *       - a put x
 *
 * `<client> <verb> <key>`: clients and keys are there by being named. Papers on causality argue with such scripts, in prose
 * that leaves out which write came when; the ones they are known by stand here by name, in the one order that gives the
 * published numbers (README of ricardobcl/Dotted-Version-Vectors: 101 siblings against 2).
 */
import { nearest } from "./nearest";
import {
  checkScalar,
  isList,
  isMap,
  printWritten,
  wrong,
  type Checked,
  type Fault,
  type Written,
} from "./scalar-kinds";
import { below, superfluous } from "./shapes";

/** What a client of a script does. The `blind` ones carry no context, whatever `workload.context` says. */
export type ScriptVerb = "put" | "get" | "delete" | "blind-put" | "blind-delete";

export type ScriptStep =
  | { readonly kind: "ask"; readonly client: string; readonly verb: ScriptVerb; readonly key: string }
  /** From the answer of the step before to the step after. */
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "repeat"; readonly times: number; readonly steps: readonly ScriptStep[] };

export interface Script {
  /** Of a ready one; empty where the steps were written out. */
  readonly name: string;
  readonly steps: readonly ScriptStep[];
}

/** Steps of one script once all repetitions are written out. */
export const MOST_STEPS = 100_000;
const MOST_CLIENTS = 1_000;

const VERBS: readonly ScriptVerb[] = ["put", "get", "delete", "blind-put", "blind-delete"];
const CLIENT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const LONGEST_KEY = 200;
const LONGEST_WAIT_MS = 3_600_000;
const STEP_FORM = 'a step is "<client> <verb> <key>" (such as "a put x"), "wait 200ms" or {repeat: 50, steps: […]}';

/** Ready scripts by name, with what each shows. The last step reads, so that what is left can be counted. */
export const READY_SCRIPTS: ReadonlyMap<string, { readonly prose: string; readonly steps: Written }> = new Map([
  [
    "explosion-1",
    {
      prose:
        "A client writes and reads, another writes blindly in between; 101 writes. A merged version vector keeps all 101, a dotted one 2.",
      steps: [repeat(50, ["a put x", "a get x", "b blind-put x"]), "a put x", "a get x"],
    },
  ],
  [
    "explosion-2",
    {
      prose:
        "Two clients write and read in turn, each with the context of its own last read, which lacks the other's last write; 101 writes. 101 siblings against 2.",
      steps: [repeat(50, ["a put x", "a get x", "b put x", "b get x"]), "a put x", "a get x"],
    },
  ],
  [
    "lost-update",
    {
      prose:
        "Two blind writes through one server, then one with the context of the first's answer. Of three versions the last two should stay: separate vectors of servers lose the second, a merged one keeps all three. Needs context: session, and one server for all (routing: token-aware).",
      steps: ["a blind-put x", "b blind-put x", "a put x", "b get x"],
    },
  ],
]);

function repeat(times: number, steps: readonly string[]): Written {
  return new Map<string, Written>([
    ["repeat", times],
    ["steps", steps],
  ]);
}

export const SCRIPT_TEXT =
  `${[...READY_SCRIPTS.keys()].join(", ")}, or a list of steps: "<client> <verb> <key>" with the verbs ${VERBS.join(", ")}; ` +
  `"wait <duration>"; {repeat, steps}; at most ${String(MOST_STEPS)} steps once repetitions are written out`;

/** A ready script's name or a list of steps; comes back as a {@link Script}. */
export function checkScript(value: Written): Checked {
  if (typeof value === "string") return readyScript(value);
  if (!isList(value)) return wrong(`is ${printWritten(value)}; allowed: ${SCRIPT_TEXT}`);
  if (value.length === 0) return wrong(`has no steps; ${STEP_FORM}`);
  const faults: Fault[] = [];
  const steps = readSteps(value, faults);
  if (faults.length > 0) return { ok: false, faults };
  const clients = clientsOf(steps).length;
  if (clients === 0) return wrong(`asks nothing of the store; ${STEP_FORM}`);
  if (clients > MOST_CLIENTS) return wrong(`has ${String(clients)} clients; allowed: at most ${String(MOST_CLIENTS)}`);
  const count = stepCount(steps);
  if (count > MOST_STEPS)
    return wrong(
      `makes ${String(count)} steps once repetitions are written out; allowed: at most ${String(MOST_STEPS)}`,
    );
  return { ok: true, value: { name: "", steps } satisfies Script };
}

function readyScript(name: string): Checked {
  const ready = READY_SCRIPTS.get(name);
  if (ready === undefined) {
    const near = nearest(name, READY_SCRIPTS.keys());
    const known = [...READY_SCRIPTS.keys()].join(", ");
    const hint = near === undefined ? `ready scripts: ${known}; ${STEP_FORM}, in a list` : `did you mean "${near}"?`;
    return wrong(`is ${printWritten(name)}; ${hint}`, near);
  }
  const steps = readSteps(ready.steps as readonly Written[], []);
  return { ok: true, value: { name, steps } satisfies Script };
}

function readSteps(list: readonly Written[], faults: Fault[]): ScriptStep[] {
  return list.flatMap((written, i) => {
    const found: Fault[] = [];
    const step = isMap(written) ? readRepeat(written, found) : readStep(written, found);
    faults.push(...below(i, found));
    return step ?? [];
  });
}

function readStep(written: Written, faults: Fault[]): ScriptStep | undefined {
  const words = typeof written === "string" ? written.trim().split(/\s+/) : [];
  const refuse = (message: string, suggestion?: string): undefined => {
    const fault: Fault = { path: [], about: "value", message: `is ${printWritten(written)}; ${message}` };
    faults.push(suggestion === undefined ? fault : { ...fault, suggestion });
  };
  if (words.length === 2 && words[0] === "wait") {
    const checked = checkScalar({ kind: "duration", minMs: 0, maxMs: LONGEST_WAIT_MS }, words[1]);
    if (checked.ok) return { kind: "wait", ms: checked.value as number };
    return refuse("a wait is at most an hour and has a unit, such as wait 200ms");
  }
  if (words.length !== 3) return refuse(STEP_FORM);
  const [client, typed, key] = words;
  const verb = VERBS.find((known) => known === typed);
  if (verb === undefined) {
    const near = nearest(typed, VERBS);
    return refuse(
      `there is no verb "${typed}"; ${near === undefined ? "" : `did you mean "${near}"? `}Verbs: ${VERBS.join(", ")}`,
      near === undefined ? undefined : `${client} ${near} ${key}`,
    );
  }
  if (!CLIENT.test(client))
    return refuse(`"${client}" is no name for a client; allowed: up to 32 letters, digits, - and _`);
  if (key.length > LONGEST_KEY) return refuse(`a key has at most ${String(LONGEST_KEY)} characters`);
  return { kind: "ask", client, verb, key };
}

function readRepeat(written: ReadonlyMap<string, Written>, faults: Fault[]): ScriptStep | undefined {
  const before = faults.length;
  for (const key of written.keys())
    if (key !== "repeat" && key !== "steps") faults.push(superfluous(key, "a repetition", ["repeat", "steps"]));
  for (const key of ["repeat", "steps"])
    if (!written.has(key)) faults.push({ path: [], about: "value", message: `lacks ${key}; ${STEP_FORM}` });
  const times = written.get("repeat");
  if (times !== undefined) {
    const checked = checkScalar({ kind: "integer", min: 1, max: MOST_STEPS }, times);
    if (!checked.ok) faults.push(...below("repeat", checked.faults));
  }
  const list = written.get("steps");
  let steps: readonly ScriptStep[] = [];
  if (list !== undefined) {
    const found: Fault[] = [];
    if (!isList(list) || list.length === 0)
      found.push({ path: [], about: "value", message: `is ${printWritten(list)}; it is a list of at least one step` });
    else steps = readSteps(list, found);
    faults.push(...below("steps", found));
  }
  return faults.length > before ? undefined : { kind: "repeat", times: times as number, steps };
}

/** Steps once repetitions are written out, waits included. */
export function stepCount(steps: readonly ScriptStep[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === "repeat" ? step.times * stepCount(step.steps) : 1), 0);
}

/** The clients in the order in which they first come up: a client's place is its number. */
export function clientsOf(steps: readonly ScriptStep[]): readonly string[] {
  const names = new Set<string>();
  const walk = (list: readonly ScriptStep[]): void => {
    for (const step of list) {
      if (step.kind === "ask") names.add(step.client);
      else if (step.kind === "repeat") walk(step.steps);
    }
  };
  walk(steps);
  return [...names];
}

/** On one line: `50 times (a put x, a get x), a put x`. */
export function describeScript(steps: readonly ScriptStep[]): string {
  return steps
    .map((step) => {
      switch (step.kind) {
        case "ask":
          return `${step.client} ${step.verb} ${step.key}`;
        case "wait":
          return `wait ${String(step.ms)}ms`;
        case "repeat":
          return `${String(step.times)} times (${describeScript(step.steps)})`;
      }
    })
    .join(", ");
}

/** How often each verb is carried out. */
export function verbCounts(steps: readonly ScriptStep[]): Readonly<Record<ScriptVerb, number>> {
  const counts: Record<ScriptVerb, number> = { put: 0, get: 0, delete: 0, "blind-put": 0, "blind-delete": 0 };
  const walk = (list: readonly ScriptStep[], times: number): void => {
    for (const step of list) {
      if (step.kind === "ask") counts[step.verb] += times;
      else if (step.kind === "repeat") walk(step.steps, times * step.times);
    }
  };
  walk(steps, 1);
  return counts;
}
