/**
 * Every loaded key equally often. As in YCSB the range is what was loaded: keys inserted during the run are never
 * chosen. YCSB takes a 64-bit number modulo the count; the draw here has no modulo bias.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";

export const uniform: ChooserStrategy<"uniform"> = {
  name: "uniform",
  prose: "Every loaded key equally often; keys inserted during the run are never chosen.",
  source: "YCSB, UniformLongGenerator",
  create: (_settings, range) => new Uniform(range),
};

class Uniform implements KeyChooser {
  readonly name = "uniform";
  constructor(private readonly range: KeyRange) {}

  next(random: Random): number {
    return this.range.first + random.nextBelow(this.range.count);
  }

  hottestShare(): number {
    return 1 / this.range.count;
  }
}
