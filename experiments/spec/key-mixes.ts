/**
 * Time series, keys that come and go and the index of an object store, as settings. Shares are of all operations and leave
 * the rest to reads, so together they must not be more than all; what the driver has to remember is bounded here.
 */
import { aliveOf } from "../../workloads/mixes/delete-heavy";
import type { ChooserSettings, LengthSettings } from "../../workloads/settings";
import { NOTHING, recordsOf, type Mixture } from "./mixture";
import type { Problems } from "./problems";
import type { Values } from "./values";

/** Instants that the driver remembers of all series. */
const MOST_REMEMBERED = 20_000_000;
const SHARED_KEYS = ["workload.value_size", "workload.keys.popularity"];

export function timeOrderedOf(values: Values, problems: Problems): Mixture | undefined {
  const key = (name: string): string => `workload.time_ordered.${name}`;
  const names = ["series", "initial", "insert", "scan", "latest", "window", "keep"];
  if (!values.sound(...names.map(key), ...SHARED_KEYS)) return undefined;
  const number = (name: string): number => values.number(key(name));
  const insert = number("insert");
  const scan = number("scan");
  if (!leaveRoom(values, [key("insert"), key("scan")], problems)) return undefined;
  const keep = values.get(key("keep")) as number | undefined;
  const initial = number("initial");
  if (keep !== undefined && initial > keep) {
    const at = values.place(key(values.given(key("initial")) ? "initial" : "keep"));
    problems.error(
      at,
      `${key("initial")} is ${initial} and ${key("keep")} is ${keep}; no more points are loaded than are kept`,
    );
    return undefined;
  }
  const series = number("series");
  const remembered = series * Math.max(number("latest"), number("window"), initial, (keep ?? 0) + 1);
  if (remembered > MOST_REMEMBERED) {
    problems.error(
      values.place(key("series")),
      `${series} series of up to ${remembered / series} points that readers may want are ${remembered}; allowed: ${MOST_REMEMBERED} in all`,
    );
    return undefined;
  }
  return {
    name: "time-ordered",
    mixture: {
      name: "time-ordered",
      series,
      popularity: popularityOf(values),
      initial,
      insert,
      scan,
      latest: number("latest"),
      window: number("window"),
      ...(keep === undefined ? {} : { keep }),
    },
    mix: { ...NOTHING, insert, scan, read: rest(insert + scan), delete: keep === undefined ? 0 : insert },
    records: recordsOf(series * Math.max(1, initial), sizeOf(values), series * initial),
  };
}

export function deleteHeavyOf(values: Values): Mixture | undefined {
  const key = (name: string): string => `workload.delete_heavy.${name}`;
  const names = ["keys", "alive", "read", "read_gone"];
  if (!values.sound(...names.map(key), ...SHARED_KEYS)) return undefined;
  const [keys, alive, read, readGone] = names.map((name) => values.number(key(name)));
  return {
    name: "delete-heavy",
    mixture: { name: "delete-heavy", keys, alive, read, readGone },
    mix: { ...NOTHING, read, update: rest(read) / 2, delete: rest(read) / 2 },
    records: recordsOf(keys, sizeOf(values), aliveOf({ keys, alive })),
  };
}

export function objectIndexOf(values: Values, problems: Problems): Mixture | undefined {
  const key = (name: string): string => `workload.object_index.${name}`;
  const names = ["objects", "folders", "subfolders", "put", "delete", "list", "page", "delimiter"];
  if (!values.sound(...names.map(key), ...SHARED_KEYS)) return undefined;
  const number = (name: string): number => values.number(key(name));
  if (!leaveRoom(values, [key("put"), key("delete"), key("list")], problems)) return undefined;
  const objects = number("objects");
  const folders = number("folders");
  if (folders > objects) {
    const at = values.place(key(values.given(key("folders")) ? "folders" : "objects"));
    problems.error(at, `${key("folders")} is ${folders} for ${objects} objects; allowed: at most one folder an object`);
    return undefined;
  }
  const [put, remove, list] = ["put", "delete", "list"].map(number);
  return {
    name: "object-index",
    mixture: {
      name: "object-index",
      objects,
      folders,
      subfolders: number("subfolders"),
      popularity: popularityOf(values),
      put,
      remove,
      list,
      page: number("page"),
      delimiter: values.text(key("delimiter")) === "slash" ? "/" : "",
    },
    mix: { ...NOTHING, read: rest(put + remove + list), update: put, delete: remove, scan: list },
    records: recordsOf(objects, sizeOf(values)),
  };
}

/** Whether these shares are no more than all. */
function leaveRoom(values: Values, keys: readonly string[], problems: Problems): boolean {
  const sum = keys.reduce((total, key) => total + values.number(key), 0);
  if (sum <= 1 + 1e-9) return true;
  const said = keys.map((key) => `${key.slice(key.lastIndexOf(".") + 1)} ${percent(values.number(key))}`).join(", ");
  problems.error(
    values.place(keys.find((key) => values.given(key)) ?? keys[0]),
    `${keys[0].slice(0, keys[0].lastIndexOf("."))} has ${said}, together ${percent(sum)}; allowed: 100%, of which reads get the rest`,
  );
  return false;
}

function percent(share: number): string {
  return `${String(Number((100 * share).toFixed(4)))}%`;
}

/** Not below 0 for the sake of the last digit. */
function rest(share: number): number {
  return Math.max(0, Number((1 - share).toFixed(12)));
}

function sizeOf(values: Values): LengthSettings {
  return values.get("workload.value_size") as LengthSettings;
}

function popularityOf(values: Values): ChooserSettings {
  return values.get("workload.keys.popularity") as ChooserSettings;
}
