/**
 * Questions about the properties of buckets and their answers, and what nodes tell each other of them. A set of properties and a change of some have one form: which
 * there are, as bits, then their values in order. A change of nothing is one. What the values amount to (`n_val` above the
 * number of nodes, quorums above N) is for the room `buckets/` to judge; here it only matters that they can be read.
 */
import { type BucketEntry, isName, MAX_KEPT, MAX_VERSION } from "../buckets/book";
import type { BucketChange, BucketProperties } from "../buckets/properties";
import type { BucketAnswer, BucketRequest, BucketsMessage, BucketVerb } from "../messages";
import { MAX_BUCKET_BYTES, MAX_TYPE_BYTES } from "../vocabulary/address";
import { MAX_REPLICAS } from "../quorum/arithmetic";
import { type ByteReader, type ByteWriter, MalformedBytes, type Octets } from "../vocabulary/octets";
import { OUTCOMES } from "../vocabulary/outcomes";
import { decodeFlag, decodeQuorum, encodeQuorum } from "./options-codec";

export function encodeBucketRequest({ id, verb, type, bucket, change }: BucketRequest, out: ByteWriter): void {
  out.u32(id);
  out.u8(VERBS.indexOf(verb) | (bucket === undefined ? 0 : OF_BUCKET) | (change === undefined ? 0 : WITH_CHANGE));
  out.octets(type);
  if (bucket !== undefined) out.octets(bucket);
  if (change !== undefined) encodeBucketChange(change, out);
}

/** @throws MalformedBytes */
export function decodeBucketRequest(reader: ByteReader): BucketRequest {
  const id = reader.u32();
  const flags = reader.u8();
  const code = flags & ~(OF_BUCKET | WITH_CHANGE);
  if (code >= VERBS.length) throw new MalformedBytes(`bucket request ${String(flags)}`);
  const type = atMost(reader.octets(), MAX_TYPE_BYTES);
  const bucket = (flags & OF_BUCKET) !== 0 ? atMost(reader.octets(), MAX_BUCKET_BYTES) : undefined;
  const change = (flags & WITH_CHANGE) !== 0 ? decodeBucketChange(reader) : undefined;
  return { kind: "bucket", id, verb: VERBS[code], type, bucket, change };
}

export function encodeBucketAnswer(message: BucketAnswer, out: ByteWriter): void {
  const { id, outcome, coordinator, properties, reason } = message;
  out.u32(id);
  out.u8(OUTCOMES.indexOf(outcome) | (properties === undefined ? 0 : WITH_PROPERTIES));
  out.u16(coordinator);
  if (properties !== undefined) encodeBucketChange(properties, out);
  out.octets(reason);
}

/** @throws MalformedBytes */
export function decodeBucketAnswer(reader: ByteReader): BucketAnswer {
  const id = reader.u32();
  const flags = reader.u8();
  const code = flags & ~WITH_PROPERTIES;
  if (code >= OUTCOMES.length) throw new MalformedBytes(`outcome ${String(code)}`);
  const coordinator = reader.u16();
  const properties = (flags & WITH_PROPERTIES) !== 0 ? decodeBucketProperties(reader) : undefined;
  const reason = reader.octets();
  return { kind: "bucket-answer", id, outcome: OUTCOMES[code], coordinator, properties, reason };
}

export function encodeBuckets({ what, id, hash, entries }: BucketsMessage, out: ByteWriter): void {
  out.u8(WHAT.indexOf(what));
  out.u32(id);
  out.u32(hash[0]);
  out.u32(hash[1]);
  out.varint(entries.length);
  for (const { type, bucket, said, version, node } of entries) {
    out.u8(bucket === undefined ? 0 : 1);
    out.octets(type);
    if (bucket !== undefined) out.octets(bucket);
    encodeBucketChange(said, out);
    out.varint(version);
    out.u16(node);
  }
}

/** @throws MalformedBytes */
export function decodeBuckets(reader: ByteReader): BucketsMessage {
  const code = reader.u8();
  if (code >= WHAT.length) throw new MalformedBytes(`about buckets: ${String(code)}`);
  const id = reader.u32();
  const hash = [reader.u32(), reader.u32()] as const;
  const count = reader.varint();
  if (count > MAX_KEPT) throw new MalformedBytes(`${String(count)} entries of buckets`);
  const entries: BucketEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(decodeEntry(reader));
  return { kind: "buckets", what: WHAT[code], id, hash, entries };
}

