/**
 * What a cell says of clients that coordinate (`workload.routing: client-driven`): what cannot be, because a client has no disk, is
 * gone tomorrow, and is no member; and what has no effect. Said here rather than done in silence: a tombstone that nobody will ever
 * remove, or a hint that was never kept, looks like any other result.
 */
import { clockFor } from "../../engine/clocks/clock";
import type { ClockSettings } from "../../engine/vocabulary/settings";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Whether events need no replica's name, so that a client that coordinates reads coordinates puts too. */
export function coordinatesPuts(values: Values): boolean {
  const clock = values.text("tunables.clock");
  const siblings = values.text("tunables.siblings") as NonNullable<ClockSettings["siblings"]>;
  return !clockFor({ clock, siblings }).mintsServerDots;
}

export function checkClientDriven(values: Values, warn: Warn, problems: Problems): void {
  if (!values.sound("workload.routing")) return;
  if (values.text("workload.routing") !== "client-driven") {
    if (values.given("workload.membership_poll") && values.text("workload.routing") !== "any")
      warn(
        values.place("workload.membership_poll"),
        `workload.membership_poll has no effect: workload.routing ${values.text("workload.routing")} needs no view of the membership of its own`,
      );
    return;
  }
  const at = values.place("workload.routing");
  if (["w", "a", "r", "s"].some((leg) => values.get(`network.wars.${leg}`) !== undefined))
    problems.error(
      at,
      "with workload.routing: client-driven the way between coordinator and replica is the client's; give network.client, not network.wars",
    );
  if (!values.sound("tunables.clock", "tunables.siblings")) return;
  const clock = values.text("tunables.clock");
  if (coordinatesPuts(values)) {
    if (values.sound("tunables.stand_in") && values.text("tunables.stand_in") === "coordinator-log")
      problems.error(
        at,
        `with workload.routing: client-driven and tunables.clock: ${clock} the client coordinates puts, and it has no disk for tunables.stand_in: coordinator-log; fallback and peer-slop leave hints with nodes`,
      );
    if (
      values.sound("tunables.membership", "tunables.delete_mode") &&
      values.text("tunables.membership") === "gossip" &&
      values.get("tunables.delete_mode") !== "keep"
    )
      problems.error(
        at,
        `with workload.routing: client-driven, tunables.clock: ${clock} and tunables.membership: gossip nobody who coordinates a delete knows whether copies are on the move, so tombstones cannot be removed by agreement; use tunables.delete_mode: keep`,
      );
  }
  if (coordinatesPuts(values) && clock !== "vv-client" && values.get("tunables.timestamps") !== "client") {
    for (const key of ["node_model.clock_skew", "node_model.clock_drift"]) {
      if (values.sound(key) && values.given(key))
        warn(
          values.place(key),
          `${key} makes no write's timestamp wrong: with workload.routing: client-driven and tunables.clock: ${clock} the client gives them, and its clock is right; for clients with clocks of their own use tunables.timestamps: client`,
        );
    }
  }
  if (values.get("tunables.background_p99") !== undefined)
    warn(
      values.place("tunables.background_p99"),
      "tunables.background_p99 has no effect: nodes do not coordinate the reads whose latency it looks at",
    );
}
