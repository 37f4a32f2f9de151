/** Our own bugs: an invariant that does not hold. It ends the turn, is logged with its cause, and is fixed. */
class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws when `condition` is false. `invariant` says in words what must hold. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant);
}

/** Unwraps a value that our own code guarantees to be there. */
export function must<T>(value: T | null | undefined, invariant: string): T {
  if (value === null || value === undefined) throw new InvariantError(invariant);
  return value;
}

/** Closes a `switch` over a union: adding a member without a case is a type error. */
export function assertNever(value: never): never {
  throw new InvariantError(`unexpected member of a closed union: ${JSON.stringify(value)}`);
}
