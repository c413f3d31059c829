/**
 * Rates that change in steps, as a person writes them: `[{at: 0s, rate: 100/s}, {at: 20s, rate: 200/s}]`. Steps come in
 * order of time and begin at the beginning, so that nothing has to be guessed about what holds before the first.
 */
import { checkScalar, isList, isMap, printWritten, type Checked, type Fault, type Written } from "./scalar-kinds";

export const RATE_STEPS_TEXT =
  "a list of up to 200 steps in order of time, the first at 0s, such as [{at: 0s, rate: 100/s}, {at: 20s, rate: 200/s}]";

export interface WrittenStep {
  readonly atMs: number;
  readonly ratePerSecond: number;
}

export function checkRateSteps(value: Written): Checked {
  const whole = (message: string): Checked => ({ ok: false, faults: [{ path: [], about: "value", message }] });
  if (!isList(value) || value.length === 0 || value.length > MOST_STEPS)
    return whole(`is ${printWritten(value)}; allowed: ${RATE_STEPS_TEXT}`);
  const faults: Fault[] = [];
  const steps: WrittenStep[] = [];
  value.forEach((written, i) => {
    if (!isMap(written)) {
      faults.push({
        path: [i],
        about: "value",
        message: `is ${printWritten(written)}; allowed: {at: 0s, rate: 100/s}`,
      });
      return;
    }
    for (const key of written.keys())
      if (key !== "at" && key !== "rate")
        faults.push({ path: [i, key], about: "key", message: "is unknown here; a step has at and rate" });
    const read = (key: string, kind: Parameters<typeof checkScalar>[0]): number | undefined => {
      const part = written.get(key);
      if (part === undefined) {
        faults.push({ path: [i], about: "value", message: `lacks ${key}` });
        return undefined;
      }
      const checked = checkScalar(kind, part);
      if (checked.ok) return checked.value as number;
      faults.push(...checked.faults.map((fault) => ({ ...fault, path: [i, key, ...fault.path] })));
      return undefined;
    };
    const atMs = read("at", { kind: "duration", minMs: 0, maxMs: 86_400_000 });
    const ratePerSecond = read("rate", { kind: "rate", min: 0.01, max: 1_000_000 });
    if (atMs === undefined || ratePerSecond === undefined) return;
    const before = steps[steps.length - 1] as WrittenStep | undefined;
    if (i === 0 && atMs !== 0)
      faults.push({ path: [i, "at"], about: "value", message: "of the first step must be 0s, where the load begins" });
    else if (before !== undefined && atMs <= before.atMs)
      faults.push({ path: [i, "at"], about: "value", message: "is not after the step before it" });
    steps.push({ atMs, ratePerSecond });
  });
  return faults.length === 0 ? { ok: true, value: steps } : { ok: false, faults };
}

const MOST_STEPS = 200;
