/**
 * What a process left behind that was ended in the middle of a write. Everything is filled under a name that opens with a dot and
 * names its owner, so no reader takes it for whole, two processes never fill the same, and it can be told apart from what
 * somebody is filling right now: only what nobody who lives owns is taken away.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { OWNER, ownOwner, ownerState } from "./owner";

const PARTIAL = new RegExp(`^\\.(.+)\\.(${OWNER.source})\\.(partial|replaced)$`);
/** As versions before wrote them, without an owner. */
const OWNERLESS = /^\.(.+)\.partial(\.replaced)?$/;

/** The name under which this process fills `name`. */
export function partialName(name: string): string {
  return `.${name}.${ownOwner()}.partial`;
}

/** The name that an older one gets for the moment in which it is replaced. */
export function replacedName(name: string): string {
  return `.${name}.${ownOwner()}.replaced`;
}

/**
 * Takes away what dead processes left in `folder`, and gives a folder its name back that was moved aside and never replaced. Returns how
 * many it took away. Never throws: whoever may not tidy up may still read.
 */
export function sweepHalfWritten(folder: string): number {
  let swept = 0;
  for (const entry of namesIn(folder)) {
    const match = PARTIAL.exec(entry);
    if (match === null && !OWNERLESS.test(entry)) continue;
    if (match !== null && ownerState(match[2]) !== "dead") continue;
    try {
      const whole = match?.[7] === "replaced" ? path.join(folder, match[1]) : undefined;
      if (whole !== undefined && !fs.existsSync(whole)) fs.renameSync(path.join(folder, entry), whole);
      else fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
      swept++;
    } catch {
      // It opens with a dot, so nobody reads it.
    }
  }
  return swept;
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
