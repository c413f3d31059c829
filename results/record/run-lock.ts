/**
 * One process writes a run at a time. The lock is a file that names its owner: whoever dies without giving it back has it no longer, and
 * whoever comes next takes it over. Taking over is a rename, which only one of two can do; creating is exclusive.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { ownOwner, ownerState, type OwnerState, pidOf } from "./owner";
import { writing } from "./results-not-writable";

const LOCK = ".lock";

export class RunInUse extends Error {
  override readonly name = "RunInUse";
}

/** Who has the run; undefined: nobody. */
export function lockOf(run: string): { readonly state: OwnerState; readonly pid: string } | undefined {
  try {
    const owner = fs.readFileSync(path.join(run, LOCK), "utf8").trim();
    return { state: ownerState(owner), pid: pidOf(owner) };
  } catch {
    return undefined;
  }
}

/** Throws {@link RunInUse} where somebody who lives, or may, has the run. The result gives it back. */
export function lockRun(run: string): () => void {
  const file = path.join(run, LOCK);
  for (let attempt = 1; ; attempt++) {
    try {
      create(file);
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > MOST_ATTEMPTS) throw error;
    }
    const found = lockOf(run);
    if (found === undefined) continue;
    if (found.state === "elsewhere")
      throw new RunInUse(
        `${run} may be in use on another machine (process ${found.pid} there); if it is not, remove ${file}`,
      );
    if (found.state !== "dead") throw new RunInUse(`${run} is still running, in process ${found.pid}`);
    takeAway(file);
  }
}

const MOST_ATTEMPTS = 5;

/** Whole from its first instant: a lock without its owner's name would look like a dead one's. */
function create(file: string): void {
  const filled = `${file}.${ownOwner()}.new`;
  writing(file, () => {
    fs.writeFileSync(filled, `${ownOwner()}\n`);
    try {
      fs.linkSync(filled, file);
    } catch (error) {
      // A file system without hard links.
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
      fs.writeFileSync(file, `${ownOwner()}\n`, { flag: "wx" });
    } finally {
      fs.rmSync(filled, { force: true });
    }
  });
}

/** The lock of one that is dead. If somebody else was quicker, what was taken is theirs, and they get it back. */
function takeAway(file: string): void {
  const aside = `${file}.${ownOwner()}`;
  try {
    fs.renameSync(file, aside);
    if (ownerState(fs.readFileSync(aside, "utf8").trim()) === "dead") fs.rmSync(aside);
    else fs.linkSync(aside, file);
  } catch {
    // Gone, or held anew: the next attempt sees it.
  }
  fs.rmSync(aside, { force: true });
}
