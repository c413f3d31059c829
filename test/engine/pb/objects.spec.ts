/**
 * Get, put and delete field by field, over a real socket against one node: what is answered to what is asked, in Riak's
 * words where Riak has words. The client here is a few lines of our own, for a library would hide half of the fields.
 */
import { strict as assert } from "node:assert";
import * as messages from "../../../engine/pb/messages";
import { CODES } from "../../../engine/pb/messages";
import { ALL, ONE, QUORUM } from "../../../engine/pb/quorum-words";
import type { Input } from "../../../engine/io";
import { type Client, LoneNode, type LoneNodeOptions } from "./lone-node";

let lone: LoneNode;
let client: Client;

async function start(options?: LoneNodeOptions): Promise<void> {
  lone = await LoneNode.start(options);
  client = await lone.client();
}

type Put = Partial<messages.PutFields> & { readonly value?: string };
type Get = Partial<messages.GetFields>;
type Delete = Partial<messages.DeleteFields>;

const get = (fields: Get = {}): Promise<messages.GotFields> =>
  client.ask([CODES.get, messages.GET, { bucket: "b", key: "k", ...fields }], [CODES.got, messages.GOT]);

const put = ({ value = "v", ...fields }: Put = {}): Promise<messages.StoredFields> =>
  client.ask(
    [CODES.put, messages.PUT, { bucket: "b", key: "k", content: { value }, ...fields }],
    [CODES.stored, messages.STORED],
  );

async function remove(fields: Delete = {}): Promise<void> {
  client.send(CODES.delete, messages.DELETE, { bucket: "b", key: "k", ...fields });
  assert.deepEqual(await client.frame(), { code: CODES.deleted, body: Buffer.alloc(0) });
}

const getRefused = (fields: Get): Promise<string> =>
  client.refusal(CODES.get, messages.GET, { bucket: "b", key: "k", ...fields });

const putRefused = ({ value = "v", ...fields }: Put): Promise<string> =>
  client.refusal(CODES.put, messages.PUT, { bucket: "b", key: "k", content: { value }, ...fields });

const NOTHING = { content: [] };

const values = ({ content }: messages.GotFields): string[] => (content ?? []).map(({ value }) => value).sort();

