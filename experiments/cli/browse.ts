/**
 * `quorumlab browse`: the runs in a browser, from this machine alone, until Ctrl-C. The list is made from the folders at each look, so
 * a run that ends meanwhile is there when the page is loaded again.
 */
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { common, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly port?: number;
  readonly open?: boolean;
}

/** Asked for when nobody says which; another free one where it is taken. */
const USUAL_PORT = 8411;

export function defineBrowse(program: Command, context: CommandContext): void {
  const command = program
    .command("browse")
    .description("a read-only browser of runs, on 127.0.0.1 alone")
    .argument("[results]", "where run folders stand", RESULTS_ROOT)
    .option(
      "--port <n>",
      `the port; 0 for any free one (default: ${USUAL_PORT}, or a free one where that is taken)`,
      port,
    )
    .option("--open", "open it in the browser")
    .action((results: string, options: Options) => browse(results, options, context));
  common(command, [
    ["quorumlab browse", "results/runs, at http://127.0.0.1:8411/"],
    ["quorumlab browse /tmp/runs --port 0 --open", "another folder, any free port, in the browser"],
  ]);
}

async function browse(results: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const root = resolve(io.cwd, results);
  if (!existsSync(root))
    throw new UserError(
      `${results}: there is no such folder; quorumlab run quickstart makes runs below ${RESULTS_ROOT}`,
    );
  const { resultBrowser, BROWSER_HOST } = require("../result-browser") as typeof import("../result-browser");
  const server = resultBrowser(root);
  const taken = await listen(server, BROWSER_HOST, options.port ?? USUAL_PORT);
  if (taken !== undefined) {
    if (taken.code !== "EADDRINUSE") throw taken;
    if (options.port !== undefined)
      throw new UserError(`--port ${options.port}: another program has it; --port 0 takes a free one`, 3);
    const again = await listen(server, BROWSER_HOST, 0);
    if (again !== undefined) throw again;
  }
  const url = `http://${BROWSER_HOST}:${(server.address() as AddressInfo).port}/`;
  const ended = new Promise<void>((settle) => {
    const stop = io.onInterrupt(() => {
      stop();
      server.close(() => settle());
      server.closeAllConnections();
    });
  });
  if (options.json === true)
    io.stdout.write(
      `${JSON.stringify({ schema: "quorumlab/browse@1", url, root: shownPath(root, io), pid: process.pid })}\n`,
    );
  else io.stdout.write(`${url}\n`);
  io.stderr.write(`runs below ${shownPath(root, io)}; Ctrl-C ends it\n`);
  if (options.open === true) {
    const { open } = require("./report") as typeof import("./report");
    open(url, (message) => io.stderr.write(message));
  }
  await ended;
}

/** What kept it from listening. */
function listen(server: Server, host: string, at: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((settle) => {
    const failed = (error: NodeJS.ErrnoException): void => settle(error);
    server.once("error", failed);
    server.listen(at, host, () => {
      server.off("error", failed);
      settle(undefined);
    });
  });
}

function port(typed: string): number {
  const value = /^\d+$/.test(typed) ? Number(typed) : NaN;
  if (!(value >= 0 && value <= 65_535)) throw new InvalidArgumentError("write a port from 0 to 65535.");
  return value;
}
