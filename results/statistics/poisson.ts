/**
 * The interval of a count of rare events, 95 %: Byar's approximation to the exact one of Garwood (1936), within a percent from
 * a count of 1 on and half a percent low at 0 (3.67 for 3.69). A count of zero has an upper end: so much could have been
 * there and still not shown.
 */
import { Z_95 } from "./normal";

export function poissonInterval(count: number, z: number = Z_95): { readonly lo: number; readonly hi: number } {
  if (!(count >= 0)) throw new RangeError(`no count: ${count}`);
  const end = (k: number, side: number): number => k * Math.pow(1 - 1 / (9 * k) + (side * z) / (3 * Math.sqrt(k)), 3);
  return { lo: count === 0 ? 0 : Math.max(0, end(count, -1)), hi: end(count + 1, 1) };
}
