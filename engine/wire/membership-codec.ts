/**
 * The encoding of what members tell each other: entries, states of the ring, and the plans in them. Kept apart from the
 * codec of operations because it is rare and long. Like everything on the wire it is bounded: a plan names so many nodes,
 * partitions and tokens at most, and whatever does not hold together (a partition's owner that is no member, tokens out
 * of order) is malformed here rather than a broken ring later.
 */
import { type Gossip, MAX_GOSSIPED, type MemberEntry, type RingId, type RingPhase, type RingState } from "../messages";
import type { RingPlan } from "../ring/plan";
import { type ByteReader, type ByteWriter, MalformedBytes } from "../vocabulary/octets";

const PHASES: readonly RingPhase[] = ["settled", "joining", "switching"];
const WISHES: readonly MemberEntry["wish"][] = ["in", "out", "gone"];
/** As many as a ring may have. */
const MAX_PARTITIONS = 65_536;
const MAX_TOKENS = 4_194_304;

// Flags of a message.
const HAS_RING = 1;
const HAS_HASH = 2;
const WANTS_RING = 4;
// Flags of an entry, above the wish.
const REMOVED = 4;
const REPLACES = 8;
// Flags of a plan.
const HAS_OWNERS = 1;
const HAS_TOKENS = 2;

export function encodeGossip(message: Gossip, out: ByteWriter): void {
  const { ring, hash, digests, entries, wants } = message;
  out.u8(
    (ring === undefined ? 0 : HAS_RING) | (hash === undefined ? 0 : HAS_HASH) | (message.wantsRing ? WANTS_RING : 0),
  );
  encodeId(message.ringId, out);
  if (ring !== undefined) encodeRing(ring, out);
  if (hash !== undefined) out.u32(hash);
  out.varint(digests.length / 3);
  for (const number of digests) out.varint(number);
  out.varint(entries.length);
  for (const entry of entries) encodeEntry(entry, out);
  encodeNodes(wants, out);
}

export function decodeGossip(reader: ByteReader): Gossip {
  const flags = reader.u8();
  const ringId = decodeId(reader);
  const ring = (flags & HAS_RING) !== 0 ? decodeRing(reader) : undefined;
  const hash = (flags & HAS_HASH) !== 0 ? reader.u32() : undefined;
  const digests: number[] = [];
  const told = bounded(reader.count(3), MAX_GOSSIPED);
  for (let i = 0; i < 3 * told; i++) digests.push(reader.varint());
  const entries: MemberEntry[] = [];
  const count = bounded(reader.count(8), MAX_GOSSIPED);
  for (let i = 0; i < count; i++) entries.push(decodeEntry(reader));
  const wants = decodeNodes(reader, MAX_GOSSIPED);
  return { kind: "gossip", ringId, ring, hash, digests, entries, wants, wantsRing: (flags & WANTS_RING) !== 0 };
}

function encodeEntry(entry: MemberEntry, out: ByteWriter): void {
  out.varint(entry.node);
  out.varint(entry.epoch);
  out.varint(entry.version);
  const flags = (entry.removed ? REMOVED : 0) | (entry.replaces === undefined ? 0 : REPLACES);
  out.u8(WISHES.indexOf(entry.wish) | flags);
  if (entry.replaces !== undefined) out.varint(entry.replaces);
  encodeId(entry.seen, out);
  encodeId(entry.sent, out);
}

function decodeEntry(reader: ByteReader): MemberEntry {
  const node = nodeIndex(reader);
  const epoch = reader.varint();
  const version = reader.varint();
  const flags = reader.u8();
  const wish = WISHES[flags & 3] as MemberEntry["wish"] | undefined;
  if (wish === undefined || flags > (REPLACES | REMOVED | 3)) throw new MalformedBytes("an impossible member");
  const replaces = (flags & REPLACES) !== 0 ? nodeIndex(reader) : undefined;
  const seen = decodeId(reader);
  return { node, epoch, version, wish, replaces, seen, sent: decodeId(reader), removed: (flags & REMOVED) !== 0 };
}

export function encodeId({ version, proposer }: RingId, out: ByteWriter): void {
  out.varint(version);
  out.varint(proposer);
}

export function decodeId(reader: ByteReader): RingId {
  return { version: reader.varint(), proposer: reader.varint() };
}

export function encodeRing({ id, phase, plan, next, former, without }: RingState, out: ByteWriter): void {
  encodeId(id, out);
  out.u8(PHASES.indexOf(phase));
  encodePlan(plan, out);
  if (next !== undefined) encodePlan(next, out);
  encodeNodes(former, out);
  encodeNodes(without, out);
}

export function decodeRing(reader: ByteReader): RingState {
  const id = decodeId(reader);
  const phase = PHASES[reader.u8()] as RingPhase | undefined;
  if (phase === undefined) throw new MalformedBytes("an impossible phase of the ring");
  const plan = decodePlan(reader);
  const next = phase === "settled" ? undefined : decodePlan(reader);
  const former = decodeNodes(reader, MAX_GOSSIPED);
  return { id, phase, plan, next, former, without: decodeNodes(reader, MAX_GOSSIPED) };
}

function encodePlan({ members, owners, tokens }: RingPlan, out: ByteWriter): void {
  out.u8((owners === undefined ? 0 : HAS_OWNERS) | (tokens === undefined ? 0 : HAS_TOKENS));
  encodeNodes(members, out);
  if (owners !== undefined) encodeNodes(owners, out);
  if (tokens === undefined) return;
  out.varint(tokens.length);
  for (const [at, node] of tokens) {
    out.u32(at);
    out.varint(node);
  }
}

function decodePlan(reader: ByteReader): RingPlan {
  const flags = reader.u8();
  const members = decodeNodes(reader, MAX_GOSSIPED);
  if (members.length === 0) throw new MalformedBytes("a ring without members");
  members.forEach((node, i) => {
    if (i > 0 && node <= members[i - 1]) throw new MalformedBytes("members of a ring out of order");
  });
  const known = new Set(members);
  const belongs = (node: number): void => {
    if (!known.has(node)) throw new MalformedBytes(`node ${String(node)} owns a part of a ring it is not in`);
  };
  const owners = (flags & HAS_OWNERS) !== 0 ? decodeNodes(reader, MAX_PARTITIONS) : undefined;
  owners?.forEach(belongs);
  if ((flags & HAS_TOKENS) === 0) return owners === undefined ? { members } : { members, owners };
  const count = bounded(reader.count(5), MAX_TOKENS);
  const tokens: (readonly [number, number])[] = [];
  for (let i = 0; i < count; i++) {
    const at = reader.u32();
    const node = nodeIndex(reader);
    belongs(node);
    tokens.push([at, node]);
  }
  return owners === undefined ? { members, tokens } : { members, owners, tokens };
}

function encodeNodes(nodes: readonly number[], out: ByteWriter): void {
  out.varint(nodes.length);
  for (const node of nodes) out.varint(node);
}

function decodeNodes(reader: ByteReader, limit: number): number[] {
  const count = bounded(reader.count(1), limit);
  const nodes: number[] = [];
  for (let i = 0; i < count; i++) nodes.push(nodeIndex(reader));
  return nodes;
}

function nodeIndex(reader: ByteReader): number {
  const node = reader.varint();
  if (node >= MAX_GOSSIPED) throw new MalformedBytes(`node ${String(node)}`);
  return node;
}

function bounded(count: number, limit: number): number {
  if (count > limit) throw new MalformedBytes(`${String(count)} items, limit ${String(limit)}`);
  return count;
}
