/**
 * Settings of clocks that say nothing where they stand. A clock that knows no wall time takes no notice of whose it is, and
 * one without a vector of clients has nothing to prune: an experiment that varies such a thing compares a cell with itself.
 */
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Clocks whose events carry a wall time. */
const TIMESTAMPED: ReadonlySet<string> = new Set(["lww", "lww-hlc"]);
/** Clocks without a name for the replica that made an event. */
const WITHOUT_REPLICAS: ReadonlySet<string> = new Set(["lww", "lww-hlc", "vv-client"]);

/** Whether wall time decides anything in this cell. */
export function readsWallTime(values: Values): boolean {
  return (
    TIMESTAMPED.has(values.text("tunables.clock")) ||
    values.text("tunables.siblings") !== "keep" ||
    values.get("tunables.prune") !== undefined
  );
}

export function checkClocks(values: Values, warn: Warn): void {
  if (!values.sound("tunables.clock", "tunables.siblings", "tunables.prune")) return;
  const clock = values.text("tunables.clock");
  const idle = (key: string, because: string): void => {
    if (values.given(key)) warn(values.place(key), `${key} has no effect: ${because}`);
  };
  if (values.get("tunables.prune") !== undefined && clock !== "vv-client")
    idle("tunables.prune", `tunables.clock ${clock} has no entry for each client; vv-client has`);
  if (values.get("tunables.timestamps") === "client" && !readsWallTime(values))
    idle("tunables.timestamps", `tunables.clock ${clock} reads no wall time`);
  if (values.text("tunables.siblings") !== "keep" && TIMESTAMPED.has(clock))
    idle("tunables.siblings", `tunables.clock ${clock} keeps one version anyway`);
  if (values.get("tunables.actor_epochs") === false && WITHOUT_REPLICAS.has(clock))
    idle("tunables.actor_epochs", `tunables.clock ${clock} does not name replicas`);
}
