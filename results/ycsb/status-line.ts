/**
 * The line that `-s` prints every `status.interval`: how far the run is, how fast it is now, how long it will take, and
 * what each series saw since the line before. Words, blanks and quirks are YCSB's, because scripts take them apart: a
 * remaining time of one digit is a "second", and a rate of nothing promises an end in 292 thousand million years.
 */
import { twoPlaces } from "./java-numbers";

export interface StatusLine {
  readonly label: string;
  readonly date: Date;
  readonly elapsedMs: number;
  readonly operations: number;
  /** Left to do; 0 where there is no end. */
  readonly todo: number;
  /** Operations since the line before, and the time. */
  readonly lately: { readonly operations: number; readonly ms: number };
  /** Of the measurements. */
  readonly summary: string;
}

export function statusLine(line: StatusLine): string {
  const { label, date, elapsedMs, operations, todo, lately, summary } = line;
  const rate = operations / (elapsedMs / 1_000);
  const parts = [`${label}${stamp(date)} ${Math.floor(elapsedMs / 1_000)} sec: ${operations} operations; `];
  const recent = lately.ms === 0 ? 0 : lately.operations / (lately.ms / 1_000);
  if (operations !== 0) parts.push(`${twoPlaces(recent)} current ops/sec; `);
  if (todo !== 0) parts.push(`est completion in ${remaining(Math.ceil(todo / rate))}`);
  return `${parts.join("")}${summary}\n`;
}

/** `yyyy-MM-dd HH:mm:ss:SSS`, local time. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day} ${time}:${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Days and hours, or hours and minutes, or seconds alone. */
export function remaining(seconds: number): string {
  // Java's conversion of a double: not a number is 0, what is too large the largest long.
  if (seconds === Infinity) return "106751991167300 days 15 hours ";
  let left = Number.isNaN(seconds) ? 0 : seconds;
  let text = "";
  const take = (unit: number, name: string): void => {
    const count = Math.floor(left / unit);
    if (count > 0) text += `${count} ${name}${count === 1 ? "" : "s"} `;
    left -= count * unit;
  };
  take(DAY, "day");
  const short = text === "";
  take(HOUR, "hour");
  if (short) take(MINUTE, "minute");
  if (text === "") text = left < 10 ? `${left} second ` : `${left} seconds `;
  return text;
}
