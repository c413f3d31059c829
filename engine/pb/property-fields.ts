/**
 * Bucket properties between Riak's names (`engine/riak/properties.ts` knows what they mean here and refuses what cannot be)
 * and the fields of a message. A message has fields for properties that this store has not: what a client merely says "no" to
 * by such a field is passed over, for clients write whole sets of them; whatever it wants to have is refused like any other.
 */
import type { RiakProperties, RiakValue } from "../riak/properties";
import type { QuorumValue } from "../vocabulary/settings";
import type { BucketPropertyFields, CommitHookFields, ModFunFields } from "./messages";
import { fieldOf, quorumOf } from "./quorum-words";

const QUORUMS = ["pr", "r", "w", "pw", "dw", "rw", "node_confirms"] as const;
const PLAIN = [
  "n_val",
  "allow_mult",
  "last_write_wins",
  "old_vclock",
  "young_vclock",
  "big_vclock",
  "small_vclock",
  "basic_quorum",
  "notfound_ok",
] as const;
const FUNCTIONS = ["chash_keyfun", "linkfun"] as const;
const HOOKS = ["precommit", "postcommit"] as const;
/** Not of this store: `false` is what they are. */
const NEVER = ["search", "consistent", "write_once", "aae_tree_exclude"] as const;
const FOREIGN = ["backend", "search_index", "datatype", "hll_precision"] as const;
/** By their numbers. */
const SYNC_WORDS = ["backend", "one", "all"] as const;
const REPLICATION_WORDS = [false, "realtime", "fullsync", true] as const;

/**
 * As a client is told them. `name` and `dvv_enabled` have no field; `sync_on_write` has one, which clients from before it take
 * for a broken message, and it is the same for all buckets here: left out.
 */
export function fieldsOf(properties: RiakProperties): BucketPropertyFields {
  const fields: Record<string, unknown> = {};
  for (const name of PLAIN) fields[name] = properties[name];
  for (const name of QUORUMS) fields[name] = fieldOf(properties[name] as QuorumValue);
  for (const name of FUNCTIONS) {
    const value = properties[name] as { readonly mod: string; readonly fun: string } | undefined;
    if (value !== undefined) fields[name] = { module: value.mod, function: value.fun };
  }
  // The lists are empty: what is said is that they are there.
  for (const name of HOOKS) fields[`has_${name}`] = properties[name] !== undefined;
  return fields;
}

/** What a client asks for, in Riak's names. */
export function propertiesIn(fields: BucketPropertyFields): Readonly<Record<string, unknown>> {
  const asked: Record<string, unknown> = {};
  const say = (name: string, value: unknown): void => {
    if (value !== undefined) asked[name] = value;
  };
  for (const name of PLAIN) say(name, fields[name]);
  for (const name of QUORUMS) say(name, quorumOf(fields[name]));
  for (const name of FUNCTIONS) say(name, functionIn(fields[name]));
  for (const name of HOOKS) {
    if (fields[`has_${name}`] === true) asked[name] = (fields[name] ?? []).map(hookIn);
  }
  for (const name of NEVER) if (fields[name] === true) asked[name] = true;
  for (const name of FOREIGN) say(name, fields[name]);
  if (fields.repl !== undefined && fields.repl !== 0) asked.repl = REPLICATION_WORDS[fields.repl] ?? fields.repl;
  if (fields.sync_on_write !== undefined)
    asked.sync_on_write = SYNC_WORDS[fields.sync_on_write] ?? fields.sync_on_write;
  return asked;
}

function functionIn(fields: ModFunFields | undefined): RiakValue | undefined {
  return fields === undefined ? undefined : { mod: fields.module, fun: fields.function };
}

function hookIn({ modfun, name }: CommitHookFields): unknown {
  return functionIn(modfun) ?? { name };
}
