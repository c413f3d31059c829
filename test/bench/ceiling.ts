/** Starts the bare ceiling's processes and drives them as the engine is driven. */
import { type ChildProcess, fork } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { NODE_FLAGS } from "../../engine/real/cluster";
import { findTaskset, type Placement } from "../../engine/real/placement";
import { Corked, onFrames } from "./ceiling-node";
import type { Round } from "./engine";
import { closedLoop, type LoadFigures } from "./load";

const KIND_REQUEST = 1;
const KIND_ANSWER = 4;
const NODES = 5;

export interface RunningCeiling {
  run(round: Round): Promise<LoadFigures>;
  stop(): void;
}

/** `requestBytes`, `answerBytes`: payload of a request and of an answer, the engine's own. */
export async function startCeiling(
  placement: Placement,
  requestBytes: number,
  answerBytes: number,
): Promise<RunningCeiling> {
  const taskset = findTaskset();
  const children: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  try {
    for (let i = 0; i < NODES; i++) {
      const cores = placement.nodes?.[i];
      const flags = [...NODE_FLAGS, "-r", "ts-node/register"];
      children.push(
        fork(join(__dirname, "ceiling-node.ts"), [String(answerBytes)], {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
          ...(cores === undefined || taskset === undefined
            ? { execArgv: flags }
            : { execPath: taskset, execArgv: ["-c", cores.join(","), process.execPath, ...flags] }),
        }),
      );
    }
    const said = (child: ChildProcess): Promise<{ port?: number }> =>
      new Promise((resolve, reject) => {
        child.once("message", (message) => resolve(message as { port?: number }));
        child.once("exit", (code) => reject(new Error(`a ceiling process ended (${String(code)})`)));
      });
    const ports = (await Promise.all(children.map(said))).map(({ port }) => port!);
    const connected = Promise.all(children.map(said));
    children.forEach((child, i) => child.send(ports.filter((_, j) => j !== i)));
    await connected;
    const pending = new Map<number, (ok: boolean) => void>();
    const dial = (port: number): Promise<Corked> =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(new Corked(socket)));
        onFrames(socket, (kind, id) => {
          const done = pending.get(id);
          if (kind !== KIND_ANSWER || done === undefined) return;
          pending.delete(id);
          done(true);
        });
      });
    const sockets = await Promise.all(ports.map(dial));
    const blank = Buffer.alloc(requestBytes);
    let id = 0;
    return {
      run: (round) =>
        closedLoop({
          ...round,
          issue: (done) => {
            id = (id + 1) >>> 0;
            pending.set(id, done);
            sockets[id % NODES].frame(KIND_REQUEST, id, blank, 0, requestBytes);
          },
        }),
      stop: () => {
        for (const { socket } of sockets) socket.destroy();
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}
