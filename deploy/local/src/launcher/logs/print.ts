import { once } from 'node:events'
import type { Writable } from 'node:stream'

/**
 * Writes a line, and waits while whoever reads is slower than the writer, so that not everything waits in memory.
 *
 * @returns false when nobody reads any more, as after `… | head -1`.
 */
export async function print(line: string, to: Writable = process.stdout): Promise<boolean> {
  if (to.destroyed || to.errored) return false
  if (to.write(`${line}\n`)) return true
  const gone = new AbortController()
  try {
    await Promise.race([
      once(to, 'drain', { signal: gone.signal }),
      once(to, 'close', { signal: gone.signal }),
    ])
  } catch {
    // A closed pipe; `ignoreGoneReaders` says when it is anything else.
    return false
  } finally {
    gone.abort()
  }
  return !to.destroyed
}
