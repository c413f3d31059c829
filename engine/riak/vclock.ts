/**
 * A causal context as Riak's HTTP clients carry it: base64, opaque. Ours holds the engine's own context, so it reads
 * differently from Riak's compressed clock; no client may look inside. Contexts are a dozen bytes, for which a call into
 * native code costs more than the loop. Reading is strict: a clock that was damaged on its way and decodes to something shorter
 * would be an older clock, and a write under it would bring overwritten siblings back.
 */
import type { Context } from "../clocks/clock";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i;
const NATIVE_FROM = 96;

export function encodeVclock(context: Context): string {
  const { length } = context;
  if (length >= NATIVE_FROM) return Buffer.from(context, "latin1").toString("base64");
  let text = "";
  let at = 0;
  for (; at + 2 < length; at += 3) {
    const bits = (context.charCodeAt(at) << 16) | (context.charCodeAt(at + 1) << 8) | context.charCodeAt(at + 2);
    text += DIGITS[bits >>> 18] + DIGITS[(bits >>> 12) & 63] + DIGITS[(bits >>> 6) & 63] + DIGITS[bits & 63];
  }
  if (at + 1 === length) {
    const bits = context.charCodeAt(at);
    return text + DIGITS[bits >>> 2] + DIGITS[(bits << 4) & 63] + "==";
  }
  if (at + 2 === length) {
    const bits = (context.charCodeAt(at) << 8) | context.charCodeAt(at + 1);
    return text + DIGITS[bits >>> 10] + DIGITS[(bits >>> 4) & 63] + DIGITS[(bits << 2) & 63] + "=";
  }
  return text;
}

/** Undefined where it is no base64, padded and without anything else in it. */
export function decodeVclock(text: string): Context | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  const padding = length > 0 && text[length - 1] === "=" ? (text[length - 2] === "=" ? 2 : 1) : 0;
  const digits = length - padding;
  let context = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; i < digits; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? VALUES[code] : -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      context += String.fromCharCode((bits >>> held) & 0xff);
    }
  }
  // What is left over of the last digit is zero in the one right spelling.
  return (bits & ((1 << held) - 1)) === 0 ? context : undefined;
}
