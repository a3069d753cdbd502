import { closeSync, openSync, readSync } from 'node:fs'
import type { Needle } from './forms.ts'

/** A secret that lies where it must not. */
export type Leak = { readonly where: string; readonly of: string; readonly form: Needle['form'] }

const CHUNK_BYTES = 4 * 1024 * 1024

/** Where the secrets lie in some text or bytes. */
export function leaksIn(
  where: string,
  content: string | Buffer,
  needles: readonly Needle[],
): readonly Leak[] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return needles
    .filter((needle) => bytes.includes(needle.bytes))
    .map(({ of, form }) => ({ where, of, form }))
}

/** The same for a file of any size. A chunk begins before the end of the one before, so no secret is cut in two. */
export function leaksInFile(file: string, needles: readonly Needle[]): readonly Leak[] {
  const overlap = Math.max(0, ...needles.map(({ bytes }) => bytes.length - 1))
  const buffer = Buffer.alloc(CHUNK_BYTES + overlap)
  const found: Leak[] = []
  const handle = openSync(file, 'r')
  try {
    let kept = 0
    for (;;) {
      const read = readSync(handle, buffer, kept, CHUNK_BYTES, null)
      if (read === 0) return distinct(found)
      const filled = kept + read
      found.push(...leaksIn(file, buffer.subarray(0, filled), needles))
      kept = Math.min(overlap, filled)
      buffer.copyWithin(0, filled - kept, filled)
    }
  } finally {
    closeSync(handle)
  }
}

/** Each leak once, however often the secret lies in one place. */
export function distinct(leaks: readonly Leak[]): readonly Leak[] {
  return [...new Map(leaks.map((leak) => [JSON.stringify(leak), leak])).values()]
}
