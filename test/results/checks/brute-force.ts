/**
 * The dumb twins of the checks, straight from the definitions: every choice of what happened, every order of it. For
 * histories of a handful of operations.
 */
import type { RegisterHistory, RegisterRead, RegisterWrite } from "../../../results/checks/register-history";

type Operation = RegisterRead | RegisterWrite;

export function isLinearizable({ writes, reads }: RegisterHistory): boolean {
  return choices(writes).some((happened) => ordered([...happened, ...reads], []));
}

/** Reads one by one: an order of the writes and that one read. */
export function isRegular({ writes, reads }: RegisterHistory): boolean {
  return reads.every((read) => choices(writes).some((happened) => ordered([...happened, read], [])));
}

export function isMultiValueRegular({ writes, reads }: RegisterHistory): boolean {
  const happened = writes.filter(({ fate }) => fate !== "refused");
  // "Comes after" in time or by context, closed over any number of steps.
  const after = happened.map((later) =>
    happened.map((earlier) => earlier.end < later.start || later.seen.includes(earlier.id)),
  );
  for (let k = 0; k < happened.length; k++) {
    for (let i = 0; i < happened.length; i++) {
      for (let j = 0; j < happened.length; j++) after[i][j] ||= after[i][k] && after[k][j];
    }
  }
  return reads.every((read) => {
    const known = read.versions.every((id) => happened.some((write) => write.id === id && write.start <= read.end));
    if (!known) return false;
    const isReturned = (write: RegisterWrite): boolean =>
      read.versions.length === 0 ? write.isDelete && write.start <= read.end : read.versions.includes(write.id);
    return happened.every((write, at) => {
      if (write.fate !== "acknowledged" || write.end >= read.start || isReturned(write)) return true;
      if (write.isDelete) {
        if (read.versions.length === 0) return true;
        if (happened.some((version, i) => isReturned(version) && !after[at][i])) return true;
      }
      return happened.some(
        (later, i) => after[i][at] && (isReturned(later) || (later.start <= read.end && later.end >= read.start)),
      );
    });
  });
}

/** Every set of writes that may be what happened. */
function choices(writes: readonly RegisterWrite[]): RegisterWrite[][] {
  let sets: RegisterWrite[][] = [writes.filter(({ fate }) => fate === "acknowledged")];
  for (const write of writes) {
    if (write.fate === "indefinite") sets = [...sets, ...sets.map((set) => [...set, write])];
  }
  return sets;
}

function ordered(left: readonly Operation[], taken: readonly Operation[]): boolean {
  if (left.length === 0) return explains(taken);
  return left.some((next) => {
    const others = left.filter((operation) => operation !== next);
    return others.every((other) => other.end >= next.start) && ordered(others, [...taken, next]);
  });
}

function explains(order: readonly Operation[]): boolean {
  let held: RegisterWrite | undefined;
  for (const operation of order) {
    if (operation.kind === "write") held = operation;
    else if (operation.versions.length === 0) {
      if (held !== undefined && !held.isDelete) return false;
    } else if (held?.id !== operation.versions[0]) return false;
  }
  return true;
}
