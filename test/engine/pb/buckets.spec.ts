/**
 * Listings, properties and types over protocol buffers: that properties take effect and survive being read and written back,
 * that what cannot be is refused with every reason, and that a listing has each name once however slowly it is read.
 */
import { strict as assert } from "node:assert";
import * as messages from "../../../engine/pb/messages";
import { CODES } from "../../../engine/pb/messages";
import { ALL, ONE, QUORUM } from "../../../engine/pb/quorum-words";
import { type Client, LoneNode } from "./lone-node";

let lone: LoneNode;
let client: Client;

async function put(bucket: string, key: string, fields: Partial<messages.PutFields> = {}): Promise<void> {
  const put = { bucket, key, content: { value: `${bucket}/${key}` }, ...fields };
  await client.ask([CODES.put, messages.PUT, put], [CODES.stored, messages.STORED]);
}

async function values(bucket: string, key: string, type?: string): Promise<string[]> {
  const got = await client.ask([CODES.get, messages.GET, { bucket, key, type }], [CODES.got, messages.GOT]);
  return got.content!.map(({ value }) => value).sort();
}

/** Names of a listing that comes in several answers, and in how many. */
async function streamed(
  code: number,
  definition: messages.Definition<{ readonly done?: boolean }>,
): Promise<{ readonly names: readonly string[]; readonly answers: number }> {
  const names: string[] = [];
  for (let answers = 1; ; answers++) {
    const page = (await client.expect(code, definition)) as messages.KeysListedFields & messages.BucketsListedFields;
    names.push(...(page.keys ?? page.buckets ?? []));
    if (page.done === true) return { names, answers };
  }
}

function listKeys(fields: messages.ListKeysFields): ReturnType<typeof streamed> {
  client.send(CODES.listKeys, messages.LIST_KEYS, fields);
  return streamed(CODES.keysListed, messages.KEYS_LISTED);
}

async function properties(bucket: string, type?: string): Promise<messages.BucketPropertyFields> {
  const answer = [CODES.bucketProperties, messages.BUCKET_PROPERTIES] as const;
  const got = await client.ask([CODES.getBucket, messages.GET_BUCKET, { bucket, type }], answer);
  return got.properties;
}

async function set(bucket: string, properties: messages.BucketPropertyFields, type?: string): Promise<void> {
  client.send(CODES.setBucket, messages.SET_BUCKET, { bucket, type, properties });
  assert.deepEqual(await client.frame(), { code: CODES.bucketSet, body: Buffer.alloc(0) });
}

const refused = (bucket: string, properties: messages.BucketPropertyFields, type?: string): Promise<string> =>
  client.refusal(CODES.setBucket, messages.SET_BUCKET, { bucket, type, properties });

