/**
 * The one encoding of every message: a kind byte, then the fields in order, big-endian, with counts and lengths as
 * varints. Hand-written because the codec is on the path of all 7.6 messages of an operation. States are encoded by
 * the clock strategy, so a codec belongs to one clock; both ends agree on it, and on the version, in the handshake.
 *
 * Decoding trusts nothing: every read is bounds-checked, every enumeration too, and bytes left over are an error
 * (`MalformedBytes`). The caller closes the connection it came from and nothing else.
 */
import { type Clock, decodeVersion, encodeVersion, type Version } from "../clocks/clock";
import {
  type Acknowledge,
  type AnswerMessage,
  type ExchangeStatus,
  type HandoffMessage,
  type Held,
  type Inspection,
  MAX_HANDED_OVER,
  MAX_INSPECTED_KEYS,
  MAX_RANGE_COPIES,
  MAX_SCANNED,
  MAX_SEGMENT_KEYS,
  MAX_SEGMENTS_ASKED,
  MAX_TRANSFERRED,
  MAX_TREE_HASHES,
  type HeldMetadata,
  type Message,
  NOBODY,
  type PutCause,
  type RangeCopy,
  type RangeReply,
  type RangeRequest,
  type ReplicaRequest,
  type ScanAnswer,
  type ScannedKey,
  type Ticket,
  type TreeAnswer,
  type TreeMessage,
  type Writer,
} from "../messages";
import { Digest } from "../quorum/digest";
import { HINTED } from "../ring/ring";
import { isAddress } from "../vocabulary/address";
import { assert, unreachable } from "../vocabulary/assert";
import { type ByteReader, type ByteWriter, MalformedBytes } from "../vocabulary/octets";
import { type Outcome, OUTCOMES } from "../vocabulary/outcomes";
import {
  decodeBucketAnswer,
  decodeBucketRequest,
  decodeBuckets,
  encodeBucketAnswer,
  encodeBucketRequest,
  encodeBuckets,
} from "./bucket-codec";
import { decodeGossip, decodeId, decodeRing, encodeGossip, encodeId, encodeRing } from "./membership-codec";
import { decodeOptions, decodeShortfall, encodeOptions, encodeShortfall } from "./options-codec";
import { decodeProbe, encodeProbe } from "./probe-codec";

/** Raised with every change of the bytes; nodes and clients of different versions refuse each other. */
export const WIRE_VERSION = 8;

const GET = 1;
const PUT = 2;
const ANSWER = 3;
const REPLICA_GET = 4;
const REPLICA_GET_REPLY = 5;
const REPLICA_PUT = 6;
const REPLICA_PUT_REPLY = 7;
const REPLICA_UPDATE = 8;
const REPLICA_UPDATED = 9;
const HEARTBEAT = 10;
const INSPECT = 11;
const INSPECTION = 12;
const HANDOFF = 13;
const HANDOFF_REPLY = 14;
const TREE = 15;
const TREE_REPLY = 16;
const SEGMENTS = 17;
const SEGMENTS_REPLY = 18;
const STREAM = 19;
const STREAM_REPLY = 20;
const GOSSIP = 26;
const TRANSFER_OFFER = 27;
const TRANSFER_COPIES = 28;
const TRANSFER_REPLY = 29;

const PROBE = 30;

// Between a client that coordinates and nodes.
const MEMBERSHIP_POLL = 40;
const MEMBERSHIP = 41;
const CLIENT_COORDINATED = 42;

const SCAN = 31;
const SCAN_ANSWER = 32;
const RANGE = 33;
const RANGE_REPLY = 34;
const BUCKET = 35;
const BUCKET_ANSWER = 36;
const BUCKETS = 37;

const REPLICA_GET_BACKGROUND = 25;
/** Of a reply's status. */
const BACKGROUND = 0x80;
const REPLICA_GET_DIGEST = 24;
/** Of an answer's outcome. */
const FELL_SHORT = 0x80;

