/**
 * Where the ready experiments stand: beside the sources in a clone, beside `dist/` in an installed package. Both are
 * found from the package's own root, never from the folder somebody happens to work in.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

let root: string | undefined;

/** The folder of this package's package.json. */
export function packageRoot(): string {
  if (root !== undefined) return root;
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  root = folder;
  return folder;
}

export function catalogueFolder(): string {
  return join(packageRoot(), "experiments", "catalogue");
}

/** Names of the ready experiments, sorted. */
export function catalogueNames(): readonly string[] {
  return readdirSync(catalogueFolder())
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
}

export function catalogueFile(name: string): string {
  return join(catalogueFolder(), `${name}.yaml`);
}
