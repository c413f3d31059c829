/**
 * How far recording is behind: operations that have ended wait in the driver until the loop has a turn for them. Their times were
 * taken when they ended, so no latency is wrong; but what is read off the nodes meanwhile is folded before them, and while they
 * are worked off nothing is sent. One reading of the clock a turn: the first taken has waited longest.
 */
import type { OperationRecord } from "../results/record/history";
import type { RecorderBacklog } from "../results/statistics/validity";

export class RecorderWatch {
  private inTurn = 0;
  private most = 0;
  private longest = 0;

  /** `now`: microseconds of the records' time base. */
  constructor(private readonly now: () => number) {}

  /** A record leaves the driver, before it is folded. */
  takes({ end, phase }: Pick<OperationRecord, "end" | "phase">): void {
    if (phase !== "measure") return;
    if (this.inTurn === 0) this.longest = Math.max(this.longest, this.now() - end);
    this.inTurn++;
  }

  /** All that had ended by now was taken. */
  turned(): void {
    if (this.inTurn > this.most) this.most = this.inTurn;
    this.inTurn = 0;
  }

  backlog(): RecorderBacklog {
    return { most: Math.max(this.most, this.inTurn), longestWaitMs: this.longest / 1_000 };
  }
}
