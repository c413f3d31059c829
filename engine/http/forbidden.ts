/**
 * Whom a browser must not be made to speak for. A page of somebody else's that a person on this machine looks at can send
 * requests to 127.0.0.1; it cannot read the answers, but a PUT or DELETE needs no reading. Riak refuses a null `Origin` and a
 * `Referer` of another place. Two holes are left by that, and closed here as well: a page that sends no Referer still has to
 * send its Origin; and a name that is made to resolve to 127.0.0.1 (DNS rebinding) makes Origin, Referer and Host agree, so
 * that on a loopback address `Host` itself must be one.
 */
import type { Exchange } from "./exchange";

/** Whether it was answered with 403. */
export function forbidden(exchange: Exchange): boolean {
  const reason = whyForbidden(exchange);
  if (reason === undefined) return false;
  exchange.text(403, `forbidden: ${reason}\n`);
  return true;
}

export function whyForbidden(exchange: Exchange): string | undefined {
  const host = exchange.header("host");
  if (exchange.context.loopback && host !== undefined && !isLoopbackName(host))
    return `this node listens on a loopback address and has no name ${host.slice(0, 100)}`;
  const origin = exchange.header("origin");
  if (origin !== undefined) {
    if (origin === "null") return "a null Origin";
    if (!isOf(origin, host)) return "an Origin of another place";
  }
  const referer = exchange.header("referer");
  if (referer !== undefined && !isOf(referer, host)) return "a Referer of another place";
  return undefined;
}

/** The last Host that was found good: connections ask under one name. */
let lastGood = "";

/** Whether a Host header, with its port or without, names this machine to itself. */
export function isLoopbackName(host: string): boolean {
  if (host === lastGood) return true;
  const name = host.replace(/:\d*$/, "").toLowerCase();
  const good =
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    (/^127(\.\d{1,3}){3}$/.test(name) && name.split(".").every((part) => Number(part) <= 255));
  if (good) lastGood = host;
  return good;
}

/** Whether an address is of the place that was asked: scheme, host and port. */
function isOf(address: string, host: string | undefined): boolean {
  const parts = /^http:\/\/([^/?#@]+)(?:[/?#]|$)/i.exec(address);
  return parts !== null && host !== undefined && withPort(parts[1]) === withPort(host);
}

function withPort(host: string): string {
  const lower = host.toLowerCase();
  return /:\d+$/.test(lower) ? lower : `${lower.replace(/:$/, "")}:80`;
}
