/** Stores that tests start for themselves on 127.0.0.1, with nothing kept on disk, and end by what they started. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "node:http";
import { until } from "../../process/until";

export interface StartedStore {
  /** `host:port` */
  readonly host: string;
  readonly stop: () => Promise<void>;
}

/** Skips the tests, and says why, where no Redis is installed; the check of a change installs Debian's. */
export function needsRedis(context: Mocha.Context): void {
  if (spawnSync("redis-server", ["--version"]).status === 0) return;
  console.log("      skipped: redis-server is not installed (apt-get install redis-server)");
  context.skip();
}

export async function startRedis(): Promise<StartedStore> {
  const folder = mkdtempSync(join(tmpdir(), "quorumlab-redis-"));
  const port = await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
    { stdio: "ignore" },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until("redis-server to listen", () => listens(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `127.0.0.1:${String(port)}`, stop };
}

/** DynamoDB's interface by dynalite, in this process; tables are made and dropped at once. */
export async function startDynalite(): Promise<StartedStore> {
  // It has no types.
  const dynalite = require("dynalite") as (options: Readonly<Record<string, number>>) => Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
