/**
 * Bodies of siblings: every byte of every value comes back, and what is not such a body is refused whole, never read in part
 * and never a crash.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { boundaryOf, partsOf } from "../../../workloads/targets/multipart";

const octets = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
/** Bytes that are apt to be taken for something else. */
const nasty = fc
  .array(fc.constantFrom("\r\n", "--", "--B", "\r\n--", "\r\n--A", "x", "\r\n\r\n", "\n", ": "), { maxLength: 12 })
  .map((pieces) => pieces.join(""));
/** Whoever writes such a body chooses a boundary that is in no value. */
const value = fc.oneof(octets, nasty).filter((text) => !`\r\n${text}`.includes("\r\n--B"));

const written = (parts: readonly { headers: readonly (readonly [string, string])[]; body: string }[]): Buffer =>
  Buffer.from(
    parts
      .map(
        ({ headers, body }) =>
          `\r\n--B\r\n${headers.map(([name, text]) => `${name}: ${text}\r\n`).join("")}\r\n${body}`,
      )
      .join("") + "\r\n--B--\r\n",
    "latin1",
  );

describe("multipart bodies", () => {
  it("give back every part with every byte", () => {
    const header = fc.tuple(
      fc.constantFrom("Etag", "Content-Type", "X-Riak-Deleted"),
      fc.constantFrom("a", "true", "b/c"),
    );
    const part = fc.record({
      headers: fc.uniqueArray(header, { selector: ([name]) => name, maxLength: 3 }),
      body: value,
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const found = partsOf(written(parts), "B");
        assert.ok(typeof found !== "string");
        assert.deepEqual(
          found.map(({ headers, body }) => ({ headers: [...headers], body })),
          parts.map(({ headers, body }) => ({
            headers: headers.map(([name, text]) => [name.toLowerCase(), text]),
            body,
          })),
        );
      }),
    );
  });

  it("are read as Riak writes them, and without the line end in front", () => {
    const lines = [
      "",
      "--BOUND",
      "Content-Type: text/plain",
      'Link: </buckets/b1>; rel="up"',
      "Etag: vtagOne",
      "",
      "first value",
    ];
    const more = [
      "--BOUND",
      "Content-Type: application/json; charset=utf-8",
      "X-Riak-Deleted: true",
      "",
      "",
      "--BOUND--",
      "",
    ];
    const text = [...lines, ...more].join("\r\n");
    for (const body of [text, text.slice(2)]) {
      const parts = partsOf(Buffer.from(body, "latin1"), "BOUND");
      assert.ok(typeof parts !== "string");
      assert.deepEqual(parts.map(({ body: one }) => one), ["first value", ""]); // prettier-ignore
      assert.equal(parts[0].headers.get("link"), '</buckets/b1>; rel="up"');
      assert.equal(parts[1].headers.get("x-riak-deleted"), "true");
    }
    assert.deepEqual(partsOf(Buffer.from("\r\n--B--\r\n"), "B"), []);
    assert.deepEqual(partsOf(Buffer.from("--B--"), "B"), []);
  });

  it("are refused whole when they break off anywhere, or say more than they should", () => {
    const whole = written([
      { headers: [["Etag", "a"]], body: "one" },
      { headers: [], body: "two" },
    ]);
    for (let length = 0; length < whole.length - 2; length++) {
      assert.equal(typeof partsOf(whole.subarray(0, length), "B"), "string", `cut at ${String(length)}`);
    }
    for (const body of [
      "",
      "x\r\n--B--",
      "--B",
      "--B\r\nno header\r\n\r\nv\r\n--B--",
      "--B\r\n a: b\r\n\r\nv\r\n--B--",
      "--B--x",
      "--Bx\r\n\r\nv\r\n--B--",
      "--B\r\n--B--",
      "--B\r\na: b\r\n--B--\r\n",
    ]) {
      assert.equal(typeof partsOf(Buffer.from(body, "latin1"), "B"), "string", JSON.stringify(body));
    }
    fc.assert(
      fc.property(fc.oneof(octets, nasty), (body) => {
        partsOf(Buffer.from(body, "latin1"), "B");
      }),
      { numRuns: 1_000 },
    );
  });

  it("name a boundary of the characters that are allowed, or none", () => {
    assert.equal(boundaryOf("multipart/mixed; boundary=abc"), "abc");
    assert.equal(boundaryOf('Multipart/Mixed;charset=x; BOUNDARY="a b"'), "a b");
    for (const type of [
      "",
      "text/plain; boundary=a",
      "multipart/mixed",
      "multipart/mixed; boundary=",
      'multipart/mixed; boundary="a',
      "multipart/mixed; boundary=a\u00ff",
      `multipart/mixed; boundary=${"a".repeat(71)}`,
      'multipart/mixed; boundary="a "',
    ]) {
      assert.equal(boundaryOf(type), undefined, type);
    }
  });
});
