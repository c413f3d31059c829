import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { BucketProperties } from "../../../engine/buckets/properties";
import { clockNamed, packActor, type Version } from "../../../engine/clocks/clock";
import {
  MAX_LIFE_UPDATES,
  MAX_RANGE_COPIES,
  MAX_SCANNED,
  MAX_SEGMENT_KEYS,
  MAX_SEGMENTS_ASKED,
  MAX_TREE_HASHES,
  type Message,
  type ReplicaGet,
  type RequestOptions,
} from "../../../engine/messages";
import {
  ByteReader,
  ByteWriter,
  MalformedBytes,
  octetsFromText,
  textFromOctets,
} from "../../../engine/vocabulary/octets";
import { Digest } from "../../../engine/quorum/digest";
import {
  bucketPrefix,
  decodeAddress,
  encodeAddress,
  isAddress,
  isBucketPrefix,
  isTypePrefix,
  typePrefix,
} from "../../../engine/vocabulary/address";
import { OUTCOMES } from "../../../engine/vocabulary/outcomes";
import { Codec } from "../../../engine/wire/codec";
import {
  beginFrame,
  decodeHello,
  encodeHello,
  endFrame,
  FrameSplitter,
  MAX_FRAME_BYTES,
} from "../../../engine/wire/frames";
import { by } from "../clocks/event-maker";

const clock = clockNamed("dvvset");
const codec = new Codec(clock);
const id = fc.integer({ min: 0, max: 2 ** 30 - 1 });
const vnode = fc.integer({ min: 0, max: 65_535 });
const octets = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
const version: fc.Arbitrary<Version> = fc.record(
  {
    writeId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    value: octets,
    tombstone: fc.boolean(),
    date: fc.integer({ min: 0, max: 2 ** 52 }),
    meta: octets,
  },
  { requiredKeys: ["writeId", "value", "tombstone"] },
);
const state = fc
  .array(fc.tuple(version, fc.integer({ min: 0, max: 4 }), fc.boolean()), { minLength: 1, maxLength: 5 })
  .map((writes) => {
    let made: unknown;
    for (const [written, node, seen] of writes) {
      made = clock.update(
        made,
        seen && made !== undefined ? clock.context(made) : "",
        written,
        by(packActor(node, 0, 1)),
      );
    }
    return made;
  });
const quorum = fc.option(
  fc.oneof(fc.constantFrom("one" as const, "quorum" as const, "all" as const), fc.integer({ min: 0, max: 20 })),
  { nil: undefined },
);
const flag = fc.option(fc.boolean(), { nil: undefined });
const isSome = (made: object): boolean => Object.values(made).some((value) => value !== undefined);
const usualOptions = fc.record({
  r: quorum,
  w: quorum,
  pr: quorum,
  pw: quorum,
  dw: quorum,
  notfoundOk: flag,
  basicQuorum: flag,
  timeoutMs: fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
});
const moreOptions = fc.record({
  nodeConfirms: quorum,
  sloppy: flag,
  nVal: fc.option(fc.nat(2 ** 40), { nil: undefined }),
  returnBody: flag,
  explain: flag,
});
const options: fc.Arbitrary<RequestOptions | undefined> = fc.option(
  fc.oneof(
    usualOptions.filter(isSome),
    fc.tuple(usualOptions, moreOptions.filter(isSome)).map(([usual, more]) => ({ ...usual, ...more })),
  ),
  { nil: undefined },
);
const someQuorum = fc.oneof(
  fc.constantFrom("one" as const, "quorum" as const, "all" as const),
  fc.integer({ min: 0, max: 252 }),
);
const property = {
  nVal: fc.nat(2 ** 40),
  r: someQuorum,
  w: someQuorum,
  pr: someQuorum,
  pw: someQuorum,
  dw: someQuorum,
  rw: someQuorum,
  nodeConfirms: someQuorum,
  notfoundOk: fc.boolean(),
  basicQuorum: fc.boolean(),
  siblings: fc.constantFrom("keep" as const, "newest" as const, "overwrite" as const),
};
const change = fc.record(property, { requiredKeys: [] });
const writer = fc.record({ client: id, timestamp: fc.integer({ min: 0, max: 2 ** 52 }) });
const acknowledge = fc.constantFrom("none" as const, "received" as const, "stored" as const, "both" as const);
const ticket = fc.record({
  fromEpoch: fc.integer({ min: 1, max: 2 ** 21 }),
  toEpoch: fc.integer({ min: 1, max: 2 ** 21 }),
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});
/** Two halves of a hash for each item. */
function hashed<T>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<{ items: T[]; hashes: number[] }> {
  const half = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  return fc
    .array(fc.tuple(item, half, half), { maxLength })
    .map((all) => ({ items: all.map(([one]) => one), hashes: all.flatMap(([, high, low]) => [high, low]) }));
}
const status = fc.constantFrom("ok" as const, "busy" as const, "building" as const, "unknown" as const);
const between = { id, step: id, group: fc.nat(2 ** 20), asking: vnode, asked: vnode };

