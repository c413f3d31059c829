/** The golden scenarios of this folder, and what the code of today makes of them. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BadScenario, parse, render } from "./script";
import { Stage } from "./stage";

/** Names without their ending, in order. */
export function scenarioNames(): readonly string[] {
  return readdirSync(__dirname)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => file.slice(0, -".txt".length))
    .sort();
}

export function expected(name: string): string {
  return readFileSync(join(__dirname, `${name}.txt`), "utf8");
}

/** The scenario's commands, carried out anew. @throws BadScenario naming file and line */
export function actual(name: string): string {
  const stage = new Stage();
  try {
    return render(parse(expected(name)), (command) => stage.perform(command));
  } catch (error) {
    if (!(error instanceof BadScenario)) throw error;
    throw new BadScenario(`${name}.txt: ${error.message}`);
  }
}

/** Whether the file has changed. */
export function record(name: string): boolean {
  const text = actual(name);
  if (text === expected(name)) return false;
  writeFileSync(join(__dirname, `${name}.txt`), text);
  return true;
}
