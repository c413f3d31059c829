/**
 * What all clients of stores of others share: which errors of the operating system say for certain that no byte of a request
 * left. The same words come back from a connection that was up when the network went away, and there they say nothing.
 */
import assert from "node:assert/strict";
import { neverConnected } from "../../../workloads/targets/other-store";

function systemError(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) });
}

describe("a connection that never came about", () => {
  it("is told by what failed at connecting, or at finding the host", () => {
    for (const code of ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"])
      assert(neverConnected(systemError(code, "connect")), code);
    assert(neverConnected(systemError("ENOTFOUND", "getaddrinfo")));
    assert(neverConnected(new AggregateError([systemError("ECONNREFUSED", "connect")])));
    assert(neverConnected(new Error("request failed", { cause: systemError("ECONNREFUSED", "connect") })));
  });

  it("is not one that was up, and lost: the request may have arrived", () => {
    // A peer that became unreachable is told so by reads and writes of connections that it had accepted.
    for (const syscall of ["read", "write"])
      for (const code of ["EHOSTUNREACH", "ENETUNREACH"]) assert(!neverConnected(systemError(code, syscall)), syscall);
    const both = [systemError("ECONNREFUSED", "connect"), systemError("EHOSTUNREACH", "read")];
    assert(!neverConnected(new AggregateError(both)));
    assert(!neverConnected(new Error("request failed", { cause: systemError("EHOSTUNREACH", "read") })));
    assert(!neverConnected(systemError("ECONNRESET", "read")));
    assert(!neverConnected(undefined));
  });
});
