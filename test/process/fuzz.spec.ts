/**
 * A few thousand of the requests that `npm run fuzz` sends, of a fixed seed: over HTTP and over protocol buffers the node process
 * serves on, answers as its tables say, and keeps what a model of a few keys knows.
 */
import { strict as assert } from "node:assert";
import { ROUTES } from "../../engine/http/routes";
import { FuzzedNode } from "../fuzz/fuzzed-node";
import { type FuzzReport, HttpFuzz } from "../fuzz/http-fuzz";
import { PbFuzz } from "../fuzz/pb-fuzz";
import { needsCompiledNodes } from "./live-cluster";

/** A node that has just started still grows; `npm run fuzz` is what looks closely. */
const MARGIN_BYTES = 64 * 2 ** 20;
const REQUESTS = 3_000;

describe("front ends under requests that nobody would send", function () {
  this.timeout(240_000);
  let node: FuzzedNode;
  before(async function () {
    needsCompiledNodes(this);
    node = await FuzzedNode.start();
  });
  after(() => node?.end());

  const options = (
    seed: number,
  ): Pick<ConstructorParameters<typeof PbFuzz>[0], "seed" | "requests" | "sample" | "sampleEvery" | "died"> => ({
    seed,
    requests: REQUESTS,
    sample: () => node.sample(),
    sampleEvery: REQUESTS / 10,
    died: () => node.died(),
  });
  const sound = ({ breaches, sent, modelSteps }: FuzzReport): void => {
    assert.equal(node.died(), undefined);
    assert.deepEqual(breaches, []);
    assert(sent >= REQUESTS && modelSteps > 10, `${String(sent)} requests, ${String(modelSteps)} steps of the model`);
    assert.equal(node.memory(MARGIN_BYTES).wrong, undefined);
  };

  it("HTTP", async () => {
    const report = await new HttpFuzz({ ...options(11), routes: ROUTES, port: node.httpPort }).run();
    sound(report);
    for (const status of ["200", "204", "400", "404", "405"]) assert(report.statuses.has(status), `some got ${status}`);
  });

  it("protocol buffers", async () => {
    const report = await new PbFuzz({ ...options(12), port: node.pbPort }).run();
    sound(report);
    assert(report.statuses.size > 10, "answers of most codes");
  });

  it("and logged nothing of its own faults", () => {
    assert.deepEqual(
      node.logs().filter((line) => /Error|assert/i.test(line)),
      [],
    );
  });
});
