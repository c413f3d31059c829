import { strict as assert } from "node:assert";
import fc from "fast-check";
import { clockNamed } from "../../../engine/clocks/clock";
import type { Message } from "../../../engine/messages";
import { ByteReader, ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";
import { Codec } from "../../../engine/wire/codec";
import { decodeSendingInstant, encodeSendingInstant } from "../../../engine/wire/sending-instant";

const codec = new Codec(clockNamed("dvvset"));
const message: Message = { kind: "replica-get", id: 7, vnode: 3, address: "abc" };

describe("the instant of sending", () => {
  it("comes back in front of its message, and is absent where none was written", () => {
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: undefined }), (sentAt) => {
        const out = new ByteWriter();
        if (sentAt !== undefined) encodeSendingInstant(sentAt, out);
        codec.encode(message, out);
        const reader = new ByteReader(out.view());
        assert.equal(decodeSendingInstant(reader), sentAt);
        assert.deepEqual(codec.decode(reader), message);
      }),
    );
  });

  it("cut short or alone is malformed, and no message", () => {
    const out = new ByteWriter();
    encodeSendingInstant(1_000_000, out);
    const reader = new ByteReader(out.view());
    assert.equal(decodeSendingInstant(reader), 1_000_000);
    assert.throws(() => codec.decode(reader), MalformedBytes);
    assert.throws(() => decodeSendingInstant(new ByteReader(out.view().subarray(0, 2))), MalformedBytes);
    assert.throws(() => codec.decode(new ByteReader(out.view())), /unknown message kind/);
    assert.equal(decodeSendingInstant(new ByteReader(new Uint8Array(0))), undefined);
  });
});
