/**
 * From the rows of detectors to the settings of one: which detector uses which keys. A detector is given what it uses and nothing
 * else, so that a trial is addressed by what matters, and a key that the chosen detector does not use can be told to whoever wrote it.
 */
import type { DetectorSettings, SwimSettings } from "./settings";

const SWIM_KEYS = [
  "probe_interval",
  "probe_timeout",
  "probe_order",
  "probe_phase",
  "indirect_probes",
  "suspicion_mult",
  "scaling",
  "retransmit_mult",
  "max_updates",
  "dissemination",
  "rumour_interval",
  "rumour_peers",
  "reconnect_interval",
  "revival",
  "avoid_suspects",
];

/** Keys below `tunables.detector` that each detector reads, `name` left out. */
export const KEYS_OF_DETECTORS: ReadonlyMap<string, readonly string[]> = new Map([
  ["timeout", ["heartbeat_interval", "timeout"]],
  ["chen", ["heartbeat_interval", "timeout", "window", "margin"]],
  ["bertier", ["heartbeat_interval", "timeout", "window", "margin_mean", "margin_deviation", "margin_gain"]],
  ["phi-normal", ["heartbeat_interval", "timeout", "window", "threshold", "min_deviation", "acceptable_pause"]],
  ["phi-exponential", ["heartbeat_interval", "window", "threshold", "first_interval", "max_interval", "pause_guard"]],
  ["success-ratio", ["success_ratio", "min_failures", "ratio_interval", "refusals", "slow", "retry_interval"]],
  ["swim", SWIM_KEYS],
  ["lifeguard", [...SWIM_KEYS, "suspicion_max_mult", "confirmations", "max_health", "nack_at", "buddy"]],
  ["link", ["net_tick"]],
  ["local", ["failures", "retry_interval"]],
  ["perfect", []],
]);

/** Long times, which `time_scale` shortens. */
export const SCALED_DETECTOR_KEYS: readonly string[] = [
  "ratio_interval",
  "retry_interval",
  "reconnect_interval",
  "net_tick",
];

/** `value`: of a key below `tunables.detector`, in the engine's units. */
export function detectorSettings(name: string, value: (key: string) => unknown): DetectorSettings {
  const number = (key: string): number => value(key) as number;
  const optional = (key: string): number | undefined => value(key) as number | undefined;
  const common = { name, heartbeatIntervalMs: number("heartbeat_interval"), timeoutMs: number("timeout") };
  switch (name) {
    case "chen":
      return { ...common, chen: { window: number("window"), marginMs: number("margin") } };
    case "bertier":
      return {
        ...common,
        bertier: {
          window: number("window"),
          meanWeight: number("margin_mean"),
          deviationWeight: number("margin_deviation"),
          gain: number("margin_gain"),
        },
      };
    case "phi-normal":
      return {
        ...common,
        phiNormal: {
          window: number("window"),
          threshold: number("threshold"),
          minDeviationMs: number("min_deviation"),
          acceptablePauseMs: number("acceptable_pause"),
        },
      };
    case "phi-exponential": {
      const pauseGuardMs = optional("pause_guard");
      return {
        ...common,
        phiExponential: {
          window: number("window"),
          threshold: number("threshold"),
          firstIntervalMs: number("first_interval"),
          maxIntervalMs: number("max_interval"),
          ...(pauseGuardMs === undefined ? {} : { pauseGuardMs }),
        },
      };
    }
    case "success-ratio":
      return {
        ...common,
        successRatio: {
          ratio: number("success_ratio"),
          minFailures: number("min_failures"),
          intervalMs: number("ratio_interval"),
          refusals: number("refusals"),
          slowMs: number("slow"),
          retryMs: number("retry_interval"),
        },
      };
    case "swim":
      return { ...common, swim: swimOf(value) };
    case "lifeguard":
      return {
        ...common,
        swim: {
          ...swimOf(value),
          lifeguard: {
            maxHealth: number("max_health"),
            nackAt: number("nack_at"),
            suspicionMaxMult: number("suspicion_max_mult"),
            confirmations: number("confirmations"),
            buddy: value("buddy") === true,
          },
        },
      };
    case "link": {
      const netTickMs = optional("net_tick");
      return { ...common, link: netTickMs === undefined ? {} : { netTickMs } };
    }
    case "local":
      return { ...common, local: { failures: number("failures"), retryMs: number("retry_interval") } };
    default:
      return common;
  }
}

function swimOf(value: (key: string) => unknown): SwimSettings {
  const number = (key: string): number => value(key) as number;
  const rumourMs = value("rumour_interval") as number | undefined;
  const reconnectMs = value("reconnect_interval") as number | undefined;
  const dissemination = value("dissemination") as SwimSettings["dissemination"];
  return {
    probeIntervalMs: number("probe_interval"),
    probeTimeoutMs: number("probe_timeout"),
    probeOrder: value("probe_order") as SwimSettings["probeOrder"],
    probePhase: value("probe_phase") as SwimSettings["probePhase"],
    indirectProbes: number("indirect_probes"),
    suspicionMult: number("suspicion_mult"),
    scaling: value("scaling") as SwimSettings["scaling"],
    retransmitMult: number("retransmit_mult"),
    maxUpdates: number("max_updates"),
    dissemination,
    ...(rumourMs === undefined || dissemination !== "infection"
      ? {}
      : { rumours: { intervalMs: rumourMs, peers: number("rumour_peers") } }),
    ...(reconnectMs === undefined ? {} : { reconnectMs }),
    revival: value("revival") === true,
    avoidSuspects: value("avoid_suspects") === true,
  };
}