const GET_STATUS = ["found", "absent", "failed", "digest"] as const;
const PUT_STATUS = ["received", "stored", "failed"] as const;
const PUT_CAUSE: readonly PutCause[] = ["replication", "read-repair", "reap", "hint", "anti-entropy"];
const RANGE_STATUS = ["ok", "failed"] as const;
const HANDOFF_STATUS = ["stored", "busy", "failed"] as const;
const TRANSFER_STATUS = ["ok", "failed"] as const;
const EXCHANGE_STATUS: readonly ExchangeStatus[] = ["ok", "busy", "building", "unknown"];
const WANTED = ["hashes", "states"] as const;
const UPDATE_OUTCOME = ["ok", "too_many_siblings", "invalid", "failed"] as const;
const ACKNOWLEDGE: readonly Acknowledge[] = ["none", "received", "stored", "both"];
const OUTCOME_CODE: ReadonlyMap<Outcome, number> = new Map(OUTCOMES.map((outcome, code) => [outcome, code]));

type Copy = HandoffMessage["entries"][number];

export class Codec {
  constructor(private readonly clock: Clock) {}

  /** Appends the encoding of `message`. */
  encode(message: Message, out: ByteWriter): void {
    switch (message.kind) {
      case "get":
        out.u8(GET);
        out.u32(message.id);
        out.u8(message.forwarded ? 1 : 0);
        out.octets(message.address);
        encodeOptions(message.options, out);
        return;
      case "put":
        out.u8(PUT);
        out.u32(message.id);
        out.u8((message.forwarded ? FORWARDED : 0) | (message.ticket === undefined ? 0 : HAS_TICKET));
        if (message.ticket !== undefined) encodeTicket(message.ticket, out);
        out.octets(message.address);
        out.octets(message.context);
        encodeVersion(message.version, out);
        encodeWriter(message.writer, out);
        encodeOptions(message.options, out);
        return;
      case "answer":
        this.encodeAnswer(message, out);
        return;
      case "replica-get":
        out.u8(
          message.digest === true
            ? REPLICA_GET_DIGEST
            : message.background === true
              ? REPLICA_GET_BACKGROUND
              : REPLICA_GET,
        );
        out.u32(message.id);
        out.u16(message.vnode);
        out.octets(message.address);
        return;
      case "replica-get-reply":
        out.u8(REPLICA_GET_REPLY);
        out.u32(message.id);
        out.u16(message.vnode);
        out.u8(GET_STATUS.indexOf(message.status) | (message.background === true ? BACKGROUND : 0));
        if (message.status === "found") this.clock.encode(message.state, out);
        else if (message.status === "digest") encodeDigest(message.state, out);
        return;
      case "scan":
        out.u8(SCAN);
        out.u32(message.id);
        out.octets(message.bucket);
        out.octets(message.start);
        out.octets(message.end);
        out.varint(message.limit);
        encodeOptions(message.options, out);
        return;
      case "scan-answer":
        encodeScanAnswer(message, out);
        return;
      case "bucket":
        out.u8(BUCKET);
        encodeBucketRequest(message, out);
        return;
      case "bucket-answer":
        out.u8(BUCKET_ANSWER);
        encodeBucketAnswer(message, out);
        return;
      case "buckets":
        out.u8(BUCKETS);
        encodeBuckets(message, out);
        return;
      case "range":
        encodeRange(message, out);
        return;
      case "range-reply":
        this.encodeRangeReply(message, out);
        return;
      case "replica-put":
        out.u8(REPLICA_PUT);
        out.u32(message.id);
        out.u16(message.vnode);
        out.u8((PUT_CAUSE.indexOf(message.cause) << 2) | acknowledgeCode(message.acknowledge));
        out.octets(message.address);
        this.clock.encode(message.state, out);
        return;
      case "replica-put-reply":
        out.u8(REPLICA_PUT_REPLY);
        out.u32(message.id);
        out.u16(message.vnode);
        out.u8(message.status === "received" ? 0 : message.status === "stored" ? 1 : 2);
        return;
      case "replica-update":
        out.u8(REPLICA_UPDATE);
        out.u32(message.id);
        out.u16(message.vnode);
        out.u8(acknowledgeCode(message.acknowledge));
        encodeTicket(message.ticket, out);
        out.octets(message.address);
        out.octets(message.context);
        encodeVersion(message.version, out);
        encodeWriter(message.writer, out);
        return;
      case "replica-updated":
        out.u8(REPLICA_UPDATED);
        out.u32(message.id);
        out.u16(message.vnode);
        out.u8(UPDATE_OUTCOME.indexOf(message.outcome));
        if (message.outcome === "ok") this.clock.encode(message.state, out);
        return;
      case "handoff":
        out.u8(HANDOFF);
        out.u32(message.id);
        out.u16(message.vnode);
        this.encodeCopies(message.entries, out);
        return;
      case "handoff-reply":
        out.u8(HANDOFF_REPLY);
        out.u32(message.id);
        out.u8(HANDOFF_STATUS.indexOf(message.status));
        return;
      case "tree":
      case "segments":
      case "stream":
        this.encodeTreeMessage(message, out);
        return;
      case "tree-reply":
      case "segments-reply":
      case "stream-reply":
        this.encodeTreeAnswer(message, out);
        return;
      case "gossip":
        out.u8(GOSSIP);
        encodeGossip(message, out);
        return;
      case "transfer-offer":
        out.u8(TRANSFER_OFFER);
        out.u32(message.id);
        out.u16(message.vnode);
        out.varint(message.addresses.length);
        message.addresses.forEach((address, i) => {
          out.octets(address);
          out.u32(message.hashes[2 * i]);
          out.u32(message.hashes[2 * i + 1]);
        });
        return;
      case "transfer-copies":
        out.u8(TRANSFER_COPIES);
        out.u32(message.id);
        out.u16(message.vnode);
        this.encodeCopies(message.entries, out);
        return;
      case "transfer-reply":
        out.u8(TRANSFER_REPLY);
        out.u32(message.id);
        out.u8(TRANSFER_STATUS.indexOf(message.status));
        encodeNumbers(message.wanted, out);
        return;
      case "probe":
        out.u8(PROBE);
        encodeProbe(message, out);
        return;
      case "heartbeat":
        out.u8(HEARTBEAT);
        out.u32(message.epoch);
        out.u32(message.sequence);
        return;
      case "inspect":
        out.u8(INSPECT);
        out.u32(message.id);
        out.varint(message.addresses.length);
        message.addresses.forEach((address, i) => {
          out.u16(message.vnodes[i]);
          out.octets(address);
        });
        return;
      case "inspection":
        this.encodeInspection(message, out);
        return;
      case "membership-poll":
        out.u8(MEMBERSHIP_POLL);
        out.u32(message.id);
        return;
      case "membership":
        out.u8(MEMBERSHIP);
        out.u32(message.id);
        out.u8(message.ring === undefined ? 0 : 1);
        if (message.ring !== undefined) encodeRing(message.ring, out);
        return;
      case "client-coordinated":
        out.u8(CLIENT_COORDINATED);
        encodeId(message.ring, out);
        this.encode(message.request, out);
        return;
      default:
        unreachable(message, "Codec.encode");
    }
  }