function decodeEntry(reader: ByteReader): BucketEntry {
  const ofBucket = decodeFlag(reader);
  const type = reader.octets();
  const bucket = ofBucket ? reader.octets() : undefined;
  if (!isName(type, bucket)) throw new MalformedBytes("an impossible name of a bucket");
  const said = decodeBucketChange(reader);
  const version = reader.varint();
  if (version < 1 || version > MAX_VERSION) throw new MalformedBytes(`an entry of version ${String(version)}`);
  const { nVal = 1 } = said;
  for (const name of QUORUMS) {
    const value = said[name];
    if (typeof value === "number" && value > MAX_REPLICAS) throw new MalformedBytes(`${name} of ${String(value)}`);
  }
  if (nVal < 1 || nVal > MAX_REPLICAS) throw new MalformedBytes(`a bucket of ${String(nVal)} copies`);
  return { type, bucket, said, version, node: reader.u16() };
}

export function encodeBucketChange(change: BucketChange, out: ByteWriter): void {
  const { nVal, notfoundOk, basicQuorum, siblings } = change;
  let present = 0;
  QUORUMS.forEach((name, i) => {
    if (change[name] !== undefined) present |= 1 << i;
  });
  if (nVal !== undefined) present |= HAS_N_VAL;
  if (notfoundOk !== undefined) present |= HAS_NOTFOUND_OK;
  if (basicQuorum !== undefined) present |= HAS_BASIC_QUORUM;
  if (siblings !== undefined) present |= HAS_SIBLINGS;
  out.u16(present);
  for (const name of QUORUMS) {
    const value = change[name];
    if (value !== undefined) encodeQuorum(value, out);
  }
  if (nVal !== undefined) out.varint(nVal);
  if (notfoundOk !== undefined) out.u8(notfoundOk ? 1 : 0);
  if (basicQuorum !== undefined) out.u8(basicQuorum ? 1 : 0);
  if (siblings !== undefined) out.u8(SIBLINGS.indexOf(siblings));
}

/** Only what is present has a field. @throws MalformedBytes */
export function decodeBucketChange(reader: ByteReader): BucketChange {
  const present = reader.u16();
  if (present > ALL_PROPERTIES) throw new MalformedBytes(`bucket properties ${String(present)}`);
  const change: { -readonly [name in keyof BucketChange]: BucketChange[name] } = {};
  QUORUMS.forEach((name, i) => {
    if ((present & (1 << i)) !== 0) change[name] = decodeQuorum(reader);
  });
  if ((present & HAS_N_VAL) !== 0) change.nVal = reader.varint();
  if ((present & HAS_NOTFOUND_OK) !== 0) change.notfoundOk = decodeFlag(reader);
  if ((present & HAS_BASIC_QUORUM) !== 0) change.basicQuorum = decodeFlag(reader);
  if ((present & HAS_SIBLINGS) !== 0) {
    const code = reader.u8();
    if (code >= SIBLINGS.length) throw new MalformedBytes(`siblings ${String(code)}`);
    change.siblings = SIBLINGS[code];
  }
  return change;
}

/** All of them. @throws MalformedBytes */
export function decodeBucketProperties(reader: ByteReader): BucketProperties {
  const properties = decodeBucketChange(reader);
  if (!isWhole(properties)) throw new MalformedBytes("properties of a bucket with some left out");
  return properties;
}

function isWhole(change: BucketChange): change is BucketProperties {
  return Object.keys(change).length === QUORUMS.length + 4;
}

function atMost(octets: Octets, limit: number): Octets {
  if (octets.length > limit)
    throw new MalformedBytes(`a name of ${String(octets.length)} bytes, limit ${String(limit)}`);
  return octets;
}

const WHAT: readonly BucketsMessage["what"][] = ["set", "kept", "compare", "mine", "yours"];
const VERBS: readonly BucketVerb[] = ["get", "set", "reset"];
// Beside the verb.
const OF_BUCKET = 4;
const WITH_CHANGE = 8;
/** Beside the outcome. */
const WITH_PROPERTIES = 0x80;

const QUORUMS = ["r", "w", "pr", "pw", "dw", "rw", "nodeConfirms"] as const;
const HAS_N_VAL = 0x80;
const HAS_NOTFOUND_OK = 0x100;
const HAS_BASIC_QUORUM = 0x200;
const HAS_SIBLINGS = 0x400;
const ALL_PROPERTIES = 0x7ff;
const SIBLINGS: readonly BucketProperties["siblings"][] = ["keep", "newest", "overwrite"];
