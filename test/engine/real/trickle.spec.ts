import { strict as assert } from "node:assert";
import { ByteWriter } from "../../../engine/vocabulary/octets";
import { beginFrame, endFrame, FrameSplitter } from "../../../engine/wire/frames";

/** A frame of `size` bytes, with its length in front. */
function frameOf(size: number): Uint8Array {
  const out = new ByteWriter();
  const at = beginFrame(out);
  for (let i = 0; i < size; i++) out.u8(i % 251);
  endFrame(out, at);
  return out.view().slice();
}

describe("a frame that trickles in", () => {
  it("comes out whole, and costs few copies however small the pieces", () => {
    const whole = frameOf(2_000_000);
    const splitter = new FrameSplitter();
    const buffers = new Set<unknown>();
    let seen = 0;
    for (let at = 0; at < whole.length; at += 500) {
      splitter.push(whole.subarray(at, at + 500), (body) => {
        seen++;
        assert.deepEqual(body.bytes.slice(body.at, body.end), whole.subarray(4));
      });
      buffers.add(splitter["rest"]);
      assert.equal(splitter.insideFrame, at + 500 < whole.length);
    }
    assert.equal(seen, 1);
    assert.ok(buffers.size < 30, `${String(buffers.size)} buffers for 4000 pieces`);
  });

  it("is a copy of what arrived: the socket may use its buffer again", () => {
    const whole = frameOf(100);
    const splitter = new FrameSplitter();
    const chunk = Buffer.from(whole.subarray(0, 60));
    splitter.push(chunk, () => assert.fail("not whole yet"));
    chunk.fill(0);
    let seen: number[] = [];
    splitter.push(whole.subarray(60), (body) => (seen = [...body.bytes.subarray(body.at, body.end)]));
    assert.deepEqual(seen, [...whole.subarray(4)]);
  });

  it("leaves nothing of a large frame behind", () => {
    const splitter = new FrameSplitter();
    const whole = frameOf(1_000_000);
    splitter.push(whole.subarray(0, 7), () => assert.fail("not whole yet"));
    splitter.push(whole.subarray(7), () => undefined);
    assert.equal(splitter["rest"].length, 0);
    assert.equal(splitter.insideFrame, false);
  });
});
