/**
 * What a cell says of stand-ins, hints, anti-entropy and the memory of deletes, as settings of the engine. All long times of
 * maintenance are divided by `time_scale` here and nowhere else: the engine knows only the times that it keeps.
 */
import type { AaeSettings, EngineSettings, HintSettings, StandIn } from "../../engine/vocabulary/settings";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

type RepairSettings = Pick<
  EngineSettings,
  "sloppyQuorum" | "standIn" | "hint" | "aae" | "backgroundP99Ms" | "graceMs" | "deleteMode"
>;

/** Settings without an effect are left out, so that a trial is addressed by what matters. */
export function repairOf(values: Values): RepairSettings {
  const scaled = scaler(values);
  const standIn = values.text("tunables.stand_in");
  const sloppy = values.get("tunables.sloppy_quorum") === true;
  const deleteMode = values.get("tunables.delete_mode") as NonNullable<EngineSettings["deleteMode"]>;
  const aae = values.get("tunables.aae") as AaeSettings | undefined;
  const graceMs = scaled(values.get("tunables.grace") as number | undefined);
  const backgroundP99Ms = values.get("tunables.background_p99") as number | undefined;
  const keepsHints = standIn !== "none" && (standIn !== "fallback" || sloppy);
  return {
    ...(keepsHints ? { sloppyQuorum: sloppy, standIn: standIn as StandIn, hint: hintOf(values) } : {}),
    ...(aae === undefined
      ? {}
      : {
          aae: {
            ...aae,
            intervalMs: scaled(aae.intervalMs),
            ...(aae.rebuildMs === undefined ? {} : { rebuildMs: scaled(aae.rebuildMs) }),
          },
        }),
    ...(backgroundP99Ms === undefined ? {} : { backgroundP99Ms }),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(deleteMode === "keep"
      ? {}
      : { deleteMode: typeof deleteMode === "string" ? deleteMode : { afterMs: scaled(deleteMode.afterMs) } }),
  };
}

function hintOf(values: Values): HintSettings {
  const scaled = scaler(values);
  const windowMs = scaled(values.get("tunables.hint_window") as number | undefined);
  const expiryMs = scaled(values.get("tunables.hint_expiry") as number | undefined);
  const rate = values.get("tunables.hint_rate") as number | undefined;
  return {
    ...(windowMs === undefined ? {} : { windowMs }),
    ...(rate === undefined ? {} : { rateBytesPerSecond: rate }),
    batch: values.number("tunables.hint_batch"),
    idleMs: scaled(values.number("tunables.hint_idle")),
    concurrency: values.number("tunables.hint_concurrency"),
    ...(expiryMs === undefined ? {} : { expiryMs }),
  };
}

/** Divides long times by `time_scale`. */
export function scaler(values: Values): <T extends number | undefined>(ms: T) => T {
  const factor = values.number("time_scale");
  // Whole microseconds, so that a scaled time is the same number everywhere; never so short that it is none.
  return ((ms: number | undefined) =>
    ms === undefined || ms === 0 ? ms : Math.max(1, Math.round((ms * 1_000) / factor)) / 1_000) as ReturnType<
    typeof scaler
  >;
}

const HINT_KEYS = ["window", "rate", "batch", "idle", "concurrency", "expiry"].map((name) => `tunables.hint_${name}`);

/** Settings that say nothing where they stand, and those that let deletes come back. */
export function checkRepair(values: Values, warn: Warn): void {
  if (
    !values.sound("tunables.stand_in", "tunables.sloppy_quorum", "tunables.grace", "tunables.hint_expiry", "time_scale")
  )
    return;
  const standIn = values.text("tunables.stand_in");
  const sloppy = values.get("tunables.sloppy_quorum") === true;
  const idle = (key: string, because: string): void => {
    if (values.given(key)) warn(values.place(key), `${key} has no effect: ${because}`);
  };
  if (standIn === "fallback" && !sloppy)
    idle("tunables.stand_in", "with tunables.sloppy_quorum false no fallback is asked");
  if (standIn === "none" && sloppy) idle("tunables.sloppy_quorum", "tunables.stand_in is none, nobody stands in");
  if (standIn === "none" || (standIn === "fallback" && !sloppy))
    for (const key of HINT_KEYS) {
      if (!values.given(key)) continue;
      const where = standIn === "none" ? "tunables.stand_in is none" : "quorums are strict and fallbacks never asked";
      warn(values.place(key), `${key} has no effect in cells where ${where}: no hints are kept there`);
    }
  const graceMs = values.get("tunables.grace") as number | undefined;
  const expiryMs = values.get("tunables.hint_expiry") as number | undefined;
  if (graceMs !== undefined && standIn !== "none" && (expiryMs === undefined || expiryMs > graceMs)) {
    warn(
      values.place("tunables.grace"),
      "hints may outlive the tombstones (tunables.grace is below tunables.hint_expiry): a late hint can bring a deleted key back",
    );
  }
}