  /** Reads one message that fills `reader` exactly. @throws MalformedBytes */
  decode(reader: ByteReader): Message {
    const message = this.body(reader);
    reader.finish();
    return message;
  }

  private body(reader: ByteReader): Message {
    const kind = reader.u8();
    switch (kind) {
      case GET: {
        const id = reader.u32();
        const forwarded = reader.u8() === 1;
        return { kind: "get", id, forwarded, address: reader.octets(), options: decodeOptions(reader) };
      }
      case PUT: {
        const id = reader.u32();
        const flags = reader.u8();
        if (flags > (FORWARDED | HAS_TICKET)) throw new MalformedBytes(`flags ${String(flags)}`);
        const forwarded = (flags & FORWARDED) !== 0;
        const ticket = (flags & HAS_TICKET) !== 0 ? decodeTicket(reader) : undefined;
        const address = reader.octets();
        const context = reader.octets();
        const version = decodeVersion(reader);
        const writer = decodeWriter(reader);
        const options = decodeOptions(reader);
        return ticket === undefined
          ? { kind: "put", id, forwarded, address, context, version, writer, options }
          : { kind: "put", id, forwarded, address, context, version, writer, options, ticket };
      }
      case ANSWER:
        return this.decodeAnswer(reader);
      case REPLICA_GET:
        return { kind: "replica-get", id: reader.u32(), vnode: reader.u16(), address: reader.octets() };
      case REPLICA_GET_BACKGROUND:
        return {
          kind: "replica-get",
          id: reader.u32(),
          vnode: reader.u16(),
          address: reader.octets(),
          background: true,
        };
      case REPLICA_GET_DIGEST:
        return { kind: "replica-get", id: reader.u32(), vnode: reader.u16(), address: reader.octets(), digest: true };
      case REPLICA_GET_REPLY: {
        const id = reader.u32();
        const vnode = reader.u16();
        const flags = reader.u8();
        const status = oneOf(GET_STATUS, flags & ~BACKGROUND);
        const state =
          status === "found"
            ? this.clock.decode(reader)
            : status === "digest"
              ? new Digest(reader.u32() | 0, reader.u32() | 0)
              : undefined;
        if ((flags & BACKGROUND) === 0) return { kind: "replica-get-reply", id, vnode, status, state };
        return { kind: "replica-get-reply", id, vnode, status, state, background: true };
      }
      case SCAN: {
        const id = reader.u32();
        const bucket = reader.octets();
        const start = reader.octets();
        const end = reader.octets();
        const limit = reader.varint();
        return { kind: "scan", id, bucket, start, end, limit, options: decodeOptions(reader) };
      }
      case SCAN_ANSWER:
        return decodeScanAnswer(reader);
      case BUCKET:
        return decodeBucketRequest(reader);
      case BUCKETS:
        return decodeBuckets(reader);
      case BUCKET_ANSWER:
        return decodeBucketAnswer(reader);
      case RANGE:
        return decodeRange(reader);
      case RANGE_REPLY:
        return this.decodeRangeReply(reader);
      case REPLICA_PUT: {
        const id = reader.u32();
        const vnode = reader.u16();
        const flags = reader.u8();
        const cause = oneOf(PUT_CAUSE, flags >>> 2);
        const address = reader.octets();
        const state = this.clock.decode(reader);
        return { kind: "replica-put", id, vnode, address, state, acknowledge: ACKNOWLEDGE[flags & 3], cause };
      }
      case REPLICA_PUT_REPLY:
        return {
          kind: "replica-put-reply",
          id: reader.u32(),
          vnode: reader.u16(),
          status: oneOf(PUT_STATUS, reader.u8()),
        };
      case REPLICA_UPDATE: {
        const id = reader.u32();
        const vnode = reader.u16();
        const acknowledge = oneOf(ACKNOWLEDGE, reader.u8());
        const ticket = decodeTicket(reader);
        const address = reader.octets();
        const context = reader.octets();
        const version = decodeVersion(reader);
        const writer = decodeWriter(reader);
        return { kind: "replica-update", id, vnode, address, context, version, writer, acknowledge, ticket };
      }
      case REPLICA_UPDATED: {
        const id = reader.u32();
        const vnode = reader.u16();
        const outcome = oneOf(UPDATE_OUTCOME, reader.u8());
        const state = outcome === "ok" ? this.clock.decode(reader) : undefined;
        return { kind: "replica-updated", id, vnode, outcome, state };
      }
      case HANDOFF: {
        const id = reader.u32();
        const vnode = reader.u16();
        const count = reader.count(2);
        if (count > MAX_HANDED_OVER)
          throw new MalformedBytes(`${String(count)} copies, limit ${String(MAX_HANDED_OVER)}`);
        return { kind: "handoff", id, vnode, entries: this.decodeCopies(reader, count) };
      }
      case HANDOFF_REPLY:
        return { kind: "handoff-reply", id: reader.u32(), status: oneOf(HANDOFF_STATUS, reader.u8()) };
      case GOSSIP:
        return decodeGossip(reader);
      case TRANSFER_OFFER: {
        const id = reader.u32();
        const vnode = reader.u16();
        const count = boundedCount(reader, 9, MAX_TRANSFERRED);
        const addresses: string[] = [];
        const hashes: number[] = [];
        for (let i = 0; i < count; i++) {
          addresses.push(reader.octets());
          hashes.push(reader.u32(), reader.u32());
        }
        return { kind: "transfer-offer", id, vnode, addresses, hashes };
      }
      case TRANSFER_COPIES: {
        const id = reader.u32();
        const vnode = reader.u16();
        return {
          kind: "transfer-copies",
          id,
          vnode,
          entries: this.decodeCopies(reader, boundedCount(reader, 2, MAX_TRANSFERRED)),
        };
      }
      case TRANSFER_REPLY: {
        const id = reader.u32();
        const status = oneOf(TRANSFER_STATUS, reader.u8());
        return { kind: "transfer-reply", id, status, wanted: decodeNumbers(reader, MAX_TRANSFERRED) };
      }
      case TREE:
      case SEGMENTS:
      case STREAM:
        return this.decodeTreeMessage(kind, reader);
      case TREE_REPLY:
      case SEGMENTS_REPLY:
      case STREAM_REPLY:
        return this.decodeTreeAnswer(kind, reader);
      case PROBE:
        return decodeProbe(reader);
      case HEARTBEAT:
        return { kind: "heartbeat", epoch: reader.u32(), sequence: reader.u32() };
      case INSPECT: {
        const id = reader.u32();
        const count = reader.count(3);
        if (count > MAX_INSPECTED_KEYS)
          throw new MalformedBytes(`${String(count)} keys to inspect, limit ${String(MAX_INSPECTED_KEYS)}`);
        const vnodes: number[] = [];
        const addresses: string[] = [];
        for (let i = 0; i < count; i++) {
          vnodes.push(reader.u16());
          addresses.push(reader.octets());
        }
        return { kind: "inspect", id, vnodes, addresses };
      }
      case INSPECTION:
        return this.decodeInspection(reader);
      case MEMBERSHIP_POLL:
        return { kind: "membership-poll", id: reader.u32() };
      case MEMBERSHIP: {
        const id = reader.u32();
        const ring = oneOf([false, true], reader.u8()) ? decodeRing(reader) : undefined;
        return { kind: "membership", id, ring };
      }
      case CLIENT_COORDINATED: {
        const ring = decodeId(reader);
        return { kind: "client-coordinated", ring, request: this.replicaRequest(reader) };
      }
      default:
        throw new MalformedBytes(`unknown message kind ${String(kind)}`);
    }
  }

