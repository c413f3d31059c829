/**
 * The small parts of HTTP by themselves: targets and their octets, dates, what is accepted, links, and the tree of routes.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { headerValue, mediaTypeOf } from "../../../engine/http/content-headers";
import { httpDate, secondOfHttpDate } from "../../../engine/http/dates";
import { isLoopbackName } from "../../../engine/http/forbidden";
import { linkHeader, linksOf } from "../../../engine/http/links";
import { jsonName } from "../../../engine/http/listings";
import { chooseMediaType, chooseToken } from "../../../engine/http/negotiation";
import { MAX_SEGMENTS, percentDecoded, percentEncoded, queryOf, segmentsOf } from "../../../engine/http/url";

const octets = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 30 })
  .map((codes) => String.fromCharCode(...codes));

const segments = (target: string): readonly string[] => {
  const into = new Array<string>(MAX_SEGMENTS).fill("");
  return into.slice(0, segmentsOf(target, into));
};

describe("targets", () => {
  it("octets are encoded and decoded, whatever they are", () => {
    fc.assert(
      fc.property(octets, octets, (bucket, key) => {
        const path = `/buckets/${percentEncoded(bucket)}/keys/${percentEncoded(key)}?a=${percentEncoded(key)}`;
        assert.deepEqual(segments(path).map(percentDecoded), ["buckets", bucket, "keys", key]);
        assert.equal(queryOf(path)!.get("a"), key);
      }),
    );
  });

  it("malformed encodings are found, and nothing else is", () => {
    for (const text of ["%", "%a", "%g0", "%0g", "a%2", "%%20"]) assert.equal(percentDecoded(text), undefined, text);
    for (const [text, decoded] of [
      ["a+b", "a b"],
      ["%2B", "+"],
      ["%2f%2F", "//"],
      ["é", "é"],
      ["", ""],
    ])
      assert.equal(percentDecoded(text), decoded);
  });

  it("paths are split where they are, in any form", () => {
    assert.deepEqual(segments("/"), []);
    assert.deepEqual(segments("//a///b/?c/d"), ["a", "b"]);
    assert.deepEqual(segments("http://host:1/a/b?c"), ["a", "b"]);
    assert.deepEqual(segments("http://host"), []);
    assert.deepEqual(segments("*"), ["*"]);
    assert.ok(segmentsOf("/a".repeat(100), []) > MAX_SEGMENTS);
    assert.deepEqual(
      [...queryOf("/?a=1&a=2&b&=x&&c=%20")!],
      [
        ["a", "1"],
        ["b", ""],
        ["", "x"],
        ["c", " "],
      ],
    );
  });
});

describe("dates", () => {
  it("are written in whole seconds and read again", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_799 }),
        fc.integer({ min: 0, max: 999_999 }),
        (second, micros) => {
          assert.equal(secondOfHttpDate(httpDate(second * 1_000_000 + micros)), second);
        },
      ),
    );
    assert.equal(httpDate(1672653600_500_000), "Mon, 02 Jan 2023 10:00:00 GMT");
  });

  it("what is no date of HTTP is none", () => {
    for (const text of [
      "",
      "5",
      "2023-01-02",
      "Mon, 02 Jan 2023 10:00:00",
      "Mon, 2 Jan 2023 10:00:00 GMT",
      "Mon, 02 Jan 2023 10:00:00 PST",
      "Mon, 32 Foo 2023 10:00:00 GMT",
    ])
      assert.equal(secondOfHttpDate(text), undefined, text);
  });
});

describe("what is accepted", () => {
  it("media types by quality, and of equal ones the last", () => {
    const rows: readonly (readonly [readonly string[], string | undefined, string | undefined])[] = [
      [["a/b"], undefined, "a/b"],
      [["a/b", "c/d"], "*/*", "a/b"],
      [["a/b", "c/d"], "a/b, c/d", "c/d"],
      [["a/b", "c/d"], "a/b;q=1.0, c/d;q=0.9", "a/b"],
      [["a/b", "c/d"], "c/*", "c/d"],
      [["a/b", "c/d"], "c/*;q=.5, a/*;q=.4", "c/d"],
      [["a/b"], "x/y", undefined],
      [["a/b"], "", undefined],
      [["a/b"], "a/b;q=none", undefined],
      [["a/b"], "a/b;level=1", undefined],
      [["a/b"], "x/y, *", "a/b"],
      [["a/b"], "*/*;q=0", "a/b"],
    ];
    for (const [provided, accept, chosen] of rows) assert.equal(chooseMediaType(provided, accept), chosen, accept);
  });

  it("encodings and charsets", () => {
    const rows: readonly (readonly [readonly string[], string, string | undefined])[] = [
      [["identity"], "gzip", "identity"],
      [["identity"], "gzip, identity;q=0", undefined],
      [["identity"], "*;q=0", undefined],
      [["identity"], "*;q=0, identity", "identity"],
      [["gzip"], "identity", undefined],
      [["gzip"], "identity, *", "gzip"],
      [["GZIP"], "gzip;q=0.5", "GZIP"],
      [["gzip"], "gzip;q=0, *", undefined],
      [["gzip"], "gzip;x=1", undefined],
    ];
    for (const [provided, accepted, chosen] of rows)
      assert.equal(chooseToken(provided, accepted, "identity"), chosen, accepted);
  });
});

describe("headers", () => {
  it("links are written and read again, in both forms", () => {
    const link = fc.tuple(octets, octets, octets);
    fc.assert(
      fc.property(fc.array(link, { maxLength: 4 }), octets, fc.constantFrom<1 | 2>(1, 2), (links, bucket, version) => {
        const up =
          version === 1
            ? `</riak/${percentEncoded(bucket)}>; rel="up"`
            : `</buckets/${percentEncoded(bucket)}>; rel="up"`;
        assert.deepEqual(linksOf(linkHeader(up, links, version), bucket, version), links);
      }),
    );
  });

  it("no octets end a line", () => {
    fc.assert(fc.property(octets, (value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(headerValue(value))));
    assert.equal(headerValue("a\r\nb"), "a%0D%0Ab");
  });

  it("a media type has its charset, quoted or not", () => {
    assert.deepEqual(mediaTypeOf("a/b"), { contentType: "a/b" });
    for (const header of ["a/b; charset=utf-8", 'a/b;charset="utf-8"', "a/b; x=y; charset=utf-8"])
      assert.deepEqual(mediaTypeOf(header), { contentType: "a/b", charset: "utf-8" }, header);
    assert.deepEqual(mediaTypeOf("a/b; mycharset=x"), { contentType: "a/b" });
  });

  it("names of this machine, and none that only look so", () => {
    for (const host of [
      "localhost",
      "LOCALHOST:1",
      "127.0.0.1:80",
      "127.255.0.9",
      "[::1]",
      "[::1]:8098",
      "a.localhost",
    ])
      assert.ok(isLoopbackName(host), host);
    for (const host of [
      "",
      "example.com",
      "127.0.0.1.example.com",
      "127.0.0.256",
      "notlocalhost",
      "localhost.example.com",
      "10.0.0.1",
      "[::2]",
      "0.0.0.0",
    ])
      assert.ok(!isLoopbackName(host), host);
  });

  it("names in JSON are text where they are text", () => {
    fc.assert(
      fc.property(octets, (name) => {
        const text = JSON.parse(Buffer.from(jsonName(name), "latin1").toString("utf8")) as string;
        assert.ok(text === name || Buffer.from(text, "utf8").toString("latin1") === name);
      }),
    );
  });
});
