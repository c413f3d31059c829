/**
 * Results that cannot be written are a person's problem to solve (a full disk, a read-only folder), so they come as one
 * error with one sentence that says what is wrong and what to do; never a stack trace, and never half a result.
 */

export class ResultsNotWritable extends Error {
  override readonly name = "ResultsNotWritable";
  constructor(
    message: string,
    readonly path: string,
    /** The operating system's code, e.g. `ENOSPC`. */
    readonly code: string,
  ) {
    super(message);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space or choose another place with -o",
  EDQUOT: "your disk quota is used up; free some space or choose another place with -o",
  EROFS: "the file system is read-only; choose another place with -o",
  EACCES: "you may not write there; choose another place with -o or change its permissions",
  EPERM: "you may not write there; choose another place with -o or change its permissions",
  ENOENT: "the file system takes no new folder there; choose another place with -o",
  ENOTDIR: "a part of that path is a file, not a folder; choose another place with -o",
  EEXIST: "a file of that name is in the way; move it or choose another place with -o",
  EMFILE: "too many files are open; raise the limit with ulimit -n",
  ENAMETOOLONG: "the path is too long for this file system; choose a shorter one with -o",
  EFBIG: "the file would grow beyond what this file system allows; keep less raw history (measure.raw)",
  EIO: "the disk reports an error; choose another place with -o",
};

/** Runs `write` and turns an operating system's refusal into {@link ResultsNotWritable}; other errors pass unchanged. */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw asNotWritable(path, error);
  }
}

export function asNotWritable(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (typeof code !== "string" || error instanceof ResultsNotWritable || code.startsWith("ERR_")) return error;
  const reason = REASONS[code] ?? `the operating system says ${code}`;
  return new ResultsNotWritable(`cannot write results to ${path}: ${reason}`, path, code);
}
