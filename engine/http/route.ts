/**
 * One row of the route table: everything about an operation that can be said before a request comes. Dispatch, the Allow header,
 * the OpenAPI document and the fuzzer are all made from rows, so that what is documented is what is served.
 */
import type { Exchange } from "./exchange";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE";

/** The order in which an Allow header names them. */
export const METHODS: readonly Method[] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

export type ParameterKind =
  /** Any octets, percent-encoded; not empty. */
  | { readonly kind: "octets" }
  /** A number of replicas, or a word. */
  | { readonly kind: "quorum" }
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "word"; readonly values: readonly string[] }
  | { readonly kind: "text" };

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly prose: string;
}

export interface RequestHeader {
  /** Ends in `*`: all that begin so. */
  readonly name: string;
  readonly prose: string;
  readonly required?: true;
  readonly example: string;
}

export interface Status {
  readonly code: number;
  readonly meaning: string;
}

export interface Route {
  /** Unique; names the operation in a document. */
  readonly name: string;
  readonly summary: string;
  /** Templates: `{type}`, `{bucket}` and `{key}` stand for a segment each. The first is the one to show. */
  readonly paths: readonly string[];
  readonly methods: readonly Method[];
  /** Of the query. */
  readonly parameters: readonly Parameter[];
  readonly headers: readonly RequestHeader[];
  /** Absent: a body is not looked at. */
  readonly body?: "octets" | "json";
  readonly statuses: readonly Status[];
  readonly handler: (exchange: Exchange) => void;
}

/** What a segment of a path template stands for. */
export const PATH_PARAMETERS: readonly Parameter[] = [
  { name: "type", kind: { kind: "octets" }, prose: "A bucket type; `default` stands for none." },
  { name: "bucket", kind: { kind: "octets" }, prose: "A bucket, percent-encoded octets." },
  { name: "key", kind: { kind: "octets" }, prose: "A key, percent-encoded octets." },
];