const ringId = fc.record({ version: fc.nat(2 ** 30), proposer: fc.nat(1_000) });
const address = octets.map((key) => encodeAddress({ type: "default", bucket: "b", key }));

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), id, forwarded: fc.boolean(), address: octets, options }),
  fc.record({
    kind: fc.constant("put" as const),
    id,
    forwarded: fc.boolean(),
    address: octets,
    context: octets,
    version,
    writer,
    options,
  }),
  fc.record({
    kind: fc.constant("put" as const),
    id,
    forwarded: fc.constant(true),
    address: octets,
    context: octets,
    version,
    writer,
    options,
    ticket,
  }),
  fc.record({
    kind: fc.constant("answer" as const),
    id,
    outcome: fc.constantFrom(...OUTCOMES),
    coordinator: vnode,
    versions: fc.array(version, { maxLength: 4 }),
    context: octets,
    reason: octets,
  }),
  fc.record({
    kind: fc.constant("answer" as const),
    id,
    outcome: fc.constantFrom(...OUTCOMES),
    coordinator: vnode,
    versions: fc.array(version, { maxLength: 4 }),
    context: octets,
    reason: octets,
    shortfall: fc.record({
      what: fc.constantFrom(...(["r", "pr", "w", "dw", "pw", "node_confirms"] as const)),
      got: fc.nat(30),
      wanted: fc.nat(30),
    }),
  }),
  fc.record({
    kind: fc.constant("bucket" as const),
    id,
    verb: fc.constantFrom("get" as const, "set" as const, "reset" as const),
    type: octets,
    bucket: fc.option(octets, { nil: undefined }),
    change: fc.option(change, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("bucket-answer" as const),
    id,
    outcome: fc.constantFrom(...OUTCOMES),
    coordinator: vnode,
    properties: fc.option(fc.record(property), { nil: undefined }),
    reason: octets,
  }),
  fc.record({ kind: fc.constant("replica-get" as const), id, vnode, address: octets }),
  fc.record({
    kind: fc.constant("replica-get" as const),
    id,
    vnode,
    address: octets,
    digest: fc.constant(true as const),
  }),
  fc.record({
    kind: fc.constant("replica-get-reply" as const),
    id,
    vnode,
    status: fc.constant("digest" as const),
    state: fc.tuple(fc.integer(), fc.integer()).map(([high, low]) => new Digest(high, low)),
  }),
  fc.record({
    kind: fc.constant("replica-get-reply" as const),
    id,
    vnode,
    status: fc.constant("found" as const),
    state,
  }),
  fc.record({
    kind: fc.constant("replica-get-reply" as const),
    id,
    vnode,
    status: fc.constantFrom("absent" as const, "failed" as const),
    state: fc.constant(undefined),
  }),
  fc.record({
    kind: fc.constant("scan" as const),
    id,
    bucket: octets,
    start: octets,
    end: octets,
    limit: fc.nat(2 ** 31),
    options,
  }),
  fc.record({
    kind: fc.constant("scan-answer" as const),
    id,
    outcome: fc.constantFrom(...OUTCOMES),
    coordinator: vnode,
    keys: fc.array(fc.record({ key: octets, versions: fc.array(version, { maxLength: 3 }) }), { maxLength: 4 }),
    next: octets,
    reason: octets,
  }),
  fc.record({
    kind: fc.constant("range" as const),
    id,
    part: id,
    vnodes: fc.uniqueArray(fc.nat(0x7fff), { maxLength: 4 }).map((vnodes) => vnodes.sort((a, b) => a - b)),
    bucket: octets,
    start: octets,
    end: octets,
    limit: fc.nat(2 ** 31),
  }),
  fc.record({
    kind: fc.constant("range-reply" as const),
    id,
    part: id,
    status: fc.constantFrom("ok" as const, "failed" as const),
    copies: fc.array(fc.record({ vnode, key: octets, state }), { maxLength: 4 }),
    upTo: octets,
  }),
  fc.record({
    kind: fc.constant("replica-put" as const),
    id,
    vnode,
    address: octets,
    state,
    acknowledge,
    cause: fc.constantFrom("replication" as const, "read-repair" as const, "reap" as const),
  }),
  fc.record({
    kind: fc.constant("replica-put-reply" as const),
    id,
    vnode,
    status: fc.constantFrom("received" as const, "stored" as const, "failed" as const),
  }),
  fc.record({
    kind: fc.constant("replica-update" as const),
    id,
    vnode,
    address: octets,
    context: octets,
    version,
    writer,
    acknowledge,
    ticket,
  }),
  fc.record({ kind: fc.constant("replica-updated" as const), id, vnode, outcome: fc.constant("ok" as const), state }),
  fc.record({
    kind: fc.constant("replica-updated" as const),
    id,
    vnode,
    outcome: fc.constantFrom("too_many_siblings" as const, "invalid" as const, "failed" as const),
    state: fc.constant(undefined),
  }),
  fc.record({ kind: fc.constant("heartbeat" as const), epoch: id, sequence: id }),
  fc.record({
    kind: fc.constant("probe" as const),
    what: fc.constantFrom("ping" as const, "ping-request" as const, "ack" as const, "nack" as const, "rumour" as const),
    id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    about: vnode,
    updates: fc.array(
      fc.record({
        node: vnode,
        status: fc.constantFrom("alive" as const, "suspect" as const, "dead" as const),
        incarnation: fc.integer({ min: 0, max: 2 ** 52 }),
        by: vnode,
      }),
      { maxLength: 8 },
    ),
  }),
  fc.record({ kind: fc.constant("membership-poll" as const), id }),
  fc.record({
    kind: fc.constant("membership" as const),
    id,
    ring: fc.option(
      fc.record({
        id: ringId,
        phase: fc.constant("joining" as const),
        plan: fc.constant({ members: [0, 2], owners: [0, 2, 2, 0] }),
        next: fc.constant({ members: [0, 1, 2], tokens: [[1, 0] as const, [2, 1] as const, [3, 2] as const] }),
        former: fc.constant([]),
        without: fc.constant([1]),
      }),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant("client-coordinated" as const),
    ring: ringId,
    request: fc.oneof(
      fc.record({ kind: fc.constant("replica-get" as const), id, vnode, address }),
      fc.record({
        kind: fc.constant("replica-put" as const),
        id,
        vnode,
        address,
        state,
        acknowledge,
        cause: fc.constantFrom("replication" as const, "read-repair" as const, "hint" as const),
      }),
      fc.record({
        kind: fc.constant("probe" as const),
        what: fc.constant("ping" as const),
        id,
        about: vnode,
        updates: fc.constant([]),
      }),
    ),
  }),
  hashed(fc.nat(2 ** 20), 6).chain(({ items, hashes }) =>
    fc.record({
      kind: fc.constant("tree" as const),
      ...between,
      level: fc.nat(20),
      nodes: fc.constant(items),
      hashes: fc.constant(hashes),
    }),
  ),
  fc.record({
    kind: fc.constant("tree-reply" as const),
    id,
    step: id,
    status,
    differing: fc.array(fc.nat(2 ** 20), { maxLength: 4 }),
    hashes: hashed(fc.nat(), 8).map(({ hashes }) => hashes),
  }),
  fc.record({
    kind: fc.constant("segments" as const),
    ...between,
    want: fc.constantFrom("hashes" as const, "states" as const),
    segments: fc.array(fc.nat(2 ** 20), { maxLength: 6 }),
    after: octets,
  }),
  hashed(octets, 6).chain(({ items, hashes }) =>
    fc.record({
      kind: fc.constant("segments-reply" as const),
      id,
      step: id,
      status,
      complete: fc.nat(64),
      last: octets,
      addresses: fc.constant(items),
      hashes: fc.constant(hashes),
      states: fc.constant([]),
    }),
  ),
  fc.array(fc.tuple(octets, state), { minLength: 1, maxLength: 3 }).chain((entries) =>
    fc.record({
      kind: fc.constant("segments-reply" as const),
      id,
      step: id,
      status,
      complete: fc.nat(64),
      last: octets,
      addresses: fc.constant(entries.map(([address]) => address)),
      hashes: fc.constant([]),
      states: fc.constant(entries.map(([, held]) => held)),
    }),
  ),
  fc.record({
    kind: fc.constant("stream" as const),
    ...between,
    entries: fc.array(fc.record({ address: octets, state }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("stream-reply" as const), id, step: id, status }),
  fc.array(fc.tuple(vnode, octets), { maxLength: 8 }).chain((keys) =>
    fc.record({
      kind: fc.constant("inspect" as const),
      id,
      vnodes: fc.constant(keys.map(([v]) => v)),
      addresses: fc.constant(keys.map(([, a]) => a)),
    }),
  ),
  fc
    .record({
      kind: fc.constant("inspection" as const),
      id,
      held: fc.array(
        fc.oneof(
          fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { maxLength: 5 }),
          fc.constantFrom(undefined, "failed" as const),
        ),
        { maxLength: 6 },
      ),
      spent: fc.record({ entries: id, bytes: id }),
    })
    .map(({ spent, ...made }) => ({
      ...made,
      metadata: made.held.map((ids) => (ids === undefined || ids === "failed" ? undefined : spent)),
    })),
);

function encode(made: Message): Uint8Array {
  const writer = new ByteWriter(16);
  codec.encode(made, writer);
  return writer.view().slice();
}

describe("the codec", () => {
  it("returns every message as it was", () => {
    fc.assert(
      fc.property(message, (made) => {
        // Cloned: generated records have no prototype.
        assert.deepEqual(structuredClone(codec.decode(new ByteReader(encode(made)))), structuredClone(made));
      }),
      { numRuns: 600 },
    );
  });

  it("answers truncated, lengthened and changed bytes with MalformedBytes or another whole message, never otherwise", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), (made, where, byte) => {
        const whole = encode(made);
        assert.throws(() => codec.decode(new ByteReader(whole.subarray(0, where % whole.length))), MalformedBytes);
        const longer = new Uint8Array(whole.length + 1);
        longer.set(whole);
        assert.throws(() => codec.decode(new ByteReader(longer)), MalformedBytes);
        const changed = whole.slice();
        changed[where % whole.length] = byte;
        try {
          codec.decode(new ByteReader(changed));
        } catch (error) {
          assert.ok(error instanceof MalformedBytes, String(error));
        }
      }),
      { numRuns: 600 },
    );
  });

  it("survives arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          codec.decode(new ByteReader(bytes));
        } catch (error) {
          assert.ok(error instanceof MalformedBytes, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the codec, of options and properties", () => {
  const get = (options: RequestOptions | undefined): Message => ({ kind: "get", id: 1, forwarded: false, address: "", options }); // prettier-ignore
  const bytesOf = (options: RequestOptions | undefined): number => encode(get(options)).length - encode(get(undefined)).length; // prettier-ignore
  const refuses = (bytes: Uint8Array, reason: RegExp): void => {
    assert.throws(() => codec.decode(new ByteReader(bytes)), { name: "MalformedBytes", message: reason });
  };
  const properties: BucketProperties = {
    nVal: 3,
    r: "quorum",
    w: "quorum",
    pr: 0,
    pw: 0,
    dw: "one",
    rw: "quorum",
    nodeConfirms: 0,
    notfoundOk: true,
    basicQuorum: false,
    siblings: "keep",
  };

  it("spends a byte on what is asked differently, and one for each quorum", () => {
    assert.equal(bytesOf({}), 0);
    assert.equal(bytesOf({ r: 2, w: "all" }), 2);
    assert.equal(bytesOf({ r: 2, notfoundOk: false, basicQuorum: true }), 3);
    assert.equal(bytesOf({ nodeConfirms: 2, sloppy: false, nVal: 3, returnBody: true, explain: true }), 6);
  });

  it("spends nothing on an answer that explains nothing", () => {
    const answer = { kind: "answer", id: 1, outcome: "timeout", coordinator: 0, versions: [], context: "" } as const;
    const plain = encode({ ...answer, reason: "" });
    const explained = encode({ ...answer, reason: "", shortfall: { what: "pw", got: 1, wanted: 2 } });
    assert.equal(explained.length, plain.length + 3);
    const wrong = explained.slice();
    wrong[6] = 6;
    refuses(wrong, /threshold 6/);
  });

  it("refuses options there are not, and timeouts beyond an hour", () => {
    const unknown = encode(get(undefined)).slice();
    const longer = new Uint8Array([...unknown.slice(0, -1), 0x80, 0x40]);
    refuses(longer, /options 8192/);
    refuses(encode(get({ timeoutMs: 3_600_001 })), /timeout 3600001 ms/);
    refuses(encode(get({ timeoutMs: 0 })), /timeout 0 ms/);
  });

  it("refuses names that no bucket can have, verbs there are not, and properties with some left out", () => {
    const asked = { kind: "bucket", id: 1, verb: "get", type: "t", bucket: "b", change: undefined } as const;
    refuses(encode({ ...asked, type: "t".repeat(256) }), /a name of 256 bytes, limit 255/);
    refuses(encode({ ...asked, bucket: "b".repeat(65_536) }), /a name of 65536 bytes, limit 65535/);
    const verb = encode(asked).slice();
    for (const code of [3, 16, 0x83]) {
      verb[5] = code;
      refuses(verb, /bucket request/);
    }
    const told = { kind: "bucket-answer", id: 1, outcome: "ok", coordinator: 0, reason: "" } as const;
    assert.deepEqual(codec.decode(new ByteReader(encode({ ...told, properties }))), { ...told, properties });
    for (const name of Object.keys(properties) as (keyof BucketProperties)[]) {
      const { [name]: _left, ...rest } = properties;
      refuses(encode({ ...told, properties: rest as BucketProperties }), /some left out/);
    }
    refuses(encode({ ...told, properties: { ...properties, siblings: "other" as "keep" } }), /siblings 255/);
  });

  it("knows a change of nothing from no change", () => {
    for (const change of [undefined, {}]) {
      const made: Message = { kind: "bucket", id: 1, verb: "set", type: "t", bucket: undefined, change };
      assert.deepEqual(codec.decode(new ByteReader(encode(made))), made);
    }
  });
});

