import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalText, KeyHash, KeyNamer, MAX_KEY_NUMBER } from "../../../workloads/ycsb/key-number";

/** The dumb twin: YCSB's Utils.fnvhash64 in BigInt. */
function twin(value: bigint): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0n; i < 8n; i++) hash = ((hash ^ ((value >> (8n * i)) & 0xffn)) * 1099511628211n) & 0xffffffffffffffffn;
  const signed = BigInt.asIntN(64, hash);
  return signed < 0n ? -signed : signed;
}

const numbers = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 70_000_000_000 }),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }),
);

describe("YCSB key names", () => {
  it("gives the names seen in every YCSB dump", () => {
    const namer = new KeyNamer({ prefix: "user", hashed: true, zeroPadding: 1 });
    assert.equal(namer.name(0), "user6284781860667377211");
    assert.equal(namer.name(1), "user8517097267634966620");
    assert.equal(namer.name(2), "user1820151046732198393");
  });

  it("hashes, prints and folds as 64-bit arithmetic does", () => {
    const hash = new KeyHash();
    const moduli = fc.oneof(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 2 ** 21 - 2, max: 2 ** 21 + 2 }),
      fc.integer({ min: 1, max: MAX_KEY_NUMBER }),
    );
    fc.assert(
      fc.property(numbers, moduli, (value, modulus) => {
        const expected = twin(BigInt(value));
        hash.of(value);
        assert.equal(hash.text(), expected.toString());
        assert.equal(hash.mod(modulus), Number(expected % BigInt(modulus)));
      }),
      { numRuns: 3000 },
    );
  });

  it("prints every 63-bit number", () => {
    const halves = fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 1, 0xffffffff, 999_999, 1_000_000));
    fc.assert(
      fc.property(halves, halves, (high, low) => {
        const upper = Math.floor(high / 2);
        assert.equal(decimalText(upper, low), ((BigInt(upper) << 32n) | BigInt(low)).toString());
      }),
      { numRuns: 2000 },
    );
    assert.equal(decimalText(0, 0), "0");
    assert.equal(decimalText(0x80000000, 0), (1n << 63n).toString());
  });

  it("leaves ordered numbers as they are and pads with zeros", () => {
    const ordered = new KeyNamer({ prefix: "k", hashed: false, zeroPadding: 6 });
    assert.equal(ordered.name(42), "k000042");
    assert.equal(ordered.name(1_234_567), "k1234567");
  });
});
