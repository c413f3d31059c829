/**
 * The promises a history of one key can be held to, by name. Which of them a configuration makes is for the caller to
 * know: quorums that overlap (R + W > N) without failures promise a regular register and not a linearizable one; partial
 * quorums promise neither; a store that keeps siblings is held to `multiValue`, for the other two it is no register.
 */
import type { OperationRecord } from "../record/history";
import { checkLinearizable, STATES_SEARCHED } from "./linearizable";
import { checkMultiValue } from "./multi-value";
import { registerHistory } from "./register-history";
import { checkRegular } from "./regular";
import type { Verdict } from "./verdict";

export type PromiseName = "linearizable" | "regular" | "multiValue";
export const PROMISES: readonly PromiseName[] = ["linearizable", "regular", "multiValue"];

export type RegisterVerdicts = Readonly<Record<PromiseName, Verdict>>;

/** Checks the whole history of one key, in any order. `states` bounds the search that reads after deletes need. */
export function checkRegister(records: Iterable<OperationRecord>, states: number = STATES_SEARCHED): RegisterVerdicts {
  const history = registerHistory(records);
  return {
    linearizable: checkLinearizable(history, states),
    regular: checkRegular(history),
    multiValue: checkMultiValue(history),
  };
}