describe("the codec, of trees", () => {
  /** What is encoded is not checked, what is decoded is. */
  const refuses = (made: Message, reason: RegExp): void => {
    assert.throws(() => codec.decode(new ByteReader(encode(made))), { name: "MalformedBytes", message: reason });
  };
  const question = { id: 1, step: 1, group: 0, asking: 0, asked: 0 };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  it("takes messages of the greatest size and refuses greater ones", () => {
    const nodes = numbers(MAX_TREE_HASHES);
    const most: Message = { kind: "tree", ...question, level: 1, nodes, hashes: numbers(2 * nodes.length) };
    assert.deepEqual(codec.decode(new ByteReader(encode(most))), most);
    const more = numbers(MAX_TREE_HASHES + 1);
    refuses({ ...most, nodes: more, hashes: numbers(2 * more.length) }, /1025 items, limit 1024/);
    refuses(
      { kind: "tree-reply", id: 1, step: 1, status: "ok", differing: [], hashes: numbers(2 * more.length) },
      /1025 items/,
    );
    refuses(
      { kind: "segments", ...question, want: "hashes", segments: numbers(MAX_SEGMENTS_ASKED + 1), after: "" },
      /65 items, limit 64/,
    );
    const addresses = numbers(MAX_SEGMENT_KEYS + 1).map(String);
    const hashes = numbers(2 * addresses.length);
    refuses(
      { kind: "segments-reply", id: 1, step: 1, status: "ok", complete: 0, last: "", addresses, hashes, states: [] },
      /257 items, limit 256/,
    );
    const held = clock.update(undefined, "", { writeId: 1, value: "", tombstone: false }, by(packActor(0, 0, 1)));
    refuses({ kind: "stream", ...question, entries: addresses.map((address) => ({ address, state: held })) }, /257/);
  });

  it("holds nothing for a count that the frame cannot have", () => {
    const writer = new ByteWriter();
    codec.encode({ kind: "tree", ...question, level: 0, nodes: [], hashes: [] }, writer);
    const claiming = writer.view().slice();
    claiming[claiming.length - 1] = 100;
    assert.throws(() => codec.decode(new ByteReader(claiming)), /count 100 exceeds the frame/);
  });
});

