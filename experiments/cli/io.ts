/**
 * All that a command may touch of the process it runs in: two streams, the environment, interrupts. Given instead of
 * imported, so that a test runs commands in its own process and reads what they said.
 */

export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in characters, where the stream is a terminal. */
  readonly columns: number | undefined;
}

export interface Io {
  /** Results, and nothing else. */
  readonly stdout: Sink;
  /** Everything else. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls `handler` on each Ctrl-C or request to terminate; the result takes it away again. */
  onInterrupt(handler: () => void): () => void;
  /** Ends the process at once. */
  exitNow(code: number): void;
}

/** The real process. A reader that went away (`quorumlab list | head`) is no error. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  const sink = (stream: NodeJS.WriteStream): Sink => ({
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
  });
  return {
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    onInterrupt: (handler) => {
      process.on("SIGINT", handler);
      process.on("SIGTERM", handler);
      return () => {
        process.off("SIGINT", handler);
        process.off("SIGTERM", handler);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

/** Characters to a line: `COLUMNS`, else the terminal's width, else 100. */
export function columnsOf(io: Io): number {
  const given = Number(io.env.COLUMNS);
  if (Number.isSafeInteger(given) && given >= 20 && given <= 1_000) return given;
  return io.stdout.columns ?? 100;
}

export interface Paint {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

/**
 * Colour for one stream: `--no-color` first, then `FORCE_COLOR`, `NO_COLOR`, `TERM=dumb`, and last whether it is a
 * terminal at all.
 */
export function paintFor(sink: Sink, io: Io, noColor: boolean): Paint {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = io.env;
  let enabled = sink.isTTY && term !== "dumb";
  if (no !== undefined && no !== "") enabled = false;
  if (force !== undefined) enabled = force !== "0" && force !== "false";
  if (noColor) enabled = false;
  const wrap = (code: number) => (text: string) => (enabled ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { enabled, bold: wrap(1), dim: wrap(2), red: wrap(31), yellow: wrap(33), green: wrap(32) };
}
