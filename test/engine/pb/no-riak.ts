/**
 * `no-riak`, a client for Riak's protocol buffers from npm, as far as tests use it: it has no typings of its own. It is taken as it
 * is. One connection carries one request at a time; with several it spreads requests over them as they become free.
 */

/** What is used of the client, which has no typings. */
export interface Content {
  readonly value: Buffer | object;
  readonly content_type?: string;
  readonly vtag?: string;
  readonly last_mod?: number;
  readonly last_mod_usecs?: number;
  readonly usermeta?: readonly { readonly key: string; readonly value: string }[];
  readonly links?: readonly object[];
  readonly indexes?: readonly object[];
}
export interface Result {
  readonly content?: readonly Content[];
  /** In base 64. */
  readonly vclock?: string;
  readonly key?: string;
  readonly unchanged?: boolean;
}
export type Params = Readonly<Record<string, unknown>>;
type Props = Readonly<Record<string, unknown>>;
export interface RiakClient {
  ping(): Promise<unknown>;
  getServerInfo(): Promise<{ readonly node: string; readonly server_version: string }>;
  init(): Promise<unknown>;
  get(params: Params): Promise<Result | null>;
  put(params: Params): Promise<Result | null>;
  del(params: Params): Promise<unknown>;
  update(params: Params): Promise<unknown>;
  listKeys(params: Params): Promise<string[]>;
  listBuckets(params?: Params): Promise<string[]>;
  getBucket(params: Params): Promise<{ readonly props: Props }>;
  setBucket(params: Params): Promise<unknown>;
  resetBucket(params: Params): Promise<unknown>;
  getBucketType(params: Params): Promise<{ readonly props: Props }>;
  setBucketType(params: Params): Promise<unknown>;
  index(params: Params): Promise<unknown>;
  mapReduce(params: Params): Promise<unknown>;
  updateCounter(params: Params): Promise<unknown>;
  end(): Promise<unknown>;
}

/** Spread over nodes at these ports; tries nothing twice. */
export function openRiakClient(ports: readonly number[], connections: number): RiakClient {
  const { Client } = require("no-riak") as { readonly Client: new (options: object) => RiakClient };
  const connectionString = ports.map((port) => `127.0.0.1:${String(port)}`).join(",");
  return new Client({ connectionString, retries: 0, pool: { min: connections, max: connections } });
}

/** Values, in order. */
export const texts = (result: Result | null): string[] =>
  (result?.content ?? [])
    .map(({ value }) => (Buffer.isBuffer(value) ? value.toString() : JSON.stringify(value)))
    .sort();
