/**
 * All tunables: the rows, and how to find one. The rows stand by subject in `rows/`; this is the one list that parsing,
 * `explain`, the reference, the editor schema and chart labels read. Adding a tunable is adding a row there and the
 * field it fills in the settings.
 */
import { CLUSTER_ROWS } from "./rows/cluster";
import { DETECTOR_ROWS } from "./rows/detectors";
import { ENGINE_ROWS } from "./rows/engine";
import { LOAD_ROWS } from "./rows/load";
import { MEMBERSHIP_ROWS } from "./rows/membership";
import { NETWORK_ROWS } from "./rows/network";
import { NODE_MODEL_ROWS } from "./rows/node-model";
import { REPAIR_ROWS } from "./rows/repair";
import { WORKLOAD_ROWS } from "./rows/workload";
import type { Tunable } from "./tunable";

export type { ChartName, Scope, Tunable } from "./tunable";

export const TUNABLES: readonly Tunable[] = [
  ...CLUSTER_ROWS,
  ...NETWORK_ROWS,
  ...NODE_MODEL_ROWS,
  ...ENGINE_ROWS,
  ...DETECTOR_ROWS,
  ...REPAIR_ROWS,
  ...MEMBERSHIP_ROWS,
  ...LOAD_ROWS,
  ...WORKLOAD_ROWS,
];

const BY_KEY: ReadonlyMap<string, Tunable> = new Map(TUNABLES.map((row) => [row.key, row]));

/** The row of a full dotted key. */
export function tunable(key: string): Tunable | undefined {
  return BY_KEY.get(key);
}

/** Rows whose key is `prefix` or lies below it, in order. */
export function tunablesBelow(prefix: string): readonly Tunable[] {
  return TUNABLES.filter((row) => row.key === prefix || row.key.startsWith(`${prefix}.`));
}

const SYSTEMS = ["riak", "cassandra", "voldemort"] as const;

/** Rows that another store calls `name`, with the store. */
export function tunablesCalled(name: string): readonly { readonly row: Tunable; readonly system: string }[] {
  const wanted = plain(name);
  return TUNABLES.flatMap((row) =>
    SYSTEMS.filter((system) => namesIn(row.names[system] ?? "").some((called) => plain(called) === wanted)).map(
      (system) => ({
        row,
        system: `${system[0].toUpperCase()}${system.slice(1)}`,
      }),
    ),
  );
}

/**
 * What stands for `elsewhere` of a tunable is a name, or a list of names: `allow_mult, last_write_wins`. The list is one, too, and a
 * lone word of it is none: the `plan` of `riak-admin cluster join, plan, commit` is a command of ours.
 */
export function namesIn(called: string): readonly string[] {
  const parts = called.split(", ");
  return parts.length === 1 ? [called] : [called, ...parts.filter((part) => /[ _]/.test(part))];
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ .]/g, "");
}
