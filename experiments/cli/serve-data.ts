/**
 * The folder in which `quorumlab serve` keeps its nodes' data from one start to the next. A folder of copies means something
 * only to the cluster that wrote it: under another ring keys would be looked for where they are not, under another clock the
 * bytes could not be read. So the folder says what it was made for, and it is one process's at a time.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { lives, startOf } from "../../results/record/owner";
import { UserError } from "./user-error";

export interface KeptData {
  readonly directory: string;
  /** Another process may have the folder. */
  release(): void;
}

const SCHEMA = "quorumlab/serve-data@1";
const MARKER = "quorumlab-serve.json";
const LOCK = "quorumlab-serve.pid";

/** What the copies on disk depend on, in words. */
function identityOf({ name, seed, members, ring, engine, storage }: ClusterSettings): Readonly<Record<string, string>> {
  return {
    experiment: name,
    seed: String(seed),
    nodes: JSON.stringify(members.map(({ id, zone, weight }) => [id, zone, weight])),
    ring: JSON.stringify(ring),
    "tunables.n_val": String(engine.nVal),
    "tunables.clock": engine.clock,
    "cluster.storage": storage.kind,
  };
}

/** Makes the folder, or takes it up again. Throws {@link UserError} where it is somebody else's. */
export function keepData(directory: string, settings: ClusterSettings): KeptData {
  const identity = identityOf(settings);
  const marker = join(directory, MARKER);
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory()) throw new UserError(`--data ${directory}: is a file and no folder`);
    if (!existsSync(marker) && readdirSync(directory).length > 0)
      throw new UserError(
        `--data ${directory}: has files that are not of quorumlab serve; name an empty folder, or a new one`,
      );
  }
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new UserError(`--data ${directory}: cannot be made (${(error as Error).message})`);
  }
  const release = lock(directory);
  try {
    if (existsSync(marker)) compare(directory, marker, identity);
    else writeFileSync(marker, `${JSON.stringify({ schema: SCHEMA, ...identity }, null, 2)}\n`);
  } catch (error) {
    release();
    throw error;
  }
  return { directory, release };
}

function compare(directory: string, marker: string, identity: Readonly<Record<string, string>>): void {
  let found: Readonly<Record<string, unknown>>;
  try {
    found = JSON.parse(readFileSync(marker, "utf8")) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UserError(
      `${marker}: cannot be read (${(error as Error).message}); what this folder was made for is not known`,
    );
  }
  if (found.schema !== SCHEMA) throw new UserError(`${marker}: is of another version (${String(found.schema)})`);
  const differing = Object.keys(identity).filter((key) => found[key] !== identity[key]);
  if (differing.length === 0) return;
  const [key] = differing;
  throw new UserError(
    `--data ${directory}: was made for another cluster: ${differing.join(", ")} ${differing.length === 1 ? "differs" : "differ"} ` +
      `(${key} was ${String(found[key])}, now ${identity[key]}); name another folder, or serve what it was made for`,
  );
}

/** Throws when a process that lives has it. One that died without giving it back has not. */
function lock(directory: string): () => void {
  const file = join(directory, LOCK);
  for (let attempt = 0; ; attempt++) {
    try {
      const descriptor = openSync(file, "wx");
      writeFileSync(descriptor, `${process.pid} ${startOf(process.pid)}\n`);
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0)
        throw new UserError(`--data ${directory}: cannot be written (${(error as Error).message})`);
    }
    const [pid, since] = readFileSync(file, "utf8").trim().split(" ");
    if (lives(Number(pid)) && startOf(Number(pid)) === since)
      throw new UserError(`--data ${directory}: is in use by another quorumlab serve, process ${pid}`);
    rmSync(file, { force: true });
  }
}