  /** Of a client that coordinates: what it may ask of a replica, and nothing else; never one in another. */
  private replicaRequest(reader: ByteReader): ReplicaRequest {
    if (reader.at < reader.end && reader.bytes[reader.at] === CLIENT_COORDINATED)
      throw new MalformedBytes("a client's request inside another");
    const request = this.body(reader);
    switch (request.kind) {
      case "replica-get":
        if (request.background === true) throw new MalformedBytes("background work of a client");
        break;
      case "replica-put":
        if (request.cause === "anti-entropy") throw new MalformedBytes("anti-entropy of a client");
        break;
      case "probe":
        if (request.what !== "ping" || request.updates.length > 0) throw new MalformedBytes("a rumour of a client");
        return request;
      default:
        throw new MalformedBytes(`${request.kind} from a client that coordinates`);
    }
    if (!isAddress(request.address)) throw new MalformedBytes("not an address");
    return request;
  }

  /** Keys with their states: what hints, transfers and anti-entropy carry. */
  private encodeCopies(copies: readonly Copy[], out: ByteWriter): void {
    out.varint(copies.length);
    for (const { address, state } of copies) {
      out.octets(address);
      this.clock.encode(state, out);
    }
  }

  private decodeCopies(reader: ByteReader, count: number): Copy[] {
    const copies: Copy[] = [];
    for (let i = 0; i < count; i++) {
      const address = reader.octets();
      copies.push({ address, state: this.clock.decode(reader) });
    }
    return copies;
  }

