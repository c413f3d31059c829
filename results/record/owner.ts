/**
 * Who is writing here, and does it still live? A process killed in the middle of a write leaves its lock and its half-filled
 * folders behind, and its number is given to another process sooner or later: so an owner is the machine, its boot (and, in
 * containers, the space of process numbers), the process and the instant at which that was started. Of another machine
 * nothing can be known; what it left is left alone.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";

/** `1234-567890-0a1b2c3d-4e5f6071`: process, its start in ticks, machine, boot. Fits into a file's name. */
export type Owner = string;

export const OWNER = /(\d+)-(\d+)-([0-9a-f]{8})-([0-9a-f]{8})/;

/** `elsewhere`: on another machine, where nobody can look from here. */
export type OwnerState = "ourselves" | "lives" | "dead" | "elsewhere";

let own: Owner | undefined;

/** This process. */
export function ownOwner(): Owner {
  own ??= [process.pid, startOf(process.pid), machine(), boot()].join("-");
  return own;
}

/** Text that names no owner was written by nobody who lives. */
export function ownerState(owner: Owner): OwnerState {
  if (owner === ownOwner()) return "ourselves";
  const match = new RegExp(`^${OWNER.source}$`).exec(owner);
  if (match === null) return "dead";
  const [, pid, start, onMachine, sinceBoot] = match;
  if (onMachine !== machine()) return "elsewhere";
  if (sinceBoot !== boot()) return "dead";
  return lives(Number(pid)) && startOf(Number(pid)) === start ? "lives" : "dead";
}

/** The process number of an owner, for people. */
export function pidOf(owner: Owner): string {
  return owner.split("-")[0];
}

function machine(): string {
  return short(hostname());
}

/** After a restart of the machine nobody of before is left; in another space of process numbers ours mean nothing. */
function boot(): string {
  return short(
    [() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8"), () => fs.readlinkSync("/proc/self/ns/pid")]
      .map(orEmpty)
      .join(" "),
  );
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return ""; // a system that does not tell
  }
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

export function lives(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Process ids come again; with the time of the start they do not. In ticks since the machine's boot; 0 where the system does not tell. A process that ended and was not waited for (Z) is none. */
export function startOf(pid: number): string {
  const stat = orEmpty(() => fs.readFileSync(`/proc/${String(pid)}/stat`, "latin1"));
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "0" : (fields[19] ?? "0");
}
