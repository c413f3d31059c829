/**
 * The driver's requests in Riak's HTTP terms. A value goes out marked with its write, and comes back with it; a clock goes back
 * as it came. `Accept` asks for siblings with their values: what the server prefers is a list of tags, and a client that then
 * asked for each of them would read one object at several instants.
 */
import { WRITE_ID_HEADER } from "../../engine/riak/write-ids";
import type { Request } from "../operation";
import { marked } from "./marked-value";
import { answerToDelete, answerToGet, answerToPut } from "./riak-answers";
import type { HttpRequest } from "./riak-http";

export interface RequestWays {
  /** Query of reads, of writes and of deletes; without the question mark, empty for none. */
  readonly query: Readonly<Record<"get" | "put" | "delete", string>>;
  /** Puts bring back what stands after them, and its context. */
  readonly returnBody: boolean;
  /**
   * The server is one of ours: writes name themselves to it, reads of a deleted key are told by which deletes, and a delete without
   * a clock is one that has seen nothing, as over the binary protocol. (Riak's reads first.)
   */
  readonly namesWrites: boolean;
}

export type ObjectRequest = Omit<HttpRequest, "timeoutMs">;

/** `path`: of the object. */
export function objectRequest(request: Request, path: string, ways: RequestWays): ObjectRequest {
  const { context, value, writeId } = request;
  const kind = request.kind === "put" || request.kind === "delete" ? request.kind : "get";
  const { returnBody, namesWrites } = ways;
  const query = [ways.query[kind], kind === "put" && returnBody ? "returnbody=true" : ""].filter((part) => part !== "");
  const where = query.length === 0 ? path : `${path}?${query.join("&")}`;
  const name = namesWrites && (kind === "get" || writeId > 0) ? [WRITE_ID_HEADER, String(writeId)] : [];
  const clock = context === "" && !(namesWrites && kind === "delete") ? [] : [CLOCK_HEADER, context];
  switch (kind) {
    case "put": {
      const headers = [...(returnBody ? ACCEPT : []), "Content-Type", CONTENT_TYPE, ...name, ...clock];
      return { method: "PUT", path: where, headers, body: marked(writeId, value) };
    }
    case "delete":
      return { method: "DELETE", path: where, headers: [...name, ...clock] };
    case "get":
      return { method: "GET", path: where, headers: [...ACCEPT, ...name] };
  }
}

export const ANSWERS = { get: answerToGet, put: answerToPut, delete: answerToDelete } as const;

/** Siblings with their values; a single one as whatever it is. */
const ACCEPT: readonly string[] = ["Accept", "multipart/mixed, */*;q=0.5"];
const CONTENT_TYPE = "application/octet-stream";
const CLOCK_HEADER = "X-Riak-Vclock";