  private encodeRangeReply(message: RangeReply, out: ByteWriter): void {
    out.u8(RANGE_REPLY);
    out.u32(message.id);
    out.varint(message.part);
    out.u8(RANGE_STATUS.indexOf(message.status));
    out.octets(message.upTo);
    out.varint(message.copies.length);
    for (const { vnode, key, state } of message.copies) {
      out.u16(vnode);
      out.octets(key);
      this.clock.encode(state, out);
    }
  }

  private decodeRangeReply(reader: ByteReader): RangeReply {
    const id = reader.u32();
    const part = reader.varint();
    const status = oneOf(RANGE_STATUS, reader.u8());
    const upTo = reader.octets();
    const count = boundedCount(reader, 4, MAX_RANGE_COPIES);
    const copies: RangeCopy[] = [];
    for (let i = 0; i < count; i++) {
      const vnode = reader.u16();
      const key = reader.octets();
      copies.push({ vnode, key, state: this.clock.decode(reader) });
    }
    return { kind: "range-reply", id, part, status, copies, upTo };
  }

  private encodeAnswer(message: AnswerMessage, out: ByteWriter): void {
    out.u8(ANSWER);
    out.u32(message.id);
    const { outcome, shortfall } = message;
    out.u8(OUTCOME_CODE.get(outcome)! | (shortfall === undefined ? 0 : FELL_SHORT));
    if (shortfall !== undefined) encodeShortfall(shortfall, out);
    out.u16(message.coordinator);
    out.varint(message.versions.length);
    for (const version of message.versions) encodeVersion(version, out);
    out.octets(message.context);
    out.octets(message.reason);
  }