describe("buckets over protocol buffers", () => {
  beforeEach(async () => {
    lone = await LoneNode.start();
    client = await lone.client();
  });
  afterEach(() => lone.stop());

  it("keys are listed in several answers, each once, the deleted ones not", async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => `key ${String(i).padStart(5, "0")}`);
    for (const key of keys) await put("many", key);
    await put("many\0", "not of this bucket");
    client.send(CODES.delete, messages.DELETE, { bucket: "many", key: keys[17] });
    await client.frame();
    const { names, answers } = await listKeys({ bucket: "many" });
    assert.deepEqual([...names].sort(), keys.toSpliced(17, 1));
    assert.ok(answers > 3, `${String(answers)} answers`);
    assert.deepEqual((await listKeys({ bucket: "empty" })).names, []);
    assert.deepEqual((await listKeys({ bucket: "many", timeout: 5_000 })).names.length, 1_199);
  });

  it("a listing waits for a client that reads slowly, and what it asked next is answered behind it", async () => {
    const long = "x".repeat(1_500);
    for (let i = 0; i < 2_000; i++) await put("long", `${long}${String(i)}`);
    client.socket.pause();
    client.send(CODES.listKeys, messages.LIST_KEYS, { bucket: "long" });
    client.send(CODES.ping);
    // Others are served meanwhile.
    const other = await lone.client();
    other.send(CODES.ping);
    assert.equal((await other.frame()).code, CODES.pong);
    client.socket.resume();
    const { names } = await streamed(CODES.keysListed, messages.KEYS_LISTED);
    assert.equal(new Set(names).size, 2_000);
    assert.equal((await client.frame()).code, CODES.pong);
  });

  it("buckets are those that have keys, in one answer or in several", async () => {
    const buckets = Array.from({ length: 150 }, (_, i) => `bucket\xff${String(i)}`);
    for (const bucket of buckets) for (const key of ["a", "b", "\xff\xff"]) await put(bucket, key);
    client.send(CODES.listBuckets, messages.LIST_BUCKETS, {});
    const whole = await client.expect(CODES.bucketsListed, messages.BUCKETS_LISTED);
    assert.deepEqual([...whole.buckets!].sort(), [...buckets].sort());
    assert.equal(whole.done, undefined);
    client.send(CODES.listBuckets, messages.LIST_BUCKETS, { stream: true, type: "default" });
    const { names, answers } = await streamed(CODES.bucketsListed, messages.BUCKETS_LISTED);
    assert.deepEqual([...names].sort(), [...buckets].sort());
    assert.ok(answers > 3, `${String(answers)} answers`);
  });

  it("properties are the experiment's, and can be written back as they were read", async () => {
    const read = await properties("b");
    const { n_val, r, w, dw, pr, pw, rw, node_confirms, allow_mult, last_write_wins, notfound_ok } = read;
    assert.deepEqual({ n_val, r, w, dw, pr, pw }, { n_val: 3, r: QUORUM, w: QUORUM, dw: ONE, pr: 0, pw: 0 });
    assert.deepEqual([rw, node_confirms], [QUORUM, 0]);
    assert.deepEqual([allow_mult, last_write_wins, notfound_ok], [true, false, true]);
    assert.deepEqual([read.has_precommit, read.precommit], [true, []]);
    assert.deepEqual({ ...read.chash_keyfun }, { module: "riak_core_util", function: "chash_std_keyfun" });
    await set("b", read);
    assert.deepEqual(await properties("b"), read);
  });

  it("properties take effect, on one bucket alone, until they are reset", async () => {
    await set("b", { allow_mult: false, n_val: 1, r: ALL });
    const read = await properties("b");
    assert.deepEqual([read.allow_mult, read.n_val, read.r], [false, 1, ALL]);
    await put("b", "k", { content: { value: "one" } });
    await put("b", "k", { content: { value: "two" } });
    assert.deepEqual(await values("b", "k"), ["two"]);
    await put("other", "k", { content: { value: "one" } });
    await put("other", "k", { content: { value: "two" } });
    assert.deepEqual(await values("other", "k"), ["one", "two"]);
    const tooMany = "Specified w/dw/pw/node_confirms values invalid for bucket n value of 1";
    assert.equal(await client.refusal(CODES.get, messages.GET, { bucket: "b", key: "k", r: 2 }), tooMany);
    client.send(CODES.resetBucket, messages.GET_BUCKET, { bucket: "b" });
    assert.equal((await client.frame()).code, CODES.bucketReset);
    assert.deepEqual(await properties("b"), await properties("other"));
  });

  it("what cannot be is refused with every reason, and changes nothing", async () => {
    const before = await properties("b");
    const text = await refused("b", { n_val: 2, small_vclock: 7, backend: "memory", consistent: true });
    assert.match(text, /^Invalid bucket properties: /);
    for (const word of ["small_vclock", "backend", "consistent"]) assert.ok(text.includes(word), `${word} in: ${text}`);
    assert.match(await refused("b", { allow_mult: true, last_write_wins: true }), /contradict/);
    assert.match(await refused("b", { n_val: 9 }), /n_val/);
    assert.match(await refused("b", { n_val: 1, r: 2 }), /r 2 is more than n_val 1/);
    const hook = { modfun: { module: "m", function: "f" } };
    assert.match(await refused("b", { has_precommit: true, precommit: [hook] }), /precommit/);
    assert.match(await refused("b", { sync_on_write: 2, repl: 3, datatype: "map" }), /sync_on_write/);
    assert.deepEqual(await properties("b"), before);
    // What is merely denied is what it is.
    await set("b", { search: false, consistent: false, write_once: false, repl: 0, aae_tree_exclude: false });
    assert.deepEqual(await properties("b"), before);
  });

  it("a type is made by setting its properties, and its buckets are others than the untyped ones", async () => {
    assert.equal(
      await client.refusal(CODES.getBucketType, messages.GET_BUCKET_TYPE, { type: "t" }),
      "No bucket-type named 't'",
    );
    assert.equal(await refused("b", { n_val: 2 }, "t"), "No bucket-type named 't'");
    client.send(CODES.setBucketType, messages.SET_BUCKET_TYPE, { type: "t", properties: { n_val: 1 } });
    assert.equal((await client.frame()).code, CODES.bucketSet);
    const answer = [CODES.bucketProperties, messages.BUCKET_PROPERTIES] as const;
    const got = await client.ask([CODES.getBucketType, messages.GET_BUCKET_TYPE, { type: "t" }], answer);
    assert.deepEqual([got.properties.n_val, got.properties.allow_mult], [1, true]);
    await set("b", { r: 1 }, "t");
    const typed = await properties("b", "t");
    assert.deepEqual([typed.n_val, typed.r], [1, 1]);
    await put("b", "k", { type: "t", content: { value: "typed" } });
    await put("b", "k", { content: { value: "untyped" } });
    assert.deepEqual(await values("b", "k", "t"), ["typed"]);
    assert.deepEqual(await values("b", "k"), ["untyped"]);
    assert.deepEqual((await listKeys({ bucket: "b", type: "t" })).names, ["k"]);
    assert.equal(
      await client.refusal(CODES.setBucketType, messages.SET_BUCKET_TYPE, { type: "", properties: {} }),
      "Type cannot be zero-length",
    );
  });

  it("listings of types and buckets that are none are refused", async () => {
    const noType = "No bucket-type named 'nobody'";
    assert.equal(await client.refusal(CODES.listKeys, messages.LIST_KEYS, { bucket: "b", type: "nobody" }), noType);
    assert.equal(await client.refusal(CODES.listBuckets, messages.LIST_BUCKETS, { type: "nobody" }), noType);
    assert.match(await client.refusal(CODES.listKeys, messages.LIST_KEYS, { bucket: "" }), /zero-length/);
    assert.match(await client.refusal(CODES.getBucket, messages.GET_BUCKET, { bucket: "" }), /zero-length/);
  });
});
