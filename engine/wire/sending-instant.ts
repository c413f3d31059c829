/**
 * When a message was handed over for sending, in front of the message itself: what a receiver needs to tell how long it
 * really was on its way. Only messages whose delay is measured carry it, so a frame says by its first byte whether it
 * does; no kind of message has that byte. Both ends must read the same time, as processes of one machine do.
 */
import type { ByteReader, ByteWriter } from "../vocabulary/octets";
import type { Micros } from "../vocabulary/micros";

const MARK = 0xff;

export function encodeSendingInstant(sentAt: Micros, out: ByteWriter): void {
  out.u8(MARK);
  out.varint(sentAt);
}

/** Reads the instant where there is one; what follows is the message. @throws MalformedBytes */
export function decodeSendingInstant(reader: ByteReader): Micros | undefined {
  if (reader.at >= reader.end || reader.bytes[reader.at] !== MARK) return undefined;
  reader.u8();
  return reader.varint();
}
