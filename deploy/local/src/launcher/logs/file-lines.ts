import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 65_536
/** A longer line is cut there. */
const MOST_LINE_BYTES = 262_144
const NEWLINE = 10

/** A line without its end, and the offset behind it. */
export type Line = { readonly text: string; readonly endOffset: number }

/**
 * The lines of a file from an offset on, as far as it reached when it was opened. It holds one chunk and one line at a time. A last line
 * without its end is left out, since it may still be being written.
 */
export function* linesFrom(file: string, offset: number): Generator<Line> {
  // The line of which only the beginning was read so far.
  let begun: Buffer = Buffer.alloc(0)
  for (const { bytes, position } of chunksFrom(file, offset)) {
    let from = 0
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      const text = joined(begun, bytes.subarray(from, to)).toString('utf8')
      yield { text, endOffset: position + to + 1 }
      begun = Buffer.alloc(0)
      from = to + 1
    }
    begun = joined(begun, bytes.subarray(from))
  }
}

function joined(begun: Buffer, more: Buffer): Buffer {
  const room = MOST_LINE_BYTES - begun.length
  return room <= 0 ? begun : Buffer.concat([begun, more.subarray(0, room)])
}

type Chunk = { readonly bytes: Buffer; readonly position: number }

function* chunksFrom(file: string, offset: number): Generator<Chunk> {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    for (let position = offset; position < size; ) {
      const bytes = Buffer.alloc(Math.min(CHUNK_BYTES, size - position))
      const length = readSync(descriptor, bytes, 0, bytes.length, position)
      if (length === 0) return
      yield { bytes: bytes.subarray(0, length), position }
      position += length
    }
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The offset of the last but so many lines that `counts` says yes to, or 0 when there are fewer. It reads from the end, a chunk at a time,
 * so a large file costs what its end costs.
 */
export function offsetOfLast(
  file: string,
  wanted: number,
  counts: (line: string) => boolean,
): { readonly offset: number; readonly found: number } {
  let found = 0
  for (const { text, offset } of linesBackwards(file)) {
    if (!counts(text)) continue
    found += 1
    if (found === wanted) return { offset, found }
  }
  return { offset: 0, found }
}

/** Every whole line from the last to the first, with the offset of its beginning; of a long line only its end. */
function* linesBackwards(
  file: string,
): Generator<{ readonly text: string; readonly offset: number }> {
  const descriptor = openSync(file, 'r')
  try {
    let end = fstatSync(descriptor).size
    let begun: Buffer = Buffer.alloc(0)
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES)
      const bytes = Buffer.alloc(end - start)
      readSync(descriptor, bytes, 0, bytes.length, start)
      let to = bytes.length
      for (let at = bytes.lastIndexOf(NEWLINE); at >= 0; at = lastNewline(bytes, at)) {
        const line = Buffer.concat([bytes.subarray(at + 1, to), begun])
        if (line.length > 0) yield { text: line.toString('utf8'), offset: start + at + 1 }
        begun = Buffer.alloc(0)
        to = at
      }
      begun = Buffer.concat([bytes.subarray(0, to), begun]).subarray(0, MOST_LINE_BYTES)
      end = start
    }
    if (begun.length > 0) yield { text: begun.toString('utf8'), offset: 0 }
  } finally {
    closeSync(descriptor)
  }
}

function lastNewline(bytes: Buffer, before: number): number {
  return before === 0 ? -1 : bytes.lastIndexOf(NEWLINE, before - 1)
}
