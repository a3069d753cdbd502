export type Backoff = {
  /** The longest pause after the first failure; it doubles with each failure after that. */
  readonly firstMs: number
  /** No pause is longer than this, however often the work has failed. */
  readonly longestMs: number
}

/**
 * How long to pause after a failure: exponential backoff with a bound and equal jitter, so between half of the pause
 * and all of it. Without jitter, clients that failed together would retry together.
 *
 * @param attempt how often the work has failed, from 1.
 * @param random a number from 0 up to 1; a test gives its own.
 */
export function backoffMs(
  attempt: number,
  { firstMs, longestMs }: Backoff,
  random: () => number = Math.random,
): number {
  const longest = Math.min(longestMs, firstMs * 2 ** (attempt - 1))
  return Math.round((longest / 2) * (1 + random()))
}
