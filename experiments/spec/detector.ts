/**
 * What a cell says of its failure detector. Each detector uses a few keys of `tunables.detector`; one that the chosen detector does
 * not use is told with the names of those that do, because `timeout` under a detector that has none looks like a setting and is
 * not one.
 */
import type { DetectorSettings } from "../../engine/vocabulary/settings";
import { detectorSettings, KEYS_OF_DETECTORS, SCALED_DETECTOR_KEYS } from "../../engine/vocabulary/written-detectors";
import type { Problems } from "./problems";
import { scaler } from "./repair";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

const full = (key: string): string => `tunables.detector.${key}`;

export function detectorOf(values: Values): DetectorSettings {
  const scaled = scaler(values);
  return detectorSettings(values.text(full("name")), (key) => {
    const value = values.get(full(key));
    return SCALED_DETECTOR_KEYS.includes(key) ? scaled(value as number | undefined) : value;
  });
}

export function checkDetector(values: Values, warn: Warn, problems: Problems): void {
  if (!values.sound(full("name"))) return;
  const name = values.text(full("name"));
  const used = KEYS_OF_DETECTORS.get(name) ?? [];
  // In a sweep over detectors it is what the other cells need.
  if (values.place(full("name")).origin !== "axis") tellOfUnused(values, name, used, warn);
  if (used.includes("heartbeat_interval") && used.includes("timeout")) {
    mustExceed(
      values,
      "timeout",
      "heartbeat_interval",
      "every node would be suspected between two heartbeats",
      problems,
    );
  }
  if (!used.includes("probe_interval")) return;
  mustExceed(
    values,
    "probe_interval",
    "probe_timeout",
    "nobody would ever be asked to try in a node's place",
    problems,
  );
  if (!values.sound(full("max_updates"), full("rumour_interval"), full("dissemination"))) return;
  const spreads = values.text(full("dissemination")) !== "infection" || values.number(full("max_updates")) > 0;
  if (!spreads) {
    warn(
      values.place(full("max_updates")),
      "detector.max_updates 0 with detector.dissemination infection: no node tells another whom it suspects, and no suspect can object",
    );
  }
}

function tellOfUnused(values: Values, name: string, used: readonly string[], warn: Warn): void {
  const all = new Set([...KEYS_OF_DETECTORS.values()].flat());
  for (const key of all) {
    if (used.includes(key) || !values.given(full(key)) || values.place(full(key)).origin === "axis") continue;
    const users = [...KEYS_OF_DETECTORS].filter(([, keys]) => keys.includes(key)).map(([user]) => user);
    warn(
      values.place(full(key)),
      `${full(key)} has no effect with tunables.detector.name ${name}; it belongs to ${users.join(", ")}`,
    );
  }
}

function mustExceed(values: Values, longer: string, shorter: string, otherwise: string, problems: Problems): void {
  if (!values.sound(full(longer), full(shorter))) return;
  const [long, short] = [values.number(full(longer)), values.number(full(shorter))];
  if (long > short) return;
  const key = values.given(full(longer)) ? longer : shorter;
  problems.error(
    values.place(full(key)),
    `detector.${longer} (${long} ms) does not exceed detector.${shorter} (${short} ms): ${otherwise}`,
  );
}
