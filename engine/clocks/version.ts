/**
 * What every clock strategy handles alike: the identity of the actor that makes an event, and one version's form on
 * the wire and on disk. It stands apart from `clock.ts` so that a strategy can use it without importing the map that
 * imports the strategy.
 *
 * An actor is (node index, vnode, durable boot epoch). Were it the node alone, a node that lost its disk would count
 * from one again and give a second write the dot of a first.
 */
import { MalformedBytes, type ByteReader, type ByteWriter } from "../vocabulary/octets";
import type { Actor, Version } from "./clock";

export const MAX_NODES = 65_536;
export const MAX_VNODES = 65_536;
/** Boots of one node identity. */
export const MAX_EPOCH = 2_097_152;

/** 16 bits of node, 16 of vnode and 21 of epoch: 53 bits, one safe integer. */
export function packActor(node: number, vnode: number, epoch: number): Actor {
  return (node * MAX_VNODES + vnode) * MAX_EPOCH + epoch;
}

export function unpackActor(actor: Actor): { node: number; vnode: number; epoch: number } {
  const epoch = actor % MAX_EPOCH;
  const rest = (actor - epoch) / MAX_EPOCH;
  return { node: Math.floor(rest / MAX_VNODES), vnode: rest % MAX_VNODES, epoch };
}

/** Three small parts: three bytes in most clusters, where the packed integer would take six. */
export function encodeActor(actor: Actor, writer: ByteWriter): void {
  const epoch = actor % MAX_EPOCH;
  const rest = (actor - epoch) / MAX_EPOCH;
  writer.varint(rest >>> 16);
  writer.varint(rest & 0xffff);
  writer.varint(epoch);
}

/** Actors of one state ascend: `previous` is the one before, -1 for the first. @throws MalformedBytes */
export function decodeActor(reader: ByteReader, previous: number): Actor {
  const node = reader.varint();
  const vnode = reader.varint();
  const epoch = reader.varint();
  if (node >= MAX_NODES || vnode >= MAX_VNODES || epoch >= MAX_EPOCH) {
    throw new MalformedBytes("an impossible actor");
  }
  const actor = packActor(node, vnode, epoch);
  if (actor <= previous) throw new MalformedBytes("actors that do not ascend");
  return actor;
}

/** Short text for traces: `n0`, `n0.3` on vnode 3, `n0e2` or `n0.3e2` after a second boot (epoch 2). */
export function describeActor(actor: Actor): string {
  const { node, vnode, epoch } = unpackActor(actor);
  return `n${node}${vnode === 0 ? "" : `.${vnode}`}${epoch <= 1 ? "" : `e${epoch}`}`;
}

/** Bits of a version's first byte. */
const TOMBSTONE = 1;
const DATED = 2;
const DESCRIBED = 4;

/** One version on the wire and on disk; a date is there only where a sibling policy asks for one, meta where a front end has some. */
export function encodeVersion(version: Version, writer: ByteWriter): void {
  const { date, meta } = version;
  const tombstone = version.tombstone ? TOMBSTONE : 0;
  const dated = date === undefined ? tombstone : tombstone | DATED;
  writer.u8(meta === undefined ? dated : dated | DESCRIBED);
  writer.varint(version.writeId);
  if (date !== undefined) writer.varint(date);
  if (meta !== undefined) writer.octets(meta);
  writer.octets(version.value);
}

/** @throws MalformedBytes */
export function decodeVersion(reader: ByteReader): Version {
  const flags = reader.u8();
  if (flags > (TOMBSTONE | DATED | DESCRIBED)) throw new MalformedBytes(`version flags ${flags}`);
  const writeId = reader.varint();
  if (flags < DATED) return { writeId, value: reader.octets(), tombstone: flags === TOMBSTONE };
  const tombstone = (flags & TOMBSTONE) !== 0;
  const date = (flags & DATED) !== 0 ? reader.varint() : undefined;
  if (flags < DESCRIBED) return { writeId, value: reader.octets(), tombstone, date: date! };
  const meta = reader.octets();
  const value = reader.octets();
  return date === undefined ? { writeId, value, tombstone, meta } : { writeId, value, tombstone, date, meta };
}

/** Bytes of what a client wrote: the value, and what describes it. */
export function bytesOf({ value, meta }: Version): number {
  return meta === undefined ? value.length : value.length + meta.length;
}

/** In order of bytes, nothing before anything: below 0 when `y` is greater. */
export function compareMeta(x: Version, y: Version): number {
  if (x.meta === y.meta) return 0;
  if (x.meta === undefined || y.meta === undefined) return x.meta === undefined ? -1 : 1;
  return x.meta < y.meta ? -1 : 1;
}

/** `w7`, a tombstone `w7†`. */
export function describeVersion(version: Version): string {
  return `w${version.writeId}${version.tombstone ? "†" : ""}`;
}

/** `w7,w9†` */
export function describeVersions(versions: readonly Version[]): string {
  return versions.map(describeVersion).join(",");
}

/** Order of versions inside a state where causality gives none: by write id. */
export function byWriteId(a: Version, b: Version): number {
  return a.writeId - b.writeId;
}
