/** Hashes against their authors' published vectors and, where it has them, against the runtime's own. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { fnv1a32, fnv1a64, hashPosition, md5, murmur3x64, murmur3x86, sha1 } from "../../../engine/ring/hash";
import { octetsFromText, type Octets } from "../../../engine/vocabulary/octets";

const octets = (maxLength: number): fc.Arbitrary<Octets> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const hex = (text: Octets): string => Buffer.from(text, "latin1").toString("hex");
const hex32 = (...words: readonly number[]): string => words.map((word) => word.toString(16).padStart(8, "0")).join("");
const fox = "The quick brown fox jumps over the lazy dog";

/** The check value of SMHasher: keys {}, {0}, {0,1}, …, key i with seed 256 - i; then all hashes hashed with seed 0. */
function smhasherCheck(hash: (text: Octets, seed: number) => Octets): number {
  let key = "";
  let all = "";
  for (let i = 0; i < 256; i++) {
    all += hash(key, 256 - i);
    key += String.fromCharCode(i);
  }
  return Buffer.from(hash(all, 0), "latin1").readUInt32LE(0);
}

function littleEndian32(word: number): Octets {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(word);
  return bytes.toString("latin1");
}

describe("Murmur3 x86_32", () => {
  it("has the check value of its author's test suite", () => {
    assert.equal(
      smhasherCheck((text, seed) => littleEndian32(murmur3x86(text, seed))),
      0xb0f57ee3,
    );
  });

  it("gives the well-known values", () => {
    const vectors: readonly (readonly [Octets, number, number])[] = [
      ["", 0, 0],
      ["", 1, 0x514e28b7],
      ["", 0xffffffff, 0x81f16f39],
      ["\xff\xff\xff\xff", 0, 0x76293b50],
      ["\x21\x43\x65\x87", 0, 0xf55b516b],
      ["\x21\x43\x65\x87", 0x5082edee, 0x2362f9de],
      ["\x21\x43\x65", 0, 0x7e4a8634],
      ["\x21\x43", 0, 0xa0f7b07a],
      ["\x21", 0, 0x72661cf4],
      ["\0\0\0\0", 0, 0x2362f9de],
      ["\0", 0, 0x514e28b7],
      ["Hello, world!", 0x9747b28c, 0x24884cba],
      [fox, 0x9747b28c, 0x2fa826cd],
      [fox, 0, 0x2e4ff723],
    ];
    for (const [text, seed, hash] of vectors) assert.equal(hex32(murmur3x86(text, seed)), hex32(hash));
  });
});

describe("Murmur3 x64_128", () => {
  it("has the check value of its author's test suite", () => {
    const hash = (text: Octets, seed: number): Octets => {
      const [h1high, h1low, h2high, h2low] = murmur3x64(text, seed);
      return [h1low, h1high, h2low, h2high].map(littleEndian32).join("");
    };
    assert.equal(smhasherCheck(hash), 0x6384ba69);
  });

  it("gives the well-known values", () => {
    assert.equal(hex32(...murmur3x64("", 0)), "0".repeat(32));
    assert.equal(hex32(...murmur3x64(fox, 0)), "e34bbc7bbc071b6c7a433ca9c49a9347");
  });
});

describe("FNV-1a", () => {
  it("gives its authors' values in 32 bits", () => {
    assert.equal(hex32(fnv1a32("")), "811c9dc5");
    assert.equal(hex32(fnv1a32("a")), "e40c292c");
    assert.equal(hex32(fnv1a32("b")), "e70c2de5");
    assert.equal(hex32(fnv1a32("foobar")), "bf9cf968");
  });

  it("gives its authors' values in 64 bits", () => {
    assert.equal(hex32(...fnv1a64("")), "cbf29ce484222325");
    assert.equal(hex32(...fnv1a64("a")), "af63dc4c8601ec8c");
    assert.equal(hex32(...fnv1a64("foobar")), "85944171f73967e8");
  });

  it("in 64 bits agrees with arithmetic on big integers", () => {
    fc.assert(
      fc.property(octets(40), (text) => {
        let h = 0xcbf29ce484222325n;
        for (let i = 0; i < text.length; i++)
          h = ((h ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & (2n ** 64n - 1n);
        assert.equal(hex32(...fnv1a64(text)), h.toString(16).padStart(16, "0"));
      }),
    );
  });
});

describe("MD5 and SHA-1", () => {
  it("give the values of their RFCs", () => {
    assert.equal(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    assert.equal(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    assert.equal(hex(md5("12345678901234567890".repeat(4))), "57edf4a22be3c955ac49da2e2107b67a");
    assert.equal(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert.equal(
      hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    );
  });

  it("agree with the runtime's own at every length around the block boundaries", () => {
    for (let length = 0; length <= 200; length++) {
      const text = Array.from({ length }, (_, i) => String.fromCharCode((i * 37 + length) & 0xff)).join("");
      assert.equal(hex(md5(text)), createHash("md5").update(text, "latin1").digest("hex"), `md5 of ${length} octets`);
      assert.equal(
        hex(sha1(text)),
        createHash("sha1").update(text, "latin1").digest("hex"),
        `sha1 of ${length} octets`,
      );
    }
  });

  it("agree with the runtime's own on any octets", () => {
    fc.assert(
      fc.property(octets(400), (text) => {
        assert.equal(hex(md5(text)), createHash("md5").update(text, "latin1").digest("hex"));
        assert.equal(hex(sha1(text)), createHash("sha1").update(text, "latin1").digest("hex"));
      }),
    );
  });
});

describe("a ring position", () => {
  it("is the top 32 bits of the digest, or the 32-bit hash", () => {
    fc.assert(
      fc.property(octets(100), (text) => {
        assert.equal(hashPosition("md5", text), createHash("md5").update(text, "latin1").digest().readUInt32BE(0));
        assert.equal(hashPosition("sha1", text), createHash("sha1").update(text, "latin1").digest().readUInt32BE(0));
        assert.equal(hashPosition("murmur3", text), murmur3x86(text, 0));
        assert.equal(hashPosition("fnv1a", text), fnv1a32(text));
      }),
    );
  });

  it("is spread evenly over 64 parts for keys that count upwards, but for FNV-1a", () => {
    const spread = (name: "murmur3" | "md5" | "sha1" | "fnv1a"): number => {
      const counts = new Array<number>(64).fill(0);
      for (let i = 0; i < 6400; i++) counts[hashPosition(name, octetsFromText(`user${i}`)) >>> 26]++;
      return counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    };
    // Chi-squared with 63 degrees of freedom: 113 is passed once in ten thousand.
    for (const name of ["murmur3", "md5", "sha1"] as const) assert.ok(spread(name) < 113, `${name}: ${spread(name)}`);
    assert.ok(spread("fnv1a") > 113, `fnv1a is no longer uneven: ${spread("fnv1a")}`);
  });
});
