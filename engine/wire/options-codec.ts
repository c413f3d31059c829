/**
 * What a client asks differently from the bucket's values: one byte where it asks nothing of the kind, as nearly always; else
 * which there are, as a varint whose seven low bits are those that loads use, then the values in order. Quorums are a byte
 * each, here and among the properties of buckets. A new option is a new bit at the end, so that old requests keep their bytes.
 */
import { MAX_TIMEOUT_MS, type RequestOptions, type Shortfall, type Threshold } from "../messages";
import { type ByteReader, type ByteWriter, MalformedBytes } from "../vocabulary/octets";
import type { QuorumValue } from "../vocabulary/settings";

export function encodeOptions(options: RequestOptions | undefined, out: ByteWriter): void {
  if (options === undefined) {
    out.u8(0);
    return;
  }
  const { r, w, pr, pw, dw, notfoundOk, basicQuorum, timeoutMs, nodeConfirms, sloppy, nVal, returnBody, explain } =
    options;
  out.varint(
    (r === undefined ? 0 : HAS_R) |
      (w === undefined ? 0 : HAS_W) |
      (pr === undefined ? 0 : HAS_PR) |
      (pw === undefined ? 0 : HAS_PW) |
      (dw === undefined ? 0 : HAS_DW) |
      (notfoundOk === undefined ? 0 : HAS_NOTFOUND_OK) |
      (basicQuorum === undefined ? 0 : HAS_BASIC_QUORUM) |
      (timeoutMs === undefined ? 0 : HAS_TIMEOUT) |
      (nodeConfirms === undefined ? 0 : HAS_NODE_CONFIRMS) |
      (sloppy === undefined ? 0 : HAS_SLOPPY) |
      (nVal === undefined ? 0 : HAS_N_VAL) |
      (returnBody === undefined ? 0 : HAS_RETURN_BODY) |
      (explain === undefined ? 0 : HAS_EXPLAIN),
  );
  for (const value of [r, w, pr, pw, dw]) if (value !== undefined) encodeQuorum(value, out);
  if (notfoundOk !== undefined) out.u8(notfoundOk ? 1 : 0);
  if (basicQuorum !== undefined) out.u8(basicQuorum ? 1 : 0);
  if (timeoutMs !== undefined) out.varint(timeoutMs);
  if (nodeConfirms !== undefined) encodeQuorum(nodeConfirms, out);
  if (sloppy !== undefined) out.u8(sloppy ? 1 : 0);
  if (nVal !== undefined) out.varint(nVal);
  if (returnBody !== undefined) out.u8(returnBody ? 1 : 0);
  if (explain !== undefined) out.u8(explain ? 1 : 0);
}

/** @throws MalformedBytes */
export function decodeOptions(reader: ByteReader): RequestOptions | undefined {
  const flags = reader.varint();
  if (flags === 0) return undefined;
  if (flags > ALL_OPTIONS) throw new MalformedBytes(`options ${String(flags)}`);
  const quorum = (bit: number): QuorumValue | undefined => ((flags & bit) !== 0 ? decodeQuorum(reader) : undefined);
  const flag = (bit: number): boolean | undefined => ((flags & bit) !== 0 ? decodeFlag(reader) : undefined);
  const usual = {
    r: quorum(HAS_R),
    w: quorum(HAS_W),
    pr: quorum(HAS_PR),
    pw: quorum(HAS_PW),
    dw: quorum(HAS_DW),
    notfoundOk: flag(HAS_NOTFOUND_OK),
    basicQuorum: flag(HAS_BASIC_QUORUM),
    timeoutMs: (flags & HAS_TIMEOUT) !== 0 ? boundedTimeout(reader.varint()) : undefined,
  };
  if (flags < HAS_NODE_CONFIRMS) return usual;
  return {
    ...usual,
    nodeConfirms: quorum(HAS_NODE_CONFIRMS),
    sloppy: flag(HAS_SLOPPY),
    nVal: (flags & HAS_N_VAL) !== 0 ? reader.varint() : undefined,
    returnBody: flag(HAS_RETURN_BODY),
    explain: flag(HAS_EXPLAIN),
  };
}

export function encodeQuorum(value: QuorumValue, out: ByteWriter): void {
  out.u8(typeof value === "number" ? value : value === "one" ? ONE : value === "quorum" ? QUORUM : ALL);
}

export function decodeQuorum(reader: ByteReader): QuorumValue {
  const code = reader.u8();
  return code === ONE ? "one" : code === QUORUM ? "quorum" : code === ALL ? "all" : code;
}

export function decodeFlag(reader: ByteReader): boolean {
  return reader.u8() === 1;
}

export function encodeShortfall({ what, got, wanted }: Shortfall, out: ByteWriter): void {
  out.u8(THRESHOLDS.indexOf(what));
  out.varint(got);
  out.varint(wanted);
}

/** @throws MalformedBytes */
export function decodeShortfall(reader: ByteReader): Shortfall {
  const code = reader.u8();
  if (code >= THRESHOLDS.length) throw new MalformedBytes(`threshold ${String(code)}`);
  return { what: THRESHOLDS[code], got: reader.varint(), wanted: reader.varint() };
}

function boundedTimeout(ms: number): number {
  if (ms < 1 || ms > MAX_TIMEOUT_MS) throw new MalformedBytes(`timeout ${String(ms)} ms`);
  return ms;
}

const HAS_R = 1;
const HAS_W = 2;
const HAS_PR = 4;
const HAS_PW = 8;
const HAS_DW = 16;
const HAS_NOTFOUND_OK = 32;
const HAS_BASIC_QUORUM = 64;
const HAS_TIMEOUT = 128;
const HAS_NODE_CONFIRMS = 256;
const HAS_SLOPPY = 512;
const HAS_N_VAL = 1_024;
const HAS_RETURN_BODY = 2_048;
const HAS_EXPLAIN = 4_096;
const ALL_OPTIONS = 8_191;

// No number of replicas comes near.
const ONE = 253;
const QUORUM = 254;
const ALL = 255;

const THRESHOLDS: readonly Threshold[] = ["r", "pr", "w", "dw", "pw", "node_confirms"];
