/**
 * Where what a notebook shows goes: to the host that runs it, to Jupyter where its TypeScript kernel runs the cells, and else to the
 * terminal as text, so that a notebook can also be started as the module it is.
 */
import { hostOf, type ExpectationOutput, type Output } from "./outputs";
import { inJupyter } from "./jupyter-display";
import { outputText } from "./output-text";

export function show(output: Output): void {
  const host = hostOf();
  if (host !== undefined) host.show(output);
  else if (!inJupyter(output)) process.stdout.write(`${outputText(output)}\n`);
}

/** With the place in the notebook from which it was called. */
export function showExpectation(expectation: Omit<ExpectationOutput, "kind">): void {
  const place = hostOf() === undefined ? undefined : callerIn(new Error().stack ?? "");
  show({ kind: "expectation", ...expectation, ...place });
}

/** Line and column of the first frame in a notebook, by its source map. */
export function callerIn(stack: string): { readonly line: number; readonly column: number } | undefined {
  const found = /\.nb\.ts:(\d+):(\d+)/.exec(stack);
  return found === null ? undefined : { line: Number(found[1]), column: Number(found[2]) };
}
