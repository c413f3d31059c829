/**
 * When a read that was sent to few replicas asks one more, as a person writes it: never, at the 99th percentile, after a
 * fixed time, or at once. Cassandra's spellings are understood by name and answered with ours, because `99p` and `99ms`
 * are one letter apart.
 */
import { checkScalar, printWritten, wrong, type Checked, type Written } from "./scalar-kinds";
import { nearest } from "./nearest";

export const SPECULATIVE_RETRY_TEXT = "none, p99, always, or a duration from 0.1 ms to 1 min such as 10ms";

const WORDS = ["none", "p99", "always"] as const;
const CASSANDRAS: ReadonlyMap<string, (typeof WORDS)[number]> = new Map([
  ["NEVER", "none"],
  ["99PERCENTILE", "p99"],
  ["99P", "p99"],
  ["99.0PERCENTILE", "p99"],
  ["ALWAYS", "always"],
]);

/** `EngineSettings["speculativeRetry"]`. */
export function checkSpeculativeRetry(value: Written): Checked {
  if (value === "none") return { ok: true, value: undefined };
  if (value === "p99" || value === "always") return { ok: true, value };
  const checked = checkScalar({ kind: "duration", minMs: 0.1, maxMs: 60_000 }, value);
  if (checked.ok) return { ok: true, value: { afterMs: checked.value } };
  const near = typeof value === "string" ? (CASSANDRAS.get(value.toUpperCase()) ?? nearest(value, WORDS)) : undefined;
  const hint = near === undefined ? "" : `did you mean "${near}"? `;
  return wrong(`is ${printWritten(value)}; ${hint}allowed: ${SPECULATIVE_RETRY_TEXT}`, near);
}
