/**
 * `/ping`, and `/` with the resources that there are: as links for people, as JSON for programs, from the route table.
 */
import type { Exchange } from "./exchange";
import { forbidden } from "./forbidden";
import { chooseMediaType } from "./negotiation";
import { acceptable } from "./object";

export function ping(exchange: Exchange): void {
  if (forbidden(exchange)) return;
  if (chooseMediaType(["text/html"], exchange.header("accept")) === undefined || !acceptable(exchange, undefined))
    return exchange.text(406, "only as text/html\n");
  exchange.answer(200, ["Content-Type", "text/html"], "OK");
}

const TYPES: readonly string[] = ["text/html", "application/json"];

/** What can be asked for without knowing a bucket. */
const RESOURCES: readonly (readonly [name: string, path: string])[] = [
  ["riak_kv_wm_buckets", "/buckets"],
  ["riak_kv_wm_buckets", "/riak"],
  ["riak_kv_wm_ping", "/ping"],
  ["riak_kv_wm_stats", "/stats"],
];

export function resources(exchange: Exchange): void {
  if (forbidden(exchange)) return;
  const type = chooseMediaType(TYPES, exchange.header("accept"));
  if (type === undefined || !acceptable(exchange, undefined))
    return exchange.text(406, `only as ${TYPES.join(" or ")}\n`);
  const headers = ["Vary", "Accept", "Content-Type", type];
  headers.push("Link", RESOURCES.map(([name, path]) => `<${path}>; rel="${name}"`).join(", "));
  if (type === "application/json") {
    exchange.answer(200, headers, JSON.stringify(Object.fromEntries(RESOURCES)));
    return;
  }
  const items = RESOURCES.map(([name, path]) => `<li><a href="${path}">${name}</a></li>`);
  exchange.answer(200, headers, `<html><body><ul>${items.join("")}</ul></body></html>`);
}
