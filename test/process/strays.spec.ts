import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needsCompiledNodes, settingsOf, temporaryFolder } from "./live-cluster";
import { alive, processesNaming } from "./processes";
import { until } from "./until";

const ROOT = join(__dirname, "..", "..");

/** Starts a program that owns a cluster, lets or makes it end, and looks at what is left. */
async function endAs(ending: string): Promise<{ code: number | null; signal: string | null; words: string }> {
  const directory = temporaryFolder();
  const nodes = ending === "exit-paused" ? 2 : 1;
  writeFileSync(join(directory, "settings.json"), JSON.stringify(settingsOf({ nodes })));
  const child = spawn(
    process.execPath,
    ["-r", "ts-node/register", join(__dirname, "fixtures", "stray.ts"), directory, ending],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let out = "";
  let words = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString("utf8")));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  try {
    const line = await until("the nodes' process ids", () => (out.includes("\n") ? out : undefined), 30_000);
    const pids = JSON.parse(line) as number[];
    assert.equal(pids.length, nodes);
    if (ending.startsWith("SIG")) {
      assert.ok(pids.every(alive), "the nodes run before the signal");
      child.kill(ending as NodeJS.Signals);
    }
    const how = await ended;
    await until(`nodes of a program that ended by ${ending} are gone`, () => !pids.some(alive));
    assert.deepEqual(processesNaming(directory), []);
    return { ...how, words };
  } finally {
    child.kill("SIGKILL");
    for (const pid of processesNaming(directory)) process.kill(pid, "SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
}

const ENDINGS = ["throw", "exit-paused", "SIGTERM", "SIGINT", "SIGKILL"] as const;

describe("nodes outlive their program by no way it may end", function () {
  this.timeout(60_000);
  // Side by side: most of the time of each is the start of its processes.
  const runs = new Map<string, ReturnType<typeof endAs>>();
  const ended = (ending: (typeof ENDINGS)[number]): ReturnType<typeof endAs> => runs.get(ending)!;

  before(function () {
    needsCompiledNodes(this);
    for (const ending of ENDINGS) {
      const run = endAs(ending);
      run.catch(() => undefined); // each is awaited by its own test
      runs.set(ending, run);
    }
  });

  after(async () => {
    await Promise.allSettled(runs.values());
  });

  it("an exception", async () => {
    const { code, words } = await ended("throw");
    assert.equal(code, 1);
    assert.match(words, /thrown on purpose/);
  });

  it("process.exit, even while a node is paused", async () => {
    assert.equal((await ended("exit-paused")).code, 3);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
    it(signal, async () => {
      assert.equal((await ended(signal)).signal, signal);
    });
  }
});