describe("the codec, of scans", () => {
  const refuses = (made: Message, reason: RegExp): void => {
    assert.throws(() => codec.decode(new ByteReader(encode(made))), { name: "MalformedBytes", message: reason });
  };

  it("takes answers and pages of the greatest size and refuses greater ones", () => {
    const keys = (count: number): Message => ({
      kind: "scan-answer",
      id: 1,
      outcome: "ok",
      coordinator: 0,
      keys: Array.from({ length: count }, (_, i) => ({ key: String(i), versions: [] })),
      next: "",
      reason: "",
    });
    assert.deepEqual(codec.decode(new ByteReader(encode(keys(MAX_SCANNED)))), keys(MAX_SCANNED));
    refuses(keys(MAX_SCANNED + 1), /1001 items, limit 1000/);
    const held = clock.update(undefined, "", { writeId: 1, value: "", tombstone: false }, by(packActor(0, 0, 1)));
    const copies = (count: number): Message => ({
      kind: "range-reply",
      id: 1,
      part: 1,
      status: "ok",
      copies: Array.from({ length: count }, (_, i) => ({ vnode: 0, key: String(i), state: held })),
      upTo: "",
    });
    assert.doesNotThrow(() => codec.decode(new ByteReader(encode(copies(MAX_RANGE_COPIES)))));
    refuses(copies(MAX_RANGE_COPIES + 1), /2049 items, limit 2048/);
  });

  it("takes from a client that coordinates what it may ask of a replica, and nothing else", () => {
    const of = (request: Message): Uint8Array =>
      encode({ kind: "client-coordinated", ring: { version: 3, proposer: 1 }, request: request as ReplicaGet });
    const whole: ReplicaGet = {
      kind: "replica-get",
      id: 1,
      vnode: 0,
      address: encodeAddress({ type: "t", bucket: "b", key: "k" }),
    };
    const held = clock.update(undefined, "", { writeId: 1, value: "v", tombstone: false }, by(1));
    const put = { ...whole, kind: "replica-put", state: held, acknowledge: "none" } as const;
    assert.deepEqual(codec.decode(new ByteReader(of(whole))), {
      kind: "client-coordinated",
      ring: { version: 3, proposer: 1 },
      request: whole,
    });
    const forbidden: readonly Message[] = [
      { ...whole, address: "" },
      { ...whole, background: true },
      { ...put, cause: "anti-entropy" },
      { kind: "heartbeat", epoch: 1, sequence: 1 },
      { kind: "membership-poll", id: 1 },
      { kind: "probe", what: "rumour", id: 0, about: 0, updates: [] },
      { kind: "client-coordinated", ring: { version: 3, proposer: 1 }, request: whole },
    ];
    for (const request of forbidden)
      assert.throws(() => codec.decode(new ByteReader(of(request))), MalformedBytes, JSON.stringify(request));
  });

  it("refuses to ask for copies that are kept for others", () => {
    const range = { kind: "range", id: 1, part: 1, bucket: "", start: "", end: "", limit: 1 } as const;
    assert.doesNotThrow(() => codec.decode(new ByteReader(encode({ ...range, vnodes: [0x7fff] }))));
    refuses({ ...range, vnodes: [3, 0x8000] }, /a range of hints/);
  });

  it("refuses to ask for one copy several times", () => {
    const range = { kind: "range", id: 1, part: 1, bucket: "", start: "", end: "", limit: 1 } as const;
    assert.doesNotThrow(() => codec.decode(new ByteReader(encode({ ...range, vnodes: [0, 3, 9] }))));
    refuses({ ...range, vnodes: [0, 0] }, /vnodes out of order/);
    refuses({ ...range, vnodes: [0, 9, 3] }, /vnodes out of order/);
  });
});

