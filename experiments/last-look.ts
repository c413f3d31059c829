/**
 * What clients find when all is over, where nobody can look into replicas: every key that was written is read once more, as
 * strongly as the store can. An acknowledged write that such a read does not bring, and that no write had read, is gone for every
 * client, which is what a lost update is. It says nothing of replicas: whether they differ stays unknown.
 */
import type { Micros } from "../engine/vocabulary/micros";
import type { Snapshot, WriteId } from "../results/record/history";
import type { LoadSource } from "../workloads/driver-group";
import type { OtherStore } from "../workloads/targets/other-store";
import { MAX_FINAL_KEYS } from "./inspector";

const AT_ONCE = 64;
/** What is not read by then counts as not reached. */
const PATIENCE_MICROS = 60_000_000;

/** `signal` ends it early; keys not read yet count as not reached. */
export async function lastLook(
  store: OtherStore,
  { keysWritten }: Pick<LoadSource, "keysWritten">,
  now: () => Micros,
  signal: AbortSignal,
): Promise<Snapshot> {
  const at = now();
  const keys = [...keysWritten].slice(0, MAX_FINAL_KEYS);
  const found = new Map<string, readonly WriteId[] | "unreachable">();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < keys.length && !signal.aborted && now() - at < PATIENCE_MICROS) {
      const [key, { name }] = keys[next++];
      const { outcome, versions } = await new Promise<{ outcome: string; versions: readonly WriteId[] }>((resolve) =>
        store.readLast(name, resolve),
      );
      found.set(key, outcome === "ok" ? versions : "unreachable");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return {
    at,
    tookMicros: now() - at,
    final: true,
    by: "clients",
    population: keysWritten.size,
    keys: keys.map(([key]) => ({ key, busy: false, replicas: [found.get(key) ?? "unreachable"] })),
  };
}
