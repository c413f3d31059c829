/**
 * Names that become folders: experiments, runs, trials. They come from experiment files and from files on disk that
 * somebody else may have written, so they are checked before they meet a path: letters, digits, dot, dash and
 * underscore, not opening with a dot (which also keeps `.partial` folders out of every listing).
 */

const FOLDER_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

export function isFolderName(name: string): boolean {
  return FOLDER_NAME.test(name);
}

/** Names inside `experiment/` that are never runs. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(["trials", "latest"]);
