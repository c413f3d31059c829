/**
 * The text of a causal context: a format byte and then nothing but integers, seven bits a byte, least significant
 * first. Strategies differ in what the integers mean; what is hostile about them is the same, and is refused here: an
 * unknown format, no integers at all, one that breaks off, is padded with zeros (a second spelling of the same context)
 * or is too large to be exact, and characters that are no bytes.
 *
 * Reading keeps its place in plain variables of this file: a context is parsed on every put, and an object for each
 * would be a third of the cost. One context is read to its end before the next is opened.
 */
import { MalformedBytes, type Octets } from "../vocabulary/octets";
import type { Context } from "./clock";

/** An integer as it stands in a context. */
export function varint(value: number): Octets {
  if (value < 0x80) return String.fromCharCode(value);
  let text = "";
  let rest = value;
  while (rest > 0x7f) {
    text += String.fromCharCode((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return text + String.fromCharCode(rest);
}

let text: Context = "";
let at = 0;

/** Starts to read `context`, which is not empty. @throws MalformedBytes unless it is of this format and holds something. */
export function openContext(context: Context, format: number): void {
  if (context.charCodeAt(0) !== format) throw new MalformedBytes("a causal context of an unknown format");
  if (context.length === 1) throw new MalformedBytes("a causal context without entries");
  text = context;
  at = 1;
}

export function moreOfContext(): boolean {
  return at < text.length;
}

/** @throws MalformedBytes */
export function nextOfContext(): number {
  let value = 0;
  let scale = 1;
  for (let k = 0; k < 8; k++) {
    if (at >= text.length) throw new MalformedBytes("a causal context that breaks off");
    const byte = text.charCodeAt(at++);
    if (byte > 0xff) throw new MalformedBytes("a causal context that is not octets");
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (byte === 0 && k > 0) throw new MalformedBytes("a causal context with a padded integer");
      if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes("a causal context with an integer above 2^53");
      return value;
    }
    scale *= 128;
  }
  throw new MalformedBytes("a causal context with an integer longer than eight bytes");
}
