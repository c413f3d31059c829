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

/** The same, and Ctrl-C once, when `at` stands on standard error: what is written afterwards may match it again. */
export function interruptedIo(cwd: string, at: RegExp): RecordingIo {
  const io = recordingIo(cwd);
  let interrupt = (): void => assert.fail("nobody listens");
  return {
    ...io,
    stderr: {
      ...io.stderr,
      write: (text: string) => {
        io.stderr.write(text);
        if (!at.test(text)) return;
        interrupt();
        interrupt = () => undefined;
      },
    },
    onInterrupt: (handler: () => void) => {
      interrupt = handler;
      return () => undefined;
    },
  };
}
