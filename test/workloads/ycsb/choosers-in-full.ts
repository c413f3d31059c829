/**
 * `npm run choosers`: ten million draws of every key chooser, with fixed seeds, against the exact probabilities of its keys
 * by chi-square. Apart from `npm test`, which draws a million, because it takes a busy machine half a minute.
 */
import { assertFits } from "../goodness-of-fit";
import { CHOOSER_LAWS, drawsOf } from "./chooser-laws";

const DRAWS = 10_000_000;

let misfits = 0;
for (const law of CHOOSER_LAWS) {
  const began = performance.now();
  const counts = drawsOf(law, DRAWS);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  try {
    assertFits(counts, law.masses());
    console.log(`${law.name}: ${DRAWS} draws fit (${seconds} s)`);
  } catch (error) {
    misfits++;
    console.log(`${law.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = misfits === 0 ? 0 : 1;
