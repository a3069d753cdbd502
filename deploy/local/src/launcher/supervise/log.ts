import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

const TAIL_BYTES = 64_000
const CHUNK_BYTES = 1_000_000

/** Of one log file, unless the instance's settings say otherwise. With the file before it a component has twice as much. */
export const LOG_LIMIT_BYTES = 50_000_000

/** Bounds every component's log in a folder. */
export function boundLogs(folder: string, limitBytes: number): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.log')) boundLog(join(folder, name), limitBytes)
  }
}

/**
 * Copies a log that is over the limit to `<file>.1`, in place of the one before, and empties it. It is not renamed, because
 * its component outlives the launcher and keeps the file open: it would go on writing to the renamed one. Components have
 * their logs open for appending, so they go on at the new end. What one writes between the last read here and the
 * emptying, microseconds, is lost.
 */
function boundLog(file: string, limitBytes: number): void {
  if (!existsSync(file) || statSync(file).size <= limitBytes) return
  const former = `${file}.1`
  const descriptor = openSync(file, 'r+')
  try {
    copyFileSync(file, former)
    appendRest(descriptor, former)
  } finally {
    // Also on a full disk, where the copy fails and space is what is needed.
    ftruncateSync(descriptor, 0)
    closeSync(descriptor)
  }
}

/** What was written since the copy. */
function appendRest(descriptor: number, former: string): void {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let position = statSync(former).size
  for (;;) {
    const length = readSync(descriptor, chunk, 0, chunk.length, position)
    if (length === 0) return
    appendFileSync(former, chunk.subarray(0, length))
    position += length
  }
}

/** The last lines of a file, from its last 64 kB; none when there is no file. */
export function lastLines(file: string, count: number): readonly string[] {
  if (!existsSync(file)) return []
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    readSync(descriptor, tail, 0, tail.length, size - tail.length)
    return tail.toString('utf8').trimEnd().split('\n').slice(-count)
  } finally {
    closeSync(descriptor)
  }
}
