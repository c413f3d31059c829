/**
 * Dates as HTTP writes them, whole seconds in GMT. Many answers share a second, so the last few are kept. Reading takes the
 * three forms that HTTP/1.1 asks for, all of which `Date.parse` knows, and nothing else that it would guess at:
 * `If-Unmodified-Since: 5` is no date.
 */
import { type Micros, MICROS_PER_SECOND } from "../vocabulary/micros";

const written = new Map<number, string>();
const MAX_WRITTEN = 512;

export function httpDate(micros: Micros): string {
  const second = Math.floor(micros / MICROS_PER_SECOND);
  const known = written.get(second);
  if (known !== undefined) return known;
  if (written.size >= MAX_WRITTEN) written.clear();
  const text = new Date(second * 1_000).toUTCString();
  written.set(second, text);
  return text;
}

const FORMS = [
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Seconds since 1970, or undefined where it is no date: then HTTP wants the header ignored. */
export function secondOfHttpDate(text: string): number | undefined {
  if (!FORMS.some((form) => form.test(text))) return undefined;
  const ms = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}

/** A date as HTTP compares it. */
export function secondOf(micros: Micros): number {
  return Math.floor(micros / MICROS_PER_SECOND);
}
