/**
 * Our definitions against those that a client ships: `no-riak` carries Riak's own `.proto` files, read here by the library's
 * parser. A field number that is wrong in one place would be wrong on both sides of a test that only asks itself, so
 * bytes are made by the one and read by the other. Beyond that: absence, the words of quorums, octets that are no text.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import * as messages from "../../../engine/pb/messages";
import { bareFrame, decodeMessage, fieldBytes, frameOf } from "../../../engine/pb/octet-fields";
import { ALL, DEFAULT, fieldOf, ONE, QUORUM, quorumOf } from "../../../engine/pb/quorum-words";
import { MalformedBytes } from "../../../engine/vocabulary/octets";

const THEIRS = new protobuf.Root();
for (const file of ["riak.proto", "riak_kv.proto"]) {
  const folder = join(__dirname, "../../../node_modules/no-riak/src");
  // The second imports the first, which is read already.
  const text = readFileSync(join(folder, file), "utf8").replace(/^import .*$/m, "");
  protobuf.parse(text, THEIRS, { keepCase: true });
}

THEIRS.resolveAll();

/** Ours, theirs, and where our names for fields are not theirs in camel case. */
const SAME: readonly (readonly [messages.Definition<unknown>, string, Readonly<Record<string, string>>?])[] = [
  [messages.ERROR, "RpbErrorResp", { message: "errmsg", code: "errcode" }],
  [messages.SERVER_INFO, "RpbGetServerInfoResp", { version: "server_version" }],
  [messages.CLIENT_ID, "RpbSetClientIdReq"],
  [messages.CLIENT_ID, "RpbGetClientIdResp"],
  [messages.PAIR, "RpbPair"],
  [messages.LINK, "RpbLink"],
  [
    messages.CONTENT,
    "RpbContent",
    { lastModified: "last_mod", lastModifiedMicros: "last_mod_usecs", userMeta: "usermeta" },
  ],
  [messages.GET, "RpbGetReq", { deletedClock: "deletedvclock" }],
  [messages.GOT, "RpbGetResp", { clock: "vclock" }],
  [messages.PUT, "RpbPutReq", { clock: "vclock", asIs: "asis" }],
  [messages.STORED, "RpbPutResp", { clock: "vclock" }],
  [messages.DELETE, "RpbDelReq", { clock: "vclock" }],
  [messages.LIST_BUCKETS, "RpbListBucketsReq"],
  [messages.BUCKETS_LISTED, "RpbListBucketsResp"],
  [messages.LIST_KEYS, "RpbListKeysReq"],
  [messages.KEYS_LISTED, "RpbListKeysResp"],
  [messages.MOD_FUN, "RpbModFun"],
  [messages.COMMIT_HOOK, "RpbCommitHook"],
  [messages.BUCKET_PROPERTY, "RpbBucketProps"],
  [messages.GET_BUCKET, "RpbGetBucketReq"],
  [messages.GET_BUCKET, "RpbResetBucketReq"],
  [messages.BUCKET_PROPERTIES, "RpbGetBucketResp", { properties: "props" }],
  [messages.SET_BUCKET, "RpbSetBucketReq", { properties: "props" }],
  [messages.GET_BUCKET_TYPE, "RpbGetBucketTypeReq"],
  [messages.SET_BUCKET_TYPE, "RpbSetBucketTypeReq", { properties: "props" }],
  [messages.GET_PREFERENCE_LIST, "RpbGetBucketKeyPreflistReq"],
  [messages.PREFERENCE_LIST, "RpbGetBucketKeyPreflistResp", { entries: "preflist" }],
  [messages.PREFERENCE_LIST_ENTRY, "RpbBucketKeyPreflistItem"],
];

/** Newer than the client: from the reference and from Riak's 3.x definitions. */
const NEWER = new Set(["Get.nodeConfirms", "Put.nodeConfirms", "Put.syncOnWrite", "BucketProperty.node_confirms"]);
NEWER.add("BucketProperty.sync_on_write").add("BucketProperty.aae_tree_exclude");

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function body<Fields>(definition: messages.Definition<Fields>, fields: Fields): Uint8Array {
  return frameOf(0, definition, fields).subarray(5);
}