  private decodeAnswer(reader: ByteReader): AnswerMessage {
    const id = reader.u32();
    const flags = reader.u8();
    const outcome = oneOf(OUTCOMES, flags & ~FELL_SHORT);
    const shortfall = (flags & FELL_SHORT) !== 0 ? decodeShortfall(reader) : undefined;
    const coordinator = reader.u16();
    const count = reader.count(3);
    const versions: Version[] = [];
    for (let i = 0; i < count; i++) versions.push(decodeVersion(reader));
    const context = reader.octets();
    const reason = reader.octets();
    return shortfall === undefined
      ? { kind: "answer", id, outcome, coordinator, versions, context, reason }
      : { kind: "answer", id, outcome, coordinator, versions, context, reason, shortfall };
  }

  private encodeTreeMessage(message: TreeMessage, out: ByteWriter): void {
    out.u8(message.kind === "tree" ? TREE : message.kind === "segments" ? SEGMENTS : STREAM);
    out.u32(message.id);
    out.varint(message.step);
    out.varint(message.group);
    out.u16(message.asking);
    out.u16(message.asked);
    switch (message.kind) {
      case "tree":
        out.u8(message.level);
        encodeNumbers(message.nodes, out);
        for (const half of message.hashes) out.u32(half);
        return;
      case "segments":
        out.u8(WANTED.indexOf(message.want));
        encodeNumbers(message.segments, out);
        out.octets(message.after);
        return;
      case "stream":
        this.encodeCopies(message.entries, out);
        return;
    }
  }

  private decodeTreeMessage(kind: number, reader: ByteReader): TreeMessage {
    const id = reader.u32();
    const step = reader.varint();
    const group = reader.varint();
    const between = { id, step, group, asking: reader.u16(), asked: reader.u16() };
    if (kind === TREE) {
      const level = reader.u8();
      const nodes = decodeNumbers(reader, MAX_TREE_HASHES);
      return { kind: "tree", ...between, level, nodes, hashes: decodeHashes(reader, nodes.length) };
    }
    if (kind === SEGMENTS) {
      const want = oneOf(WANTED, reader.u8());
      const segments = decodeNumbers(reader, MAX_SEGMENTS_ASKED);
      return { kind: "segments", ...between, want, segments, after: reader.octets() };
    }
    return {
      kind: "stream",
      ...between,
      entries: this.decodeCopies(reader, boundedCount(reader, 2, MAX_SEGMENT_KEYS)),
    };
  }