describe("the codec, of probes", () => {
  const update = { node: 1, status: "dead" as const, incarnation: 2 ** 20, by: 2 };
  const ping = (count: number, incarnation = update.incarnation): Uint8Array =>
    encode({
      kind: "probe",
      what: "ping",
      id: 7,
      about: 1,
      updates: Array.from({ length: count }, () => ({ ...update, incarnation })),
    });
  const refuses = (bytes: Uint8Array, reason: RegExp): void => {
    assert.throws(() => codec.decode(new ByteReader(bytes)), { name: "MalformedBytes", message: reason });
  };

  it("spends nine bytes on a ping without news", () => {
    assert.equal(ping(0).length, 9);
  });

  it("takes as many updates as one may carry, and no more", () => {
    assert.doesNotThrow(() => codec.decode(new ByteReader(ping(MAX_LIFE_UPDATES))));
    refuses(ping(MAX_LIFE_UPDATES + 1), /65 updates of lives, limit 64/);
  });

  it("refuses incarnations that no life has, and kinds and statuses that there are not", () => {
    refuses(ping(1, 2 ** 52 + 2), /incarnation/);
    const what = ping(0);
    what[1] = 5;
    refuses(what, /code 5 of 5/);
    const status = ping(1);
    status[11] = 3;
    refuses(status, /code 3 of 3/);
  });
});

