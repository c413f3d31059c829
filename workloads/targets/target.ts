/**
 * A store as the driver sees it: a request goes in, one reply comes out, once. What a target cannot do it declares, so
 * that a report can refuse to compare what is not comparable.
 */
import type { Capabilities } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";

export type { Capabilities };

export interface Target {
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Sends `request`; `done` is called exactly once, never before `submit` returns, and always by the target's own
   * deadline (then with an indefinite outcome).
   */
  submit(request: Request, done: (reply: Reply) => void): void;
  close(): Promise<void>;
}
