/** What a pickle can make here: plain data and inert stand-ins. Nothing ever runs. */

/** A Python dict. Keys are compared as JavaScript values, so opaque keys are never looked into. */
export class PickleDict {
  readonly entries = new Map<unknown, unknown>()
}

/** A Python list, tuple or set. */
export class PickleSequence {
  constructor(readonly items: unknown[] = []) {}
}

/** An instance, class or function that means nothing to us: kept as a name, its state dropped. */
export class Opaque {
  constructor(readonly name: string) {}
}

/** A global that we know how to stand in for: `apply` makes the value that calling it would. */
export class Known {
  constructor(
    readonly name: string,
    readonly apply: (args: unknown[]) => unknown,
  ) {}
}

/** A value of ours that takes the state which the BUILD opcode carries. */
export interface Buildable {
  setState(state: unknown): void
}

export function isBuildable(value: unknown): value is Buildable {
  return typeof (value as Buildable | null)?.setState === 'function'
}

/** Damaged or hostile pickle content. The reader that knows the file turns it into a typed error. */
export class PickleError extends Error {}

/** The bytes at hand end before the pickle does. */
export class PickleTruncated extends PickleError {
  constructor() {
    super('the pickle is truncated')
  }
}
