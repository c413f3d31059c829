/** Which cores processes are given, and what the report says of it. */
import { strict as assert } from "node:assert";
import { place } from "../../../engine/real/placement";

describe("placement of processes", () => {
  it("of an explicit list gives each node its own, and the last list to the driver", () => {
    const { nodes, driver, description } = place([[0], [0], [1], [2, 3]], 3, [0, 1, 2, 3], "/bin/taskset");
    assert.deepEqual(nodes, [[0], [0], [1]]);
    assert.deepEqual(driver, [2, 3]);
    assert.equal(description, "nodes 0 0 1, driver 2+3");
  });

  it("pins nothing where none is asked for, and says so", () => {
    const { nodes, driver, description } = place("none", 1, [0, 1], "/bin/taskset");
    assert.deepEqual([nodes, driver, description], [undefined, undefined, "none (as asked)"]);
  });
});