describe("frames", () => {
  it("come out whole however the stream was cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (bodies, cuts) => {
          const out = new ByteWriter(8);
          for (const body of bodies) {
            const at = beginFrame(out);
            for (const byte of body) out.u8(byte);
            endFrame(out, at);
          }
          const stream = out.view().slice();
          const splitter = new FrameSplitter();
          const seen: number[][] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const next = Math.min(stream.length, at + cuts[i % cuts.length]);
            splitter.push(stream.subarray(at, next), (frame) =>
              seen.push([...frame.bytes.subarray(frame.at, frame.end)]),
            );
            at = next;
          }
          assert.deepEqual(
            seen,
            bodies.map((body) => [...body]),
          );
        },
      ),
    );
  });

  it("refuse an oversized or empty length before holding any of it", () => {
    for (const size of [0, MAX_FRAME_BYTES + 1, 0xffffffff]) {
      const out = new ByteWriter();
      out.u32(size);
      assert.throws(() => new FrameSplitter().push(out.view(), () => assert.fail()), MalformedBytes);
    }
  });

  it("refuse to send what the other side would refuse", () => {
    const out = new ByteWriter();
    const at = beginFrame(out);
    out.octets("x".repeat(MAX_FRAME_BYTES));
    assert.throws(() => endFrame(out, at), RangeError);
    assert.equal(out.length, 0, "the frame is taken back");
  });

  it("carry a handshake that strangers fail", () => {
    const out = new ByteWriter();
    const hello = { wireVersion: 1, cluster: "c", clock: "dvvset", sender: { kind: "node" as const, index: 3 } };
    encodeHello(hello, out);
    assert.deepEqual(decodeHello(new ByteReader(out.view(), 4)), hello);
    assert.throws(() => decodeHello(ByteReader.ofOctets("GET / HTTP/1.1\r\n\r\n")), MalformedBytes);
  });
});

