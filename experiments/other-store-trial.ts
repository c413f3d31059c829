/**
 * One trial on a store of somebody else, which is there already: nothing is started, hurt or inspected, and all that is
 * known comes from the clients' history.
 */
import { TrialFailed, type TrialOptions, type TrialOutput } from "./trial";

export function runOnOtherStore(options: TrialOptions): Promise<TrialOutput | undefined> {
  const { target } = options.trial.cell;
  return Promise.reject(new TrialFailed(`target ${String(target)} is not supported by this version yet`));
}
