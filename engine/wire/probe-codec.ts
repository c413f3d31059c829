/**
 * The encoding of what failure detectors say to each other. A ping without news is nine bytes behind the frame; an update is a
 * node, a status, an incarnation and whose word it is. Updates are bounded by {@link MAX_LIFE_UPDATES}, so that no peer can make
 * another walk a long list for one small question.
 */
import { type LifeUpdate, MAX_LIFE_UPDATES, type ProbeMessage } from "../messages";
import { type ByteReader, type ByteWriter, MalformedBytes } from "../vocabulary/octets";

const WHAT: readonly ProbeMessage["what"][] = ["ping", "ping-request", "ack", "nack", "rumour"];
const STATUS: readonly LifeUpdate["status"][] = ["alive", "suspect", "dead"];
/** An epoch of 32 bits and the 20 that count within a life. */
const MAX_INCARNATION = 2 ** 52;
const NO_UPDATES: readonly LifeUpdate[] = [];
/** Node, status, incarnation of a byte at least, and whose word. */
const UPDATE_BYTES = 6;

export function encodeProbe({ what, id, about, updates }: ProbeMessage, out: ByteWriter): void {
  out.u8(WHAT.indexOf(what));
  out.u32(id);
  out.u16(about);
  out.varint(updates.length);
  for (const { node, status, incarnation, by } of updates) {
    out.u16(node);
    out.u8(STATUS.indexOf(status));
    out.varint(incarnation);
    out.u16(by);
  }
}

/** @throws MalformedBytes */
export function decodeProbe(reader: ByteReader): ProbeMessage {
  const what = WHAT[within(reader.u8(), WHAT.length)];
  const id = reader.u32();
  const about = reader.u16();
  const count = reader.count(UPDATE_BYTES);
  if (count > MAX_LIFE_UPDATES)
    throw new MalformedBytes(`${String(count)} updates of lives, limit ${String(MAX_LIFE_UPDATES)}`);
  if (count === 0) return { kind: "probe", what, id, about, updates: NO_UPDATES };
  const updates: LifeUpdate[] = [];
  for (let i = 0; i < count; i++) {
    const node = reader.u16();
    const status = STATUS[within(reader.u8(), STATUS.length)];
    const incarnation = reader.varint();
    if (incarnation > MAX_INCARNATION) throw new MalformedBytes(`incarnation ${String(incarnation)}`);
    updates.push({ node, status, incarnation, by: reader.u16() });
  }
  return { kind: "probe", what, id, about, updates };
}

function within(code: number, count: number): number {
  if (code >= count) throw new MalformedBytes(`code ${String(code)} of ${String(count)}`);
  return code;
}
