/**
 * Broken invariants end the process. A node that goes on after its own rules are violated produces numbers that
 * somebody may believe; a node that dies produces none. So `assert` is never compiled out, states one condition at a
 * time, and is never used for what a person typed or a peer sent: those have errors of their own.
 */

/** An invariant of our own code does not hold. Never caught below the host. */
export class InvariantViolated extends Error {
  override readonly name = "InvariantViolated";
}

/** Throws {@link InvariantViolated} unless `condition` holds. `message` states the invariant that was expected. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolated(message);
}

/** Marks a branch that the type system proves impossible. */
export function unreachable(value: never, where: string): never {
  throw new InvariantViolated(`unreachable case ${String(value)} in ${where}`);
}
