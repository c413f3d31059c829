/** The streams of a command line run in this process, kept. */
import assert from "node:assert/strict";
import type { Io } from "../../experiments/cli/io";

export interface RecordingIo extends Io {
  out(): string;
  err(): string;
}

export function recordingIo(cwd: string): RecordingIo {
  let out = "";
  let err = "";
  return {
    stdout: { write: (text: string) => (out += text), isTTY: false, columns: undefined },
    stderr: { write: (text: string) => (err += text), isTTY: false, columns: undefined },
    env: {},
    cwd,
    onInterrupt: () => () => undefined,
    exitNow: () => assert.fail("nothing here ends at once"),
    out: () => out,
    err: () => err,
  };
}
