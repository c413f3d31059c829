/**
 * The generalised harmonic number zeta(n, theta) = sum of k^-theta for k = 1..n: what every zipf law divides by. Summing
 * a hundred million terms takes seconds at start-up, so beyond a plain head the tail is an Euler-Maclaurin expansion,
 * whose first left-out term is far below a double's precision (Knuth, The Art of Computer Programming 1, 1.2.11.2).
 */
import { ln, pow } from "../../engine/vocabulary/mathematics";

/** `n` >= 0 terms, `theta` >= 0; theta = 1 is the ordinary harmonic number. Relative error below 1e-12. */
export function zeta(n: number, theta: number): number {
  const head = Math.min(n, HEAD_TERMS);
  let sum = 0;
  // Smallest terms first, so that rounding does not pile up.
  for (let k = head; k >= 1; k--) sum += pow(k, -theta);
  return n <= HEAD_TERMS ? sum : sum + tail(head, n, theta);
}

/** Sum for k = from + 1..n. */
function tail(from: number, n: number, theta: number): number {
  const f = (x: number): number => pow(x, -theta);
  const integral = theta === 1 ? ln(n / from) : (pow(n, 1 - theta) - pow(from, 1 - theta)) / (1 - theta);
  const first = (-theta * (f(n) / n - f(from) / from)) / 12;
  const cubic = theta * (theta + 1) * (theta + 2);
  const third = (cubic * (f(n) / (n * n * n) - f(from) / (from * from * from))) / 720;
  return integral + (f(n) - f(from)) / 2 + first + third;
}

const HEAD_TERMS = 1024;
