/**
 * Which client opens which store of somebody else, by the target's name. Each file loads its own library, and only when it is
 * opened: an experiment on our own engine needs none of them.
 */
import { CassandraTarget } from "./cassandra";
import { DynamoTarget } from "./dynamodb";
import type { OtherStore, OtherStoreOptions } from "./other-store";
import { RedisTarget } from "./redis";

export const OTHER_STORES: Readonly<Record<string, (options: OtherStoreOptions) => Promise<OtherStore>>> = {
  cassandra: (options) => CassandraTarget.open(options),
  dynamodb: (options) => DynamoTarget.open(options),
  redis: (options) => RedisTarget.open(options),
};
