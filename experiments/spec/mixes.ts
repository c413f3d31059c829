/**
 * The mixes of `workload.mix_name` other than YCSB's, as settings; here a script, carts and counters. A key of another mix
 * is a mistake where one mix is named, as it would have no effect in silence; in a sweep over mixes it is what the other
 * cells need. What is legal but empties a script of its meaning is a warning.
 */
import { clientsOf, stepCount, verbCounts, type Script } from "../../engine/vocabulary/written-scripts";
import { ratePerSecondOf } from "../../workloads/pacing";
import { MAX_SESSIONS } from "../../workloads/session";
import type { CartSettings, CounterSettings, MixtureSettings, WorkloadSettings } from "../../workloads/settings";
import type { PhaseSettings } from "./experiment";
import { deleteHeavyOf, objectIndexOf, timeOrderedOf } from "./key-mixes";
import { nodeAt, placeOf } from "./located";
import { NOTHING, recordsOf, type Mixture } from "./mixture";
import { checkTrace, traceOf } from "./operation-trace";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Mixes whose operations come as `workload.model` says; a script and a trace take their own time. */
const LOADED = ["ycsb", "cart", "counters", "time-ordered", "delete-heavy", "object-index"];

const SIZED = ["ycsb", "time-ordered", "delete-heavy", "object-index"];
const CHOOSING = ["ycsb", "time-ordered", "object-index"];

/** Keys and groups by the mixes they belong to. */
const BELONG: readonly (readonly [key: string, mixes: readonly string[]])[] = [
  ["workload.ycsb", ["ycsb"]],
  ["workload.properties", ["ycsb"]],
  ["workload.mix", ["ycsb"]],
  ["workload.fan_out", ["ycsb"]],
  ["workload.keys.count", ["ycsb"]],
  ["workload.keys.popularity", CHOOSING],
  ["workload.value_size", SIZED],
  ["workload.model", LOADED],
  ["workload.rate", LOADED],
  ["workload.arrivals", LOADED],
  ["workload.bursts", LOADED],
  ["workload.diurnal", LOADED],
  ["workload.ramp", LOADED],
  ["workload.steps", LOADED],
  ["workload.spike", LOADED],
  ["workload.clients", LOADED],
  ["workload.preload", [...LOADED, "trace"]],
  ["workload.max_outstanding", [...LOADED, "trace"]],
  ["workload.script", ["scripted"]],
  ["workload.cart", ["cart"]],
  ["workload.counters", ["counters"]],
  ["workload.resolver", ["cart", "counters"]],
  ["workload.time_ordered", ["time-ordered"]],
  ["workload.delete_heavy", ["delete-heavy"]],
  ["workload.object_index", ["object-index"]],
  ["workload.trace", ["trace"]],
  ["workload.trace_speed", ["trace"]],
];

const OWN_TIME: ReadonlyMap<string, string> = new Map([
  ["scripted", "a script names its clients and takes its own time"],
  ["trace", "a trace says who asks for what and when"],
]);

