/**
 * From a request's path and method to its row: a tree of segments made once from the templates, walked by what a request's path
 * was split into. A path that no template fits is 404; one that fits, with a method that none of its rows has, is 405 and told which.
 */
import { assert } from "../vocabulary/assert";
import type { Exchange } from "./exchange";
import { METHODS, type Route } from "./route";
import { MAX_SEGMENTS, percentDecoded, segmentsOf } from "./url";

type Variable = "type" | "bucket" | "key";

class Branch {
  readonly literals = new Map<string, Branch>();
  variable: Variable | undefined;
  wild: Branch | undefined;
  readonly byMethod = new Map<string, Route>();
  allow = "";
}

/** `not-found`: no template. `malformed`: a segment cannot be decoded. */
export type Found = "found" | "not-found" | "malformed" | { readonly allow: string };

export class Dispatch {
  private readonly root = new Branch();
  private readonly segments = new Array<string>(MAX_SEGMENTS).fill("");

  constructor(routes: readonly Route[]) {
    for (const route of routes) for (const path of route.paths) this.add(path, route);
  }

  private add(path: string, route: Route): void {
    let branch = this.root;
    for (const segment of path.split("/").filter((part) => part !== "")) {
      const variable = /^\{(\w+)\}$/.exec(segment)?.[1] as Variable | undefined;
      if (variable === undefined) {
        let next = branch.literals.get(segment);
        if (next === undefined) branch.literals.set(segment, (next = new Branch()));
        branch = next;
      } else {
        assert(branch.variable === undefined || branch.variable === variable, "a segment stands for one thing");
        branch.variable = variable;
        branch = branch.wild ??= new Branch();
      }
    }
    for (const method of route.methods) {
      assert(!branch.byMethod.has(method), "a path and a method have one row");
      branch.byMethod.set(method, route);
    }
    branch.allow = METHODS.filter((method) => branch.byMethod.has(method)).join(", ");
  }

  /** Fills in route, type, bucket, key and version of `exchange`. */
  find(exchange: Exchange): Found {
    const { segments } = this;
    const count = segmentsOf(exchange.request.url!, segments);
    if (count > MAX_SEGMENTS) return "not-found";
    let branch: Branch | undefined = this.root;
    for (let i = 0; i < count; i++) {
      const next: Branch | undefined = branch.literals.get(segments[i]);
      if (next !== undefined) {
        branch = next;
        continue;
      }
      const { variable } = branch;
      branch = branch.wild;
      if (variable === undefined || branch === undefined) return "not-found";
      const octets = percentDecoded(segments[i]);
      if (octets === undefined) return "malformed";
      exchange[variable] = octets;
    }
    const route = branch.byMethod.get(exchange.method);
    if (route === undefined) return branch.allow === "" ? "not-found" : { allow: branch.allow };
    exchange.route = route;
    exchange.version = segments[0] === "riak" ? 1 : segments[0] === "types" ? 3 : 2;
    return "found";
  }
}
