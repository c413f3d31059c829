/** The loaded keys in order, again and again, one counter for all clients (YCSB's `sequential`). Draws nothing. */
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";

export const sequential: ChooserStrategy<"sequential"> = {
  name: "sequential",
  prose: "The loaded keys in order, again and again; one counter is shared by all clients.",
  source: "YCSB, SequentialGenerator",
  create: (_settings, range) => new Sequential(range),
};

class Sequential implements KeyChooser {
  readonly name = "sequential";
  private drawn = 0;
  constructor(private readonly range: KeyRange) {}

  next(): number {
    const number = this.range.first + this.drawn;
    this.drawn = this.drawn + 1 === this.range.count ? 0 : this.drawn + 1;
    return number;
  }

  hottestShare(): number {
    return 1 / this.range.count;
  }
}
