/**
 * Which client opens which store of somebody else, by the target's name. Each file loads its own library, and only when it is
 * opened: an experiment on our own engine needs none of them. All are given the same options and take of them what their store
 * has; Riak has the most.
 */
import { CassandraTarget } from "./cassandra";
import { DynamoTarget } from "./dynamodb";
import type { OtherStore } from "./other-store";
import { RedisTarget } from "./redis";
import { type RiakOptions, RiakTarget } from "./riak";

export type StoreOptions = RiakOptions;

export const OTHER_STORES: Readonly<Record<string, (options: StoreOptions) => Promise<OtherStore>>> = {
  riak: (options) => RiakTarget.open(options),
  cassandra: (options) => CassandraTarget.open(options),
  dynamodb: (options) => DynamoTarget.open(options),
  redis: (options) => RedisTarget.open(options),
};
