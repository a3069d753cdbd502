/** A chain of causes is longer than this only by mistake: an error that is its own cause. */
const MAX_CAUSES = 10

/**
 * An error and its causes, the outermost first. A cause that is not an `Error` ends the chain, and so does the tenth.
 */
export function* causesOf(error: unknown): Generator<Error> {
  let current = error
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    yield current
    current = current.cause
  }
}

/** What an error says; of what was thrown and is no error, its text. `codec`, which imports nothing of ours, has its own. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