  private encodeTreeAnswer(message: TreeAnswer, out: ByteWriter): void {
    out.u8(
      message.kind === "tree-reply" ? TREE_REPLY : message.kind === "segments-reply" ? SEGMENTS_REPLY : STREAM_REPLY,
    );
    out.u32(message.id);
    out.varint(message.step);
    out.u8(EXCHANGE_STATUS.indexOf(message.status));
    switch (message.kind) {
      case "tree-reply":
        encodeNumbers(message.differing, out);
        out.varint(message.hashes.length / 2);
        for (const half of message.hashes) out.u32(half);
        return;
      case "segments-reply": {
        const { complete, last, addresses, hashes, states } = message;
        out.varint(complete);
        out.octets(last);
        out.u8(hashes.length > 0 ? 0 : 1);
        out.varint(addresses.length);
        addresses.forEach((address, i) => {
          out.octets(address);
          if (hashes.length === 0) this.clock.encode(states[i], out);
          else {
            out.u32(hashes[2 * i]);
            out.u32(hashes[2 * i + 1]);
          }
        });
        return;
      }
      case "stream-reply":
        return;
    }
  }

  private decodeTreeAnswer(kind: number, reader: ByteReader): TreeAnswer {
    const id = reader.u32();
    const step = reader.varint();
    const status = oneOf(EXCHANGE_STATUS, reader.u8());
    if (kind === STREAM_REPLY) return { kind: "stream-reply", id, step, status };
    if (kind === TREE_REPLY) {
      const differing = decodeNumbers(reader, MAX_TREE_HASHES);
      const hashes = decodeHashes(reader, boundedCount(reader, 8, MAX_TREE_HASHES));
      return { kind: "tree-reply", id, step, status, differing, hashes };
    }
    const complete = reader.varint();
    const last = reader.octets();
    const want = oneOf(WANTED, reader.u8());
    const addresses: string[] = [];
    const hashes: number[] = [];
    const states: unknown[] = [];
    const count = boundedCount(reader, 2, MAX_SEGMENT_KEYS);
    for (let i = 0; i < count; i++) {
      addresses.push(reader.octets());
      if (want === "states") states.push(this.clock.decode(reader));
      else hashes.push(reader.u32(), reader.u32());
    }
    return { kind: "segments-reply", id, step, status, complete, last, addresses, hashes, states };
  }

  private encodeInspection(message: Inspection, out: ByteWriter): void {
    out.u8(INSPECTION);
    out.u32(message.id);
    out.varint(message.held.length);
    message.held.forEach((ids, i) => {
      if (ids === undefined) out.varint(HELD_NOTHING);
      else if (ids === "failed") out.varint(HELD_UNKNOWN);
      else {
        out.varint(ids.length + HELD_FROM);
        for (const id of ids) out.varint(id);
        out.varint(message.metadata[i]?.entries ?? 0);
        out.varint(message.metadata[i]?.bytes ?? 0);
      }
    });
  }

  private decodeInspection(reader: ByteReader): Inspection {
    const id = reader.u32();
    const count = reader.count(1);
    const held: Held[] = [];
    const metadata: (HeldMetadata | undefined)[] = [];
    for (let i = 0; i < count; i++) {
      const code = reader.varint();
      if (code === HELD_NOTHING || code === HELD_UNKNOWN) {
        held.push(code === HELD_NOTHING ? undefined : "failed");
        metadata.push(undefined);
        continue;
      }
      const size = code - HELD_FROM;
      if (size > reader.end - reader.at) throw new MalformedBytes(`count ${String(size)} exceeds the frame`);
      const ids: number[] = [];
      for (let j = 0; j < size; j++) ids.push(reader.varint());
      held.push(ids);
      metadata.push({ entries: reader.varint(), bytes: reader.varint() });
    }
    return { kind: "inspection", id, held, metadata };
  }
}

function encodeScanAnswer(message: ScanAnswer, out: ByteWriter): void {
  out.u8(SCAN_ANSWER);
  out.u32(message.id);
  out.u8(OUTCOME_CODE.get(message.outcome)!);
  out.u16(message.coordinator);
  out.varint(message.keys.length);
  for (const { key, versions } of message.keys) {
    out.octets(key);
    out.varint(versions.length);
    for (const version of versions) encodeVersion(version, out);
  }
  out.octets(message.next);
  out.octets(message.reason);
}