/** Tells of every key that belongs to another mix. */
export function checkBelonging(values: Values, problems: Problems): void {
  if (!values.sound("workload.mix_name") || values.place("workload.mix_name").origin === "axis") return;
  const chosen = values.text("workload.mix_name");
  for (const [key, mixes] of BELONG) {
    const path = key.split(".");
    if (mixes.includes(chosen) || nodeAt(values.tree, path) === undefined) continue;
    if (chosen === "trace" && key === "workload.arrivals" && values.text(key) === "trace") continue;
    const ownTime = mixes.length > 2 ? OWN_TIME.get(chosen) : undefined;
    problems.error(
      placeOf(values.tree, path, "key"),
      ownTime === undefined || mixes === SIZED || mixes === CHOOSING
        ? `${key} belongs to mix_name ${listed(mixes)}, and workload.mix_name is ${chosen}`
        : `${key} has no place beside mix_name ${chosen}: ${ownTime}`,
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`;
}

/** The mix called by `workload.mix_name`, which is not YCSB's; undefined when something in it is wrong. */
export function resolveMixture(values: Values, experimentPath: string, problems: Problems): Mixture | undefined {
  switch (values.text("workload.mix_name") as MixtureSettings["name"]) {
    case "scripted":
      return scriptOf(values, problems);
    case "cart":
      return cartOf(values, problems);
    case "counters":
      return countersOf(values, problems);
    case "time-ordered":
      return timeOrderedOf(values, problems);
    case "delete-heavy":
      return deleteHeavyOf(values);
    case "object-index":
      return objectIndexOf(values, problems);
    case "trace":
      return traceOf(values, experimentPath, problems);
  }
}

function scriptOf(values: Values, problems: Problems): Mixture | undefined {
  if (!values.sound("workload.script")) return undefined;
  const script = values.get("workload.script") as Script | undefined;
  if (script === undefined) {
    problems.error(
      values.place("workload.mix_name"),
      "workload.mix_name is scripted, which needs workload.script, such as script: explosion-1 or script: [a put x, b get x]",
    );
    return undefined;
  }
  const counts = verbCounts(script.steps);
  return {
    name: script.name === "" ? "script" : `script ${script.name}`,
    mixture: { name: "scripted", steps: script.steps },
    mix: {
      ...NOTHING,
      read: counts.get,
      update: counts.put,
      delete: counts.delete + counts["blind-delete"],
      blindWrite: counts["blind-put"],
    },
    records: recordsOf(1),
  };
}

/** The load of a script: all its clients, one operation at a time. */
export function loadOfScript(
  values: Values,
  mixture: MixtureSettings & { name: "scripted" },
): WorkloadSettings["load"] {
  const think = values.get("workload.think") as Extract<WorkloadSettings["load"], { model: "closed" }>["think"];
  const clients = clientsOf(mixture.steps).length;
  return { model: "closed", clients, oneAtATime: true, think, targetPerSecond: undefined };
}

const CART_KEYS = ["carts", "items", "remove", "view", "robots", "robot_share", "checkout"].map(
  (name) => `workload.cart.${name}`,
);

function cartOf(values: Values, problems: Problems): Mixture | undefined {
  const resolver = resolverOf(values, "union", problems);
  if (!values.sound(...CART_KEYS, "workload.clients", "workload.model") || resolver === undefined) return undefined;
  const robots = values.number("workload.cart.robots");
  const clients = values.number("workload.clients");
  let sound = true;
  if (robots >= clients) {
    const at = values.place(values.given("workload.cart.robots") ? "workload.cart.robots" : "workload.clients");
    problems.error(
      at,
      `workload.cart.robots is ${robots} of ${clients} clients; allowed: fewer than workload.clients, one of whom is a shopper`,
    );
    sound = false;
  }
  if (values.given("workload.cart.robot_share")) {
    const at = values.place("workload.cart.robot_share");
    const share = values.number("workload.cart.robot_share");
    if (values.text("workload.model") !== "open") {
      problems.error(
        at,
        "workload.cart.robot_share belongs to model open; in a closed load everybody keeps his own pace",
      );
      sound = false;
    } else if (robots === 0 && share > 0 && values.place("workload.cart.robots").origin !== "axis") {
      problems.error(at, "workload.cart.robot_share is above 0, and workload.cart.robots is 0; say how many they are");
      sound = false;
    }
  }
  if (!sound) return undefined;
  const carts = values.number("workload.cart.carts");
  const view = values.number("workload.cart.view");
  const share = values.given("workload.cart.robot_share")
    ? values.number("workload.cart.robot_share")
    : robots / clients;
  const robotShare = robots === 0 ? 0 : share;
  const looks = view * (1 - robotShare);
  return {
    name: "cart",
    mixture: {
      name: "cart",
      carts,
      items: values.number("workload.cart.items"),
      remove: values.number("workload.cart.remove"),
      view,
      robots,
      robotShare,
      checkout: values.number("workload.cart.checkout"),
      resolver: resolver as CartSettings["resolver"],
    },
    mix: { ...NOTHING, read: looks, rmw: 1 - looks },
    records: recordsOf(carts),
  };
}

function countersOf(values: Values, problems: Problems): Mixture | undefined {
  const resolver = resolverOf(values, "counter", problems);
  if (!values.sound("workload.counters.counters", "workload.counters.view") || resolver === undefined) return undefined;
  const counters = values.number("workload.counters.counters");
  const view = values.number("workload.counters.view");
  return {
    name: "counters",
    mixture: { name: "counters", counters, view, resolver: resolver as CounterSettings["resolver"] },
    mix: { ...NOTHING, read: view, rmw: 1 - view },
    records: recordsOf(counters),
  };
}

function resolverOf(values: Values, own: string, problems: Problems): string | undefined {
  if (!values.sound("workload.resolver")) return undefined;
  const resolver = values.given("workload.resolver") ? values.text("workload.resolver") : own;
  if ([own, "newest", "none"].includes(resolver)) return resolver;
  const mix = values.text("workload.mix_name");
  problems.error(
    values.place("workload.resolver"),
    `workload.resolver is ${resolver}, which cannot merge ${mix === "cart" ? "a cart" : "a counter"}; allowed: ${own}, newest, none`,
    own,
  );
  return undefined;
}

/** What is legal and weak, and what would run out of session numbers. */
export function checkMixture(
  values: Values,
  workload: WorkloadSettings,
  phases: PhaseSettings | undefined,
  warn: Warn,
  problems: Problems,
): void {
  const { mixture, context } = workload;
  checkTrace(values, workload, phases, warn, problems);
  if (mixture?.name === "scripted") {
    const script = values.get("workload.script") as Script;
    const at = values.place(values.given("workload.context") ? "workload.context" : "workload.script");
    if (context === "none" && verbCounts(mixture.steps).put > 0)
      warn(at, "workload.context is none, so that every put of the script is a blind one");
    else if (context === "read-first" && verbCounts(mixture.steps).put > 0)
      warn(at, "workload.context is read-first, so that a get of its own comes before every put of the script");
    else if (script.name === "lost-update" && context !== "session")
      warn(
        at,
        `script lost-update needs workload.context: session, and it is ${context}: its last put carries nothing`,
      );
  }
  if (phases !== undefined) checkLifetime(values, workload, phases, problems);
}

function checkLifetime(values: Values, workload: WorkloadSettings, phases: PhaseSettings, problems: Problems): void {
  const { clientLifetime: lifetime, load, mixture } = workload;
  if (lifetime === undefined) return;
  const rate = ratePerSecondOf(load);
  const operations =
    mixture?.name === "scripted"
      ? stepCount(mixture.steps)
      : rate === undefined
        ? 0
        : (rate * (phases.warmupMs + phases.measureMs)) / 1_000;
  const sessions = load.clients + Math.ceil(operations / lifetime);
  if (sessions <= MOST_IDENTITIES) return;
  const least = Math.ceil(operations / (MOST_IDENTITIES - load.clients));
  problems.error(
    values.place("workload.client_lifetime"),
    `workload.client_lifetime of ${lifetime} operations makes about ${sessions} sessions in this trial; allowed: ${MOST_IDENTITIES}, so at least ${least} operations at this rate`,
  );
}

/** Some numbers are for the sessions of the load phase. */
const MOST_IDENTITIES = MAX_SESSIONS - 1_024;
