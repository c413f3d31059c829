/**
 * Who decides when the next operation is sent, as settings: the model, its rate and how that changes over a run. A key of
 * another model or of other arrivals is a mistake where one is named, as it would have no effect in silence; in a sweep
 * over models or arrivals it is what the other cells need.
 */
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type { WrittenStep } from "../../engine/vocabulary/written-rates";
import type { ArrivalsName } from "../../workloads/pacing";
import type { ArrivalSettings, WorkloadSettings } from "../../workloads/settings";
import type { Problems } from "./problems";
import type { Values } from "./values";

type Load = WorkloadSettings["load"];

/** What a YCSB file says, where the experiment does not. */
export interface LoadOfContent {
  readonly threads: number | undefined;
  readonly targetPerSecond: number | undefined;
}

const OF_ARRIVALS = ["bursts", "diurnal", "ramp", "steps", "spike"] as const;
const PARTS = {
  bursts: ["workload.bursts.on", "workload.bursts.off", "workload.bursts.lull"],
  diurnal: ["workload.diurnal.period", "workload.diurnal.trough"],
  ramp: ["workload.ramp.from", "workload.ramp.over"],
  steps: ["workload.steps"],
  spike: ["workload.spike.at", "workload.spike.for", "workload.spike.factor"],
} as const;
const KEYS = [
  "model",
  "rate",
  "clients",
  "think",
  "arrivals",
  "session.requests",
  "load_processes",
  ...Object.values(PARTS).flatMap((keys) => keys.map((key) => key.slice("workload.".length))),
].map((key) => `workload.${key}`);

/** Undefined when something was wrong. */
export function resolveLoad(values: Values, content: LoadOfContent | undefined, problems: Problems): Load | undefined {
  if (!values.sound(...KEYS)) return undefined;
  const clients = values.given("workload.clients")
    ? values.number("workload.clients")
    : (content?.threads ?? values.number("workload.clients"));
  const model = values.text("workload.model") as Load["model"];
  const sweptModel = values.place("workload.model").origin === "axis";
  const misplaced = (key: string, why: string): void => {
    if (values.given(key) && !sweptModel) problems.error(values.place(key), why);
  };
  const think = values.get("workload.think") as DistributionSettings | undefined;
  if (model !== "partly-open")
    misplaced(
      "workload.session.requests",
      `workload.session.requests belongs to model partly-open, and the model is ${model}`,
    );
  if (model === "closed") {
    const fix = "set workload.model: open, or leave it out and set workload.clients";
    const rate = values.get("workload.rate");
    if (rate !== undefined && !sweptModel) {
      const why = `workload.rate belongs to models open and partly-open, and the model is closed; ${fix}`;
      problems.error(values.place("workload.rate"), why);
      return undefined;
    }
    if (values.given("workload.arrivals"))
      misplaced("workload.arrivals", `workload.arrivals belongs to model open, and the model is closed; ${fix}`);
    else checkParts(values, sweptModel, problems);
    return { model, clients, think, targetPerSecond: content?.targetPerSecond };
  }
  const arrivals = arrivalsOf(values, model, problems);
  if (arrivals === undefined) return undefined;
  if (model === "open") {
    misplaced("workload.think", "workload.think belongs to model closed; an open workload sends when its rate says so");
    return { model, clients, ...arrivals };
  }
  return { model, clients, requestsPerSession: values.number("workload.session.requests"), think, ...arrivals };
}

/** Undefined when something was wrong. */
function arrivalsOf(values: Values, model: Load["model"], problems: Problems): ArrivalSettings | undefined {
  const arrivals = values.text("workload.arrivals") as ArrivalsName;
  const rate = values.get("workload.rate") as number | undefined;
  let sound = true;
  const wrong = (key: string, message: string): void => {
    problems.error(values.place(key), message);
    sound = false;
  };
  checkParts(values, values.place("workload.arrivals").origin === "axis", problems);
  if (arrivals === "trace" && values.text("workload.mix_name") !== "trace")
    wrong(
      "workload.arrivals",
      "workload.arrivals is trace, which belongs to mix_name trace; such a workload brings its own instants",
    );
  const shape = shapeOf(values, arrivals);
  if (arrivals === "steps") {
    if (shape.steps === undefined)
      wrong(
        "workload.arrivals",
        "workload.arrivals is steps, which needs workload.steps, such as steps: [{at: 0s, rate: 100/s}, {at: 20s, rate: 200/s}]",
      );
    else if (rate !== undefined && values.place("workload.arrivals").origin !== "axis")
      wrong("workload.rate", "workload.rate has no place beside workload.steps, which says all rates");
  }
  const stepped = arrivals === "steps" ? shape.steps?.[0].ratePerSecond : undefined;
  const perSecond = stepped ?? rate;
  if (perSecond === undefined && arrivals !== "steps")
    wrong("workload.model", `workload.model is ${model}, which needs workload.rate, such as rate: 500/s`);
  if (!sound || perSecond === undefined) return undefined;
  return { ratePerSecond: perSecond, arrivals, ...shape };
}

/** Parts that belong to other arrivals than the chosen ones. */
function checkParts(values: Values, swept: boolean, problems: Problems): void {
  if (swept) return;
  const chosen = values.text("workload.arrivals");
  for (const name of OF_ARRIVALS) {
    if (name === chosen) continue;
    for (const key of PARTS[name])
      if (values.given(key))
        problems.error(
          values.place(key),
          `${key} belongs to arrivals ${name}, and workload.arrivals is ${chosen}; set workload.arrivals: ${name}, or leave it out`,
        );
  }
}

function shapeOf(values: Values, arrivals: ArrivalsName): Omit<ArrivalSettings, "ratePerSecond" | "arrivals"> {
  const number = (key: string): number => values.number(`workload.${key}`);
  switch (arrivals) {
    case "constant":
    case "poisson":
    case "trace":
      return {};
    case "bursts":
      return { bursts: { onMs: number("bursts.on"), offMs: number("bursts.off"), lull: number("bursts.lull") } };
    case "diurnal":
      return { diurnal: { periodMs: number("diurnal.period"), trough: number("diurnal.trough") } };
    case "ramp":
      return { ramp: { fromPerSecond: number("ramp.from"), overMs: number("ramp.over") } };
    case "spike":
      return { spike: { atMs: number("spike.at"), forMs: number("spike.for"), factor: number("spike.factor") } };
    case "steps": {
      const steps = values.get("workload.steps") as readonly WrittenStep[] | undefined;
      return steps === undefined ? {} : { steps };
    }
  }
}
