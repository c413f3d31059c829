/**
 * What a store of somebody else has beside being a target: it is there already, so a trial makes a room of its own in it
 * (a table, a keyspace, a prefix of keys, named for the run), and takes it away again. It tells its name and version itself:
 * what somebody believes to have started is often another version.
 *
 * All that such targets share is here: one reply to each request by the target's own deadline, client libraries that are
 * loaded when they are needed (they are optional, and nobody else should wait for them), and the care with the word *definite*:
 * a request of which a byte may have left is never reported as not having happened.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { Octets } from "../../engine/vocabulary/octets";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import type { Reply, Request } from "../operation";
import { marked, unmarked } from "./marked-value";
import type { Target } from "./target";

export interface StoreIdentity {
  readonly product: string;
  /** As it says; "not told" where it does not. */
  readonly version: string;
  /** What else a reader should know of how it was asked, and made: replication, consistency levels. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface OtherStore extends Target {
  /** Known once it is open. */
  readonly identity: StoreIdentity;
  /** Makes the run's room, empty. Rejects with {@link StoreFailed}. */
  prepare(): Promise<void>;
  /** Takes away what `prepare` made. */
  dispose(): Promise<void>;
  /** The smallest request that it answers. */
  ping(): Promise<void>;
  /** A read as strong as the store has it: what is left when all is over. */
  readLast(key: KeyName, done: (reply: Reply) => void): void;
}

export interface OtherStoreOptions {
  /** `host:port`, one at least. */
  readonly hosts: readonly string[];
  /** Names the room: lower-case letters, digits and -, at most 40. */
  readonly run: string;
  /** Connections, or as many requests at once, where the library wants to know. */
  readonly connections: number;
  readonly nVal: number;
  readonly r: QuorumValue;
  readonly w: QuorumValue;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** A client waits this much longer than the store is asked to. */
  readonly graceMs: number;
  /** Writes carry the wall time of their client, where the store takes one. */
  readonly clientTimestamps: boolean;
  readonly log: (line: string) => void;
}

/** The store could not be reached, or not be used; the message says where and why. */
export class StoreFailed extends Error {
  override readonly name = "StoreFailed";
}

/** A library that is not installed with the program: whoever wants the store wants it too. */
export function optionalLibrary<Library>(load: () => Library, name: string, target: string): Library {
  try {
    return load();
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StoreFailed(
      `target ${target} needs the package ${name}, which is optional and not installed; npm install --include=optional ${name}`,
      { cause: error },
    );
  }
}

const NOTHING: Omit<Reply, "outcome" | "reason"> = {
  versions: [],
  payloads: [],
  values: 0,
  context: "",
  // Nobody can say what is in the past of what: a session goes by what it has read.
  contextless: true,
  coordinator: -1,
};

export function failedReply(outcome: Exclude<Outcome, "ok">, reason: string): Reply {
  return { ...NOTHING, outcome, reason: reason.split("\n", 1)[0] };
}

/** A read's answer as a reply; a value that no write of this run made is told, and is no version of anything. */
export function readReply(stored: Octets | undefined): Reply {
  if (stored === undefined) return { ...NOTHING, outcome: "ok", reason: "" };
  const value = unmarked(stored);
  if (value === undefined) return failedReply("invalid", "the store brought a value that no write of this run made");
  return { ...NOTHING, outcome: "ok", reason: "", versions: [value.writeId], payloads: [value.payload], values: 1 };
}

/** Of a write that is stored: what stands there now is not told. */
export function writtenReply(): Reply {
  return { ...NOTHING, outcome: "ok", reason: "" };
}

/** The bytes that a put stores. */
export function storedValue({ writeId, value }: Request): Buffer {
  return Buffer.from(marked(writeId, value), "latin1");
}

/** `done` once, by `deadlineMs` at the latest: by then it may have happened. */
export function byDeadline(deadlineMs: number, done: (reply: Reply) => void): (reply: Reply) => void {
  let open = true;
  const timer = setTimeout(() => answer(failedReply("timeout", `no answer within ${deadlineMs} ms`)), deadlineMs);
  const answer = (reply: Reply): void => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    done(reply);
  };
  return answer;
}

/** Of what is done once, before and after a run: a store that says nothing is not waited for. */
export async function within<T>(limitMs: number, what: string, act: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreFailed(`${what}: no answer within ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([act, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Not within the call that asked. */
export function soon(done: (reply: Reply) => void, reply: Reply): void {
  setImmediate(() => done(reply));
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}

/** Errors of the operating system by which no connection came about: no byte of a request left. Of a connection that was up, reads and writes say some of them too. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

export function neverConnected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(neverConnected);
  const { code, syscall, cause } = (error ?? {}) as Readonly<Record<"code" | "syscall" | "cause", unknown>>;
  if (typeof code === "string" && NEVER_CONNECTED.has(code)) return syscall !== "read" && syscall !== "write";
  return cause !== undefined && neverConnected(cause);
}