function decodeScanAnswer(reader: ByteReader): ScanAnswer {
  const id = reader.u32();
  const outcome = oneOf(OUTCOMES, reader.u8());
  const coordinator = reader.u16();
  const count = boundedCount(reader, 2, MAX_SCANNED);
  const keys: ScannedKey[] = [];
  for (let i = 0; i < count; i++) {
    const key = reader.octets();
    const siblings = reader.count(3);
    const versions: Version[] = [];
    for (let j = 0; j < siblings; j++) versions.push(decodeVersion(reader));
    keys.push({ key, versions });
  }
  return { kind: "scan-answer", id, outcome, coordinator, keys, next: reader.octets(), reason: reader.octets() };
}

function encodeRange(message: RangeRequest, out: ByteWriter): void {
  out.u8(RANGE);
  out.u32(message.id);
  out.varint(message.part);
  encodeNumbers(message.vnodes, out);
  out.octets(message.bucket);
  out.octets(message.start);
  out.octets(message.end);
  out.varint(message.limit);
}

function decodeRange(reader: ByteReader): RangeRequest {
  const id = reader.u32();
  const part = reader.varint();
  // Those above are kept for others, and answer no scan.
  const vnodes = decodeNumbers(reader, HINTED);
  if (vnodes.some((vnode) => vnode >= HINTED)) throw new MalformedBytes("a range of hints");
  // One that is named a thousand times would be read as often, on one page: a page does not end within a key.
  if (vnodes.some((vnode, i) => i > 0 && vnode <= vnodes[i - 1])) throw new MalformedBytes("vnodes out of order");
  const bucket = reader.octets();
  const start = reader.octets();
  const end = reader.octets();
  return { kind: "range", id, part, vnodes, bucket, start, end, limit: reader.varint() };
}

// Flags of a put.
const FORWARDED = 1;
const HAS_TICKET = 2;

/** A count of items of at least so many bytes each, and at most so many. */
function boundedCount(reader: ByteReader, minimumBytes: number, limit: number): number {
  const count = reader.count(minimumBytes);
  if (count > limit) throw new MalformedBytes(`${String(count)} items, limit ${String(limit)}`);
  return count;
}

function encodeNumbers(numbers: readonly number[], out: ByteWriter): void {
  out.varint(numbers.length);
  for (const number of numbers) out.varint(number);
}

function decodeNumbers(reader: ByteReader, limit: number): number[] {
  const count = boundedCount(reader, 1, limit);
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) numbers.push(reader.varint());
  return numbers;
}

/** Two halves for each of `count`. */
function decodeHashes(reader: ByteReader, count: number): number[] {
  const hashes: number[] = [];
  for (let i = 0; i < 2 * count; i++) hashes.push(reader.u32());
  return hashes;
}

function encodeDigest(digest: unknown, out: ByteWriter): void {
  assert(digest instanceof Digest, "a digest where one is announced");
  out.u32(digest.high);
  out.u32(digest.low);
}

function encodeTicket({ fromEpoch, toEpoch, number }: Ticket, out: ByteWriter): void {
  out.varint(fromEpoch);
  out.varint(toEpoch);
  out.varint(number);
}

function decodeTicket(reader: ByteReader): Ticket {
  return { fromEpoch: reader.varint(), toEpoch: reader.varint(), number: reader.varint() };
}

// What a replica holds of an inspected key: nothing, nobody knows, or so many write ids.
const HELD_NOTHING = 0;
const HELD_UNKNOWN = 1;
const HELD_FROM = 2;

/** Microseconds; far from any wall time, and clocks can still count on from it exactly. */
const MAX_TIMESTAMP = 2 ** 52;

function encodeWriter({ client, timestamp }: Writer, out: ByteWriter): void {
  out.varint(client);
  out.varint(timestamp);
}

function decodeWriter(reader: ByteReader): Writer {
  const client = reader.varint();
  const timestamp = reader.varint();
  if (timestamp > MAX_TIMESTAMP) throw new MalformedBytes("an impossible wall time");
  return client === 0 && timestamp === 0 ? NOBODY : { client, timestamp };
}

function acknowledgeCode(acknowledge: Acknowledge): number {
  return ACKNOWLEDGE.indexOf(acknowledge);
}

function oneOf<T>(values: readonly T[], code: number): T {
  if (code >= values.length) throw new MalformedBytes(`code ${String(code)} of ${String(values.length)}`);
  return values[code];
}