describe("octets and addresses", () => {
  it("carry any text and any key there and back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), octets, octets, octets, (text, type, bucket, key) => {
        assert.equal(textFromOctets(octetsFromText(text)), text);
        assert.deepEqual(decodeAddress(encodeAddress({ type, bucket, key })), { type, bucket, key });
      }),
    );
  });

  it("know an address from any other octets, by the same rule as reading one", () => {
    const short = fc.uint8Array({ maxLength: 8, max: 3 }).map((bytes) => String.fromCharCode(...bytes));
    fc.assert(
      fc.property(fc.oneof(short, octets), (some) => {
        assert.equal(isAddress(some), decodeAddress(some) !== undefined);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(isAddress(encodeAddress({ type: "", bucket: "", key: "" })));
    const longest = encodeAddress({ type: "t", bucket: "b", key: "k".repeat(65_535) });
    assert.deepEqual([isAddress(longest), isAddress(`${longest}k`)], [true, false]);
  });

  it("know the prefix of a type from that of a bucket, and each from anything else", () => {
    const short = fc.uint8Array({ maxLength: 6, max: 3 }).map((bytes) => String.fromCharCode(...bytes));
    fc.assert(
      fc.property(fc.oneof(short, octets), (some) => {
        const type = some === "" ? undefined : some.slice(1);
        assert.equal(isTypePrefix(some), type !== undefined && typePrefix(type) === some);
        assert.ok(!isTypePrefix(some) || !isBucketPrefix(some), "never both");
      }),
      { numRuns: 1_000 },
    );
    assert.deepEqual([isTypePrefix(typePrefix("")), isTypePrefix(typePrefix("t".repeat(255)))], [true, true]);
    assert.throws(() => typePrefix("t".repeat(256)), RangeError);
    assert.ok(bucketPrefix("t", "b").startsWith(typePrefix("t")));
  });

  it("keep integers up to 2^53 and refuse more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const writer = new ByteWriter(1);
        writer.varint(value);
        writer.u64(value);
        const reader = new ByteReader(writer.view());
        assert.equal(reader.varint(), value);
        assert.equal(reader.u64(), value);
      }),
    );
    assert.throws(() => new ByteReader(new Uint8Array(9).fill(0xff)).varint(), MalformedBytes);
  });
});
