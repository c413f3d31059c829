/**
 * Errors a person can do something about. They are one message that says what is wrong and what to do, with the exit
 * code they deserve; a stack trace is for whoever asked for one with QUORUMLAB_DEBUG=1.
 */

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 130;

export class UserError extends Error {
  override readonly name = "UserError";

  constructor(
    message: string,
    readonly exit: ExitCode = 2,
  ) {
    super(message);
  }
}

/** Errors of other rooms whose message is written for people, with the exit code they lead to. */
const TOLD_ERRORS: ReadonlyMap<string, ExitCode> = new Map<string, ExitCode>([
  ["ResultsNotWritable", 2],
  ["RunNotReadable", 2],
  ["RunInUse", 2],
  ["TrialFailed", 3],
]);

/** The exit code of an error that needs no explanation beyond its message; undefined for any other. */
export function exitOfTold(error: unknown): ExitCode | undefined {
  if (error instanceof UserError) return error.exit;
  return error instanceof Error ? TOLD_ERRORS.get(error.name) : undefined;
}

const SYSTEM_ADVICE: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied; choose another folder with -o DIR"],
  ["EPERM", "not permitted; choose another folder with -o DIR"],
  ["EROFS", "the file system is read-only; choose another folder with -o DIR"],
  ["ENOSPC", "no space left on the device; free some, or choose another folder with -o DIR"],
  ["EDQUOT", "the disk quota is used up; free some, or choose another folder with -o DIR"],
  ["ENOTDIR", "a part of the path is a file and not a folder"],
  ["EMFILE", "too many open files; raise the limit with ulimit -n"],
  ["EADDRINUSE", "the port is in use by another program"],
]);

/** What went wrong outside, in words; undefined when it is no error of the system. */
export function systemMessage(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  const advice = SYSTEM_ADVICE.get(code ?? "");
  if (advice === undefined) return undefined;
  return path === undefined ? advice : `${path}: ${advice}`;
}
