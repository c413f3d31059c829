/** The availability formula against its re-evaluated table, and what the paper's text states of it. */
import assert from "node:assert/strict";
import { NETFLIX_2018, predictOutages } from "../../../results/predictions/outages";

describe("outages in closed form", () => {
  it("are those of the formula for 96 nodes, by vnodes", () => {
    const rows: readonly (readonly [number, number, number])[] = [
      [1, 0.467, 3.9],
      [4, 0.666, 14.3],
      [8, 1.184, 25.3],
      [16, 1.899, 40.6],
      [32, 2.592, 55.5],
      [256, 2.99, 64],
    ];
    for (const [vnodesPerNode, outages, neighbours] of rows) {
      const found = predictOutages({ ...NETFLIX_2018, vnodesPerNode });
      // The table has three figures; a century of 365.25 days or of 365 is a difference in the third.
      assert.ok(Math.abs(found.outagesPerCentury - outages) <= 0.003, `${vnodesPerNode}: ${found.outagesPerCentury}`);
      assert.ok(Math.abs(found.neighbours - neighbours) <= 0.06, `${vnodesPerNode}: ${found.neighbours}`);
    }
  });

  it("are the paper's own numbers for 256 vnodes: 64 neighbours, 2457 seconds", () => {
    const found = predictOutages({ ...NETFLIX_2018, vnodesPerNode: 256 });
    assert.equal(found.neighbours.toFixed(0), "64");
    assert.equal(Math.floor(found.rebuildSeconds), 2457);
  });

  it("have the neighbours that others counted in clusters of 60 and 300", () => {
    const neighbours = (nodes: number, vnodesPerNode: number): number =>
      predictOutages({ ...NETFLIX_2018, nodes, vnodesPerNode }).neighbours;
    for (const [nodes, vnodes, expected] of [
      [60, 256, 40],
      [60, 16, 32.09],
      [60, 4, 13.32],
      [300, 256, 198.8],
      [300, 16, 54.89],
      [300, 4, 15.41],
    ])
      assert.ok(Math.abs(neighbours(nodes, vnodes) - expected) < 0.05, `${nodes} nodes, ${vnodes} vnodes`);
  });
});
