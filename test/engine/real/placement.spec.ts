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

  it("gives several drivers a core each, but never more than half of the cores", () => {
    const on = (cores: number, drivers: number) =>
      place(
        "auto",
        3,
        Array.from({ length: cores }, (_, i) => i),
        "/bin/taskset",
        drivers,
      );
    const eight = on(8, 3);
    assert.deepEqual(
      [eight.driver, eight.loads],
      [
        [5, 6, 7],
        [[5], [6], [7]],
      ],
    );
    assert.deepEqual(eight.nodes, [[0], [1], [2]]);
    assert.match(eight.description, /3 nodes on cores 0, 1, 2, 3 drivers on cores 5, 6, 7/);
    const two = on(2, 3);
    assert.deepEqual([two.driver, two.loads, two.nodes], [[1], [[1]], [[0], [0], [0]]]);
    assert.equal(on(8, 1).loads, undefined);
    assert.deepEqual(on(8, 1).driver, [7]);
  });
});
