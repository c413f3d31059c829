/**
 * From a notebook's text to one module that runs. TypeScript is taken off and files beside the notebook that it imports are put in,
 * by esbuild; packages stay outside and are found from where the notebook lies; and `quorumlab/notebook` is this very program's
 * library, whichever way it was started, so that a chart in a notebook and one in a report can never be of two versions.
 */
import { dirname, isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type BuildFailure, type Message, type Plugin } from "esbuild";
import type { NotebookFault } from "./cells";

/** What notebooks import this program's library as. */
export const LIBRARY = "quorumlab/notebook";
/** The library, put under this symbol by the thread before the module is loaded. */
export const LIBRARY_SYMBOL = "quorumlab.notebook.library";

export type Bundled =
  | { readonly ok: true; readonly code: string }
  | { readonly ok: false; readonly faults: readonly (NotebookFault & { readonly file: string })[] };

/** `marked`: the text of `file` with its cells marked. `names`: what the library exports. */
export async function bundle(file: string, marked: string, names: readonly string[]): Promise<Bundled> {
  try {
    const { outputFiles } = await build({
      stdin: { contents: marked, sourcefile: file, resolveDir: dirname(file), loader: "ts" },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "external",
      outfile: "notebook.mjs",
      sourcesContent: false,
      logLevel: "silent",
      absWorkingDir: dirname(file),
      define: {
        "import.meta.url": JSON.stringify(pathToFileURL(file).href),
        "import.meta.dirname": JSON.stringify(dirname(file)),
        "import.meta.filename": JSON.stringify(file),
      },
      plugins: [outside(names)],
    });
    const [map, code] = outputFiles[0].path.endsWith(".map") ? outputFiles : [outputFiles[1], outputFiles[0]];
    return { ok: true, code: withMap(code.text, map.text, dirname(file)) };
  } catch (error) {
    const errors = (error as Partial<BuildFailure>).errors;
    if (errors === undefined) throw error;
    return { ok: false, faults: errors.map((message) => faultOf(file, message)) };
  }
}

/** The map, with the sources as absolute addresses: the module is loaded from elsewhere than where it was written. */
function withMap(code: string, text: string, folder: string): string {
  const map = JSON.parse(text) as { sources: readonly string[] };
  const sources = map.sources.map((path) => (path.includes(":") ? path : pathToFileURL(resolve(folder, path)).href));
  const data = Buffer.from(JSON.stringify({ ...map, sources })).toString("base64");
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${data}\n`;
}

function faultOf(file: string, { text, location }: Message): NotebookFault & { readonly file: string } {
  return {
    file: location === null || location.file === "" ? file : resolve(dirname(file), location.file),
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    message: text.replace(/^Could not resolve ("[^"]+")$/, "cannot find $1; is it installed?"),
  };
}

function outside(names: readonly string[]): Plugin {
  const asked = Symbol("asked");
  return {
    name: "outside",
    setup(build) {
      build.onResolve({ filter: /^quorumlab\/notebook$/ }, () => ({ path: LIBRARY, namespace: "library" }));
      build.onLoad({ filter: /.*/, namespace: "library" }, () => ({
        contents:
          `const library = globalThis[Symbol.for("${LIBRARY_SYMBOL}")];\n` +
          names.map((name) => `export const ${name} = library.${name};`).join("\n"),
        loader: "js",
      }));
      build.onResolve({ filter: /^[^./]/ }, async (args) => {
        if (args.pluginData === asked || args.kind === "entry-point" || isAbsolute(args.path)) return undefined;
        const { kind, resolveDir, importer } = args;
        const found = await build.resolve(args.path, { kind, resolveDir, importer, pluginData: asked });
        if (found.errors.length > 0) return { errors: found.errors };
        // Modules of Node keep their names; a package becomes the file that was found from the notebook.
        return found.external || found.namespace !== "file"
          ? { path: args.path, external: true }
          : { path: pathToFileURL(found.path).href, external: true };
      });
    },
  };
}
