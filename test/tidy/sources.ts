/**
 * The repository as the tidy rules see it: its tracked files, each TypeScript file as a syntax tree, and who imports
 * whom. Trees and not patterns, so that a comment that mentions `Date` or a string with `import` in it breaks no rule.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative } from "node:path";
import ts from "typescript";

export const ROOT = join(__dirname, "..", "..");

const NOT_OURS = new Set(["node_modules", "dist", ".git", "coverage"]);

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (NOT_OURS.has(entry.name) || /results\/(runs|bench)$/.test(path)) return [];
    return entry.isDirectory() ? walk(path) : [relative(ROOT, path)];
  });
}

/** Paths of all files under version control, or of all files that are not made by tools where there is no git. */
export function trackedFiles(): readonly string[] {
  const git = spawnSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  const listed = git.status === 0 ? git.stdout.split("\0").filter((path) => path !== "") : [];
  // A file may be deleted and not yet committed as such.
  return (listed.length > 0 ? listed : walk(ROOT)).filter((path) => existsSync(join(ROOT, path)));
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The file of ours that it means; undefined for packages and built-in modules. */
  readonly target: string | undefined;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Source {
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const base = posix.join(posix.dirname(from), specifier);
  for (const candidate of [base, `${base}.ts`, `${base}/index.ts`]) {
    const file = join(ROOT, candidate);
    if (existsSync(file) && statSync(file).isFile()) return candidate;
  }
  return `${base} (missing)`;
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (literal: ts.Node | undefined, typeOnly: boolean): void => {
    if (literal === undefined || !ts.isStringLiteralLike(literal)) return;
    const specifier = literal.text;
    found.push({ specifier, target: resolve(path, specifier), typeOnly, line: lineOf(tree, literal) });
  };
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named = clause?.namedBindings;
      const allTypes =
        clause?.name === undefined &&
        named !== undefined &&
        ts.isNamedImports(named) &&
        named.elements.length > 0 &&
        named.elements.every((element) => element.isTypeOnly);
      add(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const called = expression.kind === ts.SyntaxKind.ImportKeyword ? "import" : expression.getText(tree);
      if (called === "import" || called === "require" || called === "require.resolve") add(node.arguments[0], false);
    }
  });
  return found;
}

/** Every tracked TypeScript file, parsed. */
export function sources(): readonly Source[] {
  return trackedFiles()
    .filter((path) => path.endsWith(".ts"))
    .map((path) => {
      const tree = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true);
      return { path, tree, imports: importsOf(path, tree) };
    });
}