describe("objects over protocol buffers", () => {
  afterEach(() => lone.stop());

  it("are stored and read with all that is kept beside the value", async () => {
    await start({ wallMicros: () => 1_700_000_000_123_456 });
    const content = {
      value: "\0\xff~",
      contentType: "text/plain",
      charset: "utf-8",
      contentEncoding: "gzip",
      links: [{ bucket: "b2", key: "k2", tag: "friend" }],
      userMeta: [
        { key: "colour", value: "blue" },
        { key: "empty", value: "" },
      ],
      indexes: [{ key: "age_int", value: "7" }],
    };
    assert.deepEqual(await put({ content }), NOTHING);
    const got = await get();
    const [only, ...others] = got.content!;
    assert.equal(others.length, 0);
    const { vtag, links, userMeta, indexes, ...rest } = only;
    assert.match(vtag!, /^[0-9A-Za-z]+$/);
    const plain = (items: readonly object[] | undefined): object[] | undefined => items?.map((item) => ({ ...item }));
    assert.deepEqual(
      { ...rest, links: plain(links), userMeta: plain(userMeta), indexes: plain(indexes) },
      { ...content, lastModified: 1_700_000_000, lastModifiedMicros: 123_456 },
    );
    assert.ok(got.clock!.length > 0);
    assert.equal(got.unchanged, undefined);
  });

  it("without a type of their own are octets", async () => {
    await start();
    await put();
    const { content } = await get();
    assert.equal(content![0].contentType, "application/octet-stream");
  });

  it("that are not there are an empty answer, and deleting them is a success", async () => {
    await start();
    client.send(CODES.get, messages.GET, { bucket: "b", key: "k" });
    assert.deepEqual(await client.frame(), { code: CODES.got, body: Buffer.alloc(0) });
    await remove();
    // Nothing was written: no tombstone either.
    assert.deepEqual(await get({ deletedClock: true }), NOTHING);
  });

  it("blind writes make siblings, a write with the clock of a read replaces them", async () => {
    await start();
    await put({ value: "one" });
    await put({ value: "two" });
    const both = await get();
    assert.deepEqual(values(both), ["one", "two"]);
    assert.notEqual(both.content![0].vtag, both.content![1].vtag);
    await put({ value: "resolved", clock: both.clock });
    assert.deepEqual(values(await get()), ["resolved"]);
  });

  it("heads have everything but values", async () => {
    await start();
    await put({ content: { value: "long", contentType: "text/plain" } });
    const whole = await get();
    const head = await get({ head: true });
    assert.deepEqual(values(head), [""]);
    assert.equal(head.content![0].contentType, "text/plain");
    assert.equal(head.content![0].vtag, whole.content![0].vtag);
    assert.equal(head.clock, whole.clock);
  });

  it("are unchanged while the clock is the one that the client has", async () => {
    await start();
    await put();
    const { clock } = await get();
    assert.deepEqual(await get({ ifModified: clock }), { content: [], unchanged: true });
    await put({ value: "newer", clock });
    assert.deepEqual(values(await get({ ifModified: clock })), ["newer"]);
  });

  it("return_body and return_head bring all siblings and the clock", async () => {
    await start();
    await put({ value: "one" });
    const stored = await put({ content: { value: "two", contentType: "text/plain" }, returnBody: true });
    assert.deepEqual(values(stored), ["one", "two"]);
    assert.equal(stored.clock, (await get()).clock);
    assert.equal(stored.key, undefined);
    const { clock } = stored;
    const head = await put({ content: { value: "x", contentType: "text/plain" }, clock, returnHead: true });
    assert.deepEqual(values(head), [""]);
    assert.equal(head.content![0].contentType, "text/plain");
  });

  it("without a key get one in base 62, each its own", async () => {
    await start();
    const first = await put({ key: undefined });
    const second = await put({ key: undefined, value: "w", returnBody: true });
    for (const { key } of [first, second]) assert.match(key!, /^[0-9A-Za-z]{27}$/);
    assert.notEqual(first.key, second.key);
    assert.deepEqual(values(second), ["w"]);
    assert.deepEqual(values(await get({ key: first.key })), ["v"]);
  });

  it("conditions of a put fail in Riak's words", async () => {
    await start();
    assert.equal(await putRefused({ ifNotModified: true }), "notfound");
    await put({ ifNoneMatch: true, value: "first" });
    assert.equal(await putRefused({ ifNoneMatch: true }), "match_found");
    const { clock } = await get();
    assert.equal(await putRefused({ ifNotModified: true }), "modified");
    await put({ ifNotModified: true, clock, value: "second" });
    assert.equal(await putRefused({ ifNotModified: true, clock }), "modified");
    assert.deepEqual(values(await get()), ["second"]);
    await remove();
    // What is deleted is not there.
    assert.equal(await putRefused({ ifNotModified: true, clock }), "notfound");
    await put({ ifNoneMatch: true, value: "third" });
    assert.ok(values(await get()).includes("third"));
  });

  it("two conditional puts that are tested before either writes both pass: the test is no part of the write", async () => {
    const tests: Input[] = [];
    await start({
      between: (through) => (input) => {
        const kind = input.kind === "asked" ? input.message.kind : undefined;
        if (kind === "put") setImmediate(() => through(input));
        else if (kind !== "get" || tests.length === 2) through(input);
        else if (tests.push(input) === 2) tests.forEach(through);
      },
    });
    const other = await lone.client();
    const fields = { bucket: "b", key: "k", ifNoneMatch: true };
    client.send(CODES.put, messages.PUT, { ...fields, content: { value: "one" } });
    other.send(CODES.put, messages.PUT, { ...fields, content: { value: "two" } });
    assert.equal((await client.frame()).code, CODES.stored);
    assert.equal((await other.frame()).code, CODES.stored);
    assert.deepEqual(values(await get()), ["one", "two"]);
    assert.equal(await putRefused({ ifNoneMatch: true }), "match_found");
  });

  it("deleted ones give their clock to whoever asks, and a write with it leaves no tombstone behind", async () => {
    await start();
    await put();
    const { clock } = await get();
    await remove({ clock });
    assert.deepEqual(await get(), NOTHING);
    const { clock: tombstone, content } = await get({ deletedClock: true });
    assert.deepEqual(content, []);
    assert.ok(tombstone!.length > 0 && tombstone !== clock);
    await put({ clock: tombstone, value: "again" });
    assert.deepEqual(values(await get()), ["again"]);
  });

  it("a delete that has seen nothing leaves a tombstone beside what others wrote", async () => {
    await start();
    const { clock } = await put({ value: "one", returnBody: true });
    await put({ value: "two", clock });
    await remove({ clock });
    const { content } = await get();
    assert.deepEqual(content!.map(({ value, deleted }) => [value, deleted]).sort(), [
      ["", true],
      ["two", undefined],
    ]);
  });

  it("quorums are numbers or words, and those that N cannot have are refused in Riak's words", async () => {
    await start();
    for (const quorum of [ONE, QUORUM, ALL, 0, 1, 3]) {
      await put({ value: "v", w: quorum, dw: quorum, pw: quorum, clock: (await get()).clock });
      assert.deepEqual(values(await get({ r: quorum, pr: quorum })), ["v"]);
    }
    await remove({ rw: ALL });
    const refused = "Specified w/dw/pw/node_confirms values invalid for bucket n value of 3";
    assert.equal(await getRefused({ r: 4 }), refused);
    assert.equal(await getRefused({ pr: 0xffff_ffff }), refused);
    assert.equal(await putRefused({ pw: 9 }), refused);
    assert.equal(await getRefused({ nVal: 4 }), "n_val 4 is not between 1 and the bucket's 3");
    assert.deepEqual(await get({ nVal: 1, sloppyQuorum: false, timeout: 1_000, notfoundOk: false }), NOTHING);
  });

  it("too few nodes are told by name and number", async () => {
    await start();
    // All three copies are on one node.
    assert.equal(await putRefused({ nodeConfirms: 2 }), "node_confirms-value unsatisfied: 1/2");
    assert.equal(await getRefused({ nodeConfirms: 3 }), "node_confirms-value unsatisfied: 1/3");
  });

  it("names of no length, unknown types, and what is too long are refused, and the connection goes on", async () => {
    await start({ limits: { maxBodyBytes: 1_000 } });
    assert.equal(await getRefused({ bucket: "" }), "Bucket cannot be zero-length");
    assert.equal(await putRefused({ key: "" }), "Key cannot be zero-length");
    assert.equal(await getRefused({ type: "" }), "Type cannot be zero-length");
    assert.equal(await getRefused({ type: "nobody" }), "No bucket-type named 'nobody'");
    assert.match(await putRefused({ key: "x".repeat(2_000) }), /together are longer than 1897 bytes/);
    assert.match(await getRefused({ bucket: "x".repeat(70_000) }), /together are longer than/);
    assert.match(await putRefused({ value: "x".repeat(1_001) }), /^too_large: .* of 10\d\d bytes, limit 1000$/);
    assert.match(await putRefused({ asIs: true }), /asis is not supported/);
    assert.match(await putRefused({ syncOnWrite: "all" }), /sync_on_write is not supported/);
    await put({ type: "default", syncOnWrite: "backend", asIs: false });
    assert.deepEqual(values(await get()), ["v"], "the default type is no type");
  });

  it("a value that would not fit a message between nodes beside its key is refused, one a little shorter is kept", async () => {
    await start();
    const most = 8 * 1024 * 1024 - 65_536;
    assert.match(await putRefused({ value: "x".repeat(most) }), /^too_large/);
    await put({ value: "y".repeat(most - 100) });
    assert.equal((await get()).content![0].value.length, most - 100);
  });

  it("lie where their preference list says", async () => {
    await start();
    const asked = { bucket: "b", key: "k" };
    const listed = [CODES.preferenceList, messages.PREFERENCE_LIST] as const;
    const { entries } = await client.ask([CODES.getPreferenceList, messages.GET_PREFERENCE_LIST, asked], listed);
    assert.deepEqual(
      entries!.map(({ node, primary }) => [node, primary]),
      Array.from({ length: 3 }, () => ["alone", true]),
    );
    assert.equal(new Set(entries!.map(({ partition }) => Number(partition))).size, 3, "three partitions of one node");
  });

  it("a clock that is none is refused, whatever it is", async () => {
    await start();
    for (const clock of ["x", "\xff\xff\xff", "a85hYGBgzGDKBVI8ypz/fn5Ie3OPQeizegZTIlMeKwPPBvULfFkA"]) {
      assert.match(await putRefused({ clock }), /context/);
      const removal = { bucket: "b", key: "k", clock };
      assert.match(await client.refusal(CODES.delete, messages.DELETE, removal), /context/);
    }
    assert.deepEqual(await get(), NOTHING);
  });

  it("a node that says nothing is a timeout, and the next request is answered", async () => {
    let silent = true;
    await start({
      engine: { readTimeoutMs: 50 },
      limits: { graceMs: 10 },
      between: (deliver) => (input) => {
        if (!silent) deliver(input);
      },
    });
    assert.equal(await getRefused({ timeout: 20 }), "timeout");
    silent = false;
    assert.deepEqual(await get(), NOTHING);
  });
});
