import { existsSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Entry } from './entry.ts'
import { merged } from './merge.ts'
import { type Beginning, entriesOf, type PartLog } from './part-log.ts'

const INTERVAL_MS = 250

/** Log files that somebody follows: the present one of each part, which may not be there yet. */
export type Followed = readonly { readonly part: string; readonly file: string }[]

/**
 * What is written from now on, until the signal. Within each quarter of a second, entries of different parts are in the order of time.
 *
 * @param reached how far each file was read before.
 */
export async function* following(
  followed: Followed,
  reached: Map<string, number>,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  while (!signal.aborted) {
    yield* merged(
      followed.map(({ part, file }) => {
        const beginning = unread(file, reached)
        return entriesOf(logOf(part, beginning), beginning, reached)
      }),
    )
    await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * What a part has written since. A file that is shorter than it was has become too large: the launcher has copied it aside and emptied
 * it, so that the rest of it is in the copy.
 */
function unread(file: string, reached: Map<string, number>): Beginning {
  const offset = reached.get(file) ?? 0
  if (!existsSync(file)) return new Map()
  const { size } = statSync(file)
  if (size >= offset) return size === offset ? new Map() : new Map([[file, offset]])
  reached.delete(file)
  const former = `${file}.1`
  return new Map([...(existsSync(former) ? [[former, offset] as const] : []), [file, 0]])
}

const logOf = (part: string, beginning: Beginning): PartLog => ({
  part,
  files: [...beginning.keys()],
})
