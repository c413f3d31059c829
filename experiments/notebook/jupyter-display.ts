/**
 * Showing things while Jupyter's TypeScript kernel, tslab, runs the cells. tslab offers a display of one media type at a time to code
 * that imports the very copy that runs; a package cannot know which that is. It is the one already loaded in this process, and the
 * function behind its own display takes a whole bundle.
 */
import type { Output } from "./outputs";
import { mediaOf } from "./media";

interface Kernel {
  lastWriteDisplayData?: (content: { data: object; metadata: object; transient: object }, update: boolean) => void;
}

/** False where no such kernel runs. */
export function inJupyter(output: Output): boolean {
  const kernel = kernelOf();
  if (kernel === undefined) return false;
  if (output.kind === "console") process[output.stream].write(output.text);
  for (const data of mediaOf(output)) kernel.lastWriteDisplayData?.({ data, metadata: {}, transient: {} }, false);
  return true;
}

function kernelOf(): Kernel | undefined {
  if (!("__tslab__" in globalThis)) return undefined;
  const file = Object.keys(require.cache).find((path) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(path));
  const kernel = file === undefined ? undefined : (require.cache[file]?.exports as Kernel | undefined);
  return typeof kernel?.lastWriteDisplayData === "function" ? kernel : undefined;
}
