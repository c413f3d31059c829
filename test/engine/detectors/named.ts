/** Settings of a detector by its name: its rows' defaults, with changes; and all of them sped up to the pace of tests. */
import type { DetectorSettings } from "../../../engine/vocabulary/settings";
import { tunable } from "../../../engine/vocabulary/tunables";
import { checkValue } from "../../../engine/vocabulary/value-kinds";
import { detectorSettings } from "../../../engine/vocabulary/written-detectors";

/** Keys below `tunables.detector`, as an experiment would write them. */
export type Keys = Readonly<Record<string, string | number | boolean>>;

export function detectorNamedWith(name: string, keys: Keys = {}): DetectorSettings {
  return detectorSettings(name, (key) => {
    const row = tunable(`tunables.detector.${key}`)!;
    const checked = checkValue(row.kind, keys[key] ?? plain(row.default));
    if (!checked.ok) throw new Error(`${key} ${checked.faults[0].message}`);
    return checked.value;
  });
}

/** A number or a truth value where it looks like one. */
export function plain(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A second of these is a quarter of an hour with the defaults. */
export const QUICK: Keys = {
  heartbeat_interval: "50ms",
  timeout: "250ms",
  margin: "200ms",
  threshold: 4,
  min_deviation: "20ms",
  acceptable_pause: "100ms",
  first_interval: "50ms",
  max_interval: "200ms",
  pause_guard: "100ms",
  success_ratio: 0.8,
  min_failures: 3,
  ratio_interval: "2s",
  refusals: 2,
  slow: "500ms",
  failures: 2,
  retry_interval: "100ms",
  probe_interval: "50ms",
  probe_timeout: "20ms",
  suspicion_mult: 3,
  suspicion_max_mult: 3,
  rumour_interval: "10ms",
  reconnect_interval: "200ms",
  net_tick: "400ms",
};
