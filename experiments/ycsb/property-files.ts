/**
 * Property files in the order given, and over all of them what the command line set; every value knows where it came from,
 * so that what is wrong with it can be told as `file:line`. The six workload files that every script names by their place in
 * YCSB's own folder (`workloads/workloada`) are found in the catalogue where there is no such file.
 */
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { readProperties } from "../../workloads/ycsb/properties";
import { catalogueFolder } from "../catalogue";
import type { CommandProperty } from "./arguments";

export interface LocatedProperties {
  readonly values: ReadonlyMap<string, string>;
  /** `file:line`, or the option as typed. */
  readonly origins: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

export type PropertyFilesResult =
  | { readonly ok: true; readonly properties: LocatedProperties }
  | { readonly ok: false; readonly problems: readonly string[] };

export function readPropertyFiles(
  files: readonly string[],
  properties: readonly CommandProperty[],
  cwd: string,
): PropertyFilesResult {
  const problems: string[] = [];
  const notes: string[] = [];
  const values = new Map<string, string>();
  const origins = new Map<string, string>();
  for (const typed of files) {
    const found = readOrFind(typed, cwd);
    if ("problem" in found) {
      problems.push(`${typed}: ${found.problem}`);
      continue;
    }
    if (found.note !== undefined) notes.push(found.note);
    const reading = readProperties(found.text);
    if (!reading.ok) {
      for (const { line, message } of reading.problems) problems.push(`${typed}:${line}: ${message}`);
      continue;
    }
    for (const { key, value, line } of reading.entries) {
      values.set(key, value);
      origins.set(key, `${typed}:${line}`);
    }
  }
  for (const { key, value, typed } of properties) {
    values.set(key, value);
    origins.set(key, typed);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, properties: { values, origins, notes } };
}

/** A file beside the scripts; relative to the working folder. */
export function readText(path: string, cwd: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: readFileSync(resolve(cwd, path), "latin1") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "no such file",
      ENOTDIR: "no such file",
      EISDIR: "is a folder",
      EACCES: "permission denied",
    };
    return { problem: reasons[code] ?? `cannot be read (${code})` };
  }
}

function readOrFind(
  typed: string,
  cwd: string,
): { readonly text: string; readonly note?: string } | { readonly problem: string } {
  const read = readText(typed, cwd);
  const name = basename(typed);
  if ("text" in read || read.problem !== "no such file") return read;
  if (!/^workload[a-f]$/.test(name)) return { problem: `${read.problem}; workloada to workloadf are in the catalogue` };
  const own = readText(join(catalogueFolder(), "ycsb", name), cwd);
  return "text" in own ? { ...own, note: `${typed}: no such file; the catalogue's ${name} is used` } : own;
}