function read<Fields>(definition: messages.Definition<Fields>, bytes: Uint8Array): Fields {
  return decodeMessage(definition, bytes, 0, bytes.length);
}

describe("messages of protocol buffers", () => {
  it("have the field numbers, kinds and rules of the definitions that a client ships", () => {
    let compared = 0;
    for (const [ours, name, renamed] of SAME) {
      const theirs = THEIRS.lookupType(name);
      for (const field of ours.type.fieldsArray) {
        const where = `${ours.type.name}.${field.name}`;
        if (NEWER.has(where)) continue;
        const other = theirs.fields[renamed?.[field.name] ?? snake(field.name)];
        assert.ok(other !== undefined, `${where} is a field of ${name}`);
        other.resolve();
        assert.equal(field.id, other.id, where);
        assert.deepEqual([field.required, field.repeated], [other.required, other.repeated], where);
        const kind = other.resolvedType instanceof protobuf.Enum ? "int32" : other.type;
        if (field.resolvedType === null) assert.equal(field.type, kind, where);
        else {
          const inner = SAME.find(([{ type }]) => type === field.resolvedType);
          assert.equal(inner?.[1], kind, where);
        }
        compared++;
      }
      // What theirs has beyond ours is what this engine has no use for.
      const unknown = theirs.fieldsArray.filter(({ id }) => ours.type.fieldsById[id] === undefined);
      assert.deepEqual(
        unknown.map(({ name: field }) => field),
        name === "RpbContent" ? ["ttl"] : [],
        name,
      );
    }
    assert.ok(compared > 130, `${String(compared)} fields were compared`);
  });

  it("are read by the client's definitions, and the other way around, field by field", () => {
    for (const [ours, name, renamed] of SAME) {
      const theirs = THEIRS.lookupType(name);
      for (const field of ours.type.fieldsArray) {
        const other = theirs.fields[renamed?.[field.name] ?? snake(field.name)];
        if (other === undefined || NEWER.has(`${ours.type.name}.${field.name}`) || field.resolvedType !== null)
          continue;
        const value = field.type === "bytes" ? "\xff\0~" : field.type === "bool" ? true : 4_294_967_291;
        if (field.type.startsWith("int")) continue;
        const sent: Record<string, unknown> = { [field.name]: field.repeated ? [value, value] : value };
        for (const needed of ours.type.fieldsArray) {
          if (needed.required && needed !== field)
            sent[needed.name] =
              needed.type === "bytes"
                ? "k"
                : needed.type === "Content"
                  ? { value: "v" }
                  : needed.type === "bool"
                    ? true
                    : needed.type === "BucketProperty"
                      ? {}
                      : 7;
        }
        const bytes = body(ours, sent);
        const seen = theirs.toObject(theirs.decode(bytes), { longs: Number }) as Record<string, unknown>;
        const octets = (item: unknown): unknown => (Buffer.isBuffer(item) ? item.toString("latin1") : item);
        const got = seen[other.name];
        assert.deepEqual(
          Array.isArray(got) ? got.map(octets) : octets(got),
          sent[field.name],
          `${name}.${other.name} as the client reads it`,
        );
        const again = read(ours, theirs.encode(theirs.decode(bytes)).finish()) as Record<string, unknown>;
        assert.deepEqual(again[field.name], sent[field.name], `${name}.${other.name} as we read it`);
      }
    }
  });

  it("tell an absent field from one that is zero, false or empty", () => {
    const absent = read(messages.GET, body(messages.GET, { bucket: "b", key: "k" }));
    assert.equal(absent.r, undefined);
    assert.equal(absent.basicQuorum, undefined);
    assert.equal(absent.ifModified, undefined);
    assert.equal(absent.type, undefined);
    const zero = { bucket: "b", key: "", r: 0, basicQuorum: false, ifModified: "", type: "" };
    const present = read(messages.GET, body(messages.GET, zero));
    assert.deepEqual({ ...present }, zero);
    assert.equal(read(messages.PUT, body(messages.PUT, { bucket: "b", content: { value: "" } })).key, undefined);
  });

  it("refuse what lacks a required field, breaks off, or is no message at all", () => {
    const whole = body(messages.PUT, { bucket: "bucket", key: "key", content: { value: "value", contentType: "a/b" } });
    assert.equal(read(messages.PUT, whole).content.value, "value");
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => read(messages.PUT, whole.subarray(0, length)), MalformedBytes, `${String(length)} bytes`);
    }
    assert.throws(() => read(messages.GET, Uint8Array.of(0x0a, 1, 0x62)), /missing required 'key'/);
    assert.throws(() => read(messages.GET, Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)), MalformedBytes);
    // Groups within groups: no recursion without an end.
    assert.throws(() => read(messages.LIST_BUCKETS, new Uint8Array(2_000_000).fill(0x7b)), MalformedBytes);
  });

  it("pass over fields that they do not know", () => {
    const known = body(messages.GET, { bucket: "b", key: "k" });
    const bytes = Buffer.concat([known, Buffer.from([0xf8, 0x07, 0x2a, 0xfa, 0x07, 2, 1, 2])]);
    assert.deepEqual({ ...read(messages.GET, bytes) }, { bucket: "b", key: "k" });
  });

  it("carry any octets, and frames say their length", () => {
    const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
    fc.assert(
      fc.property(octets, octets, fc.array(octets, { maxLength: 5 }), (value, key, tags) => {
        const links = tags.map((tag) => ({ bucket: key, tag }));
        const fields = { content: [{ value, contentType: key, links }], clock: key };
        const frame = frameOf(messages.CODES.got, messages.GOT, fields);
        assert.equal(frame.readUInt32BE(0), frame.length - 4);
        assert.equal(frame[4], 10);
        const back = decodeMessage(messages.GOT, frame, 5, frame.length);
        assert.deepEqual(
          back.content?.map(({ value: v, contentType }) => [v, contentType]),
          [[value, key]],
        );
        assert.deepEqual(back.content?.[0].links?.map((link) => ({ ...link })) ?? [], links);
        assert.equal(back.clock, key);
        const one = frameOf(0, messages.KEYS_LISTED, { keys: [key] });
        assert.equal(one.length - 5, fieldBytes(key), "what a listing reckons with");
      }),
    );
    assert.deepEqual([...bareFrame(2)], [0, 0, 0, 1, 2]);
  });

  it("keep a value of megabytes whole, and give its buffer back", () => {
    const value = "\xab".repeat(3_000_000);
    const frame = frameOf(messages.CODES.got, messages.GOT, { content: [{ value }] });
    assert.equal(read(messages.GOT, frame.subarray(5)).content?.[0].value, value);
    assert.deepEqual([...frameOf(1, messages.CLIENT_ID, { clientId: "x" })], [0, 0, 0, 4, 1, 0x0a, 1, 0x78]);
  });

  it("have words for quorums at the upper end of 32 bits", () => {
    assert.deepEqual([ONE, QUORUM, ALL, DEFAULT].map(quorumOf), ["one", "quorum", "all", undefined]);
    assert.deepEqual(([undefined, 0, 3, 4_294_967_295] as const).map(quorumOf), [undefined, 0, 3, 4_294_967_295]);
    assert.deepEqual((["one", "quorum", "all", 2] as const).map(fieldOf), [ONE, QUORUM, ALL, 2]);
    const bytes = body(messages.GET, { bucket: "b", key: "k", r: ONE, pr: ALL });
    const { r, pr } = read(messages.GET, bytes);
    assert.deepEqual([r, pr], [4_294_967_294, 4_294_967_292]);
    // Where a signed 32-bit integer of a sloppy encoder takes ten bytes.
    const signed = Uint8Array.of(
      0x0a,
      1,
      0x62,
      0x12,
      1,
      0x6b,
      0x18,
      0xfe,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      1,
    );
    assert.equal(read(messages.GET, signed).r, ONE);
  });
});
