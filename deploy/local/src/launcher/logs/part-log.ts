import { existsSync, statSync } from 'node:fs'
import { beginsEntry, continued, type Entry, entryOf } from './entry.ts'
import { linesFrom, offsetOfLast } from './file-lines.ts'

/** A search by halves ends there; the rest is read. */
const CLOSE_BYTES = 65_536

/** The log of a part: what was moved aside when it became too large, and then the present file. */
export type PartLog = { readonly part: string; readonly files: readonly string[] }

/** Where to begin to read each of its files. One that is left out is read from its beginning, or not at all. */
export type Beginning = ReadonlyMap<string, number>

export function partLog(part: string, file: string): PartLog {
  return { part, files: [`${file}.1`, file].filter((each) => existsSync(each)) }
}

/** The beginning of the last entries of a part; of all when it has fewer. */
export function beginningOfLast({ files }: PartLog, entries: number): Beginning {
  const beginning = new Map<string, number>()
  let missing = entries
  for (const file of files.toReversed()) {
    const { offset, found } =
      missing > 0 ? offsetOfLast(file, missing, beginsEntry) : { offset: undefined, found: 0 }
    if (offset !== undefined) beginning.set(file, offset)
    missing -= found
  }
  return beginning
}

/** A place in each file before which everything is older. */
export function beginningSince({ files }: PartLog, sinceMs: number): Beginning {
  return new Map(files.map((file) => [file, offsetSince(file, sinceMs)]))
}

function offsetSince(file: string, sinceMs: number): number {
  let [older, newer] = [0, statSync(file).size]
  while (newer - older > CLOSE_BYTES) {
    const middle = Math.floor((older + newer) / 2)
    if (timeAfter(file, middle) < sinceMs) older = middle
    else newer = middle
  }
  return older === 0 ? 0 : endOfLine(file, older)
}

/** The first time in a file from an offset on, which may be in the middle of a line. */
function timeAfter(file: string, offset: number): number {
  for (const { text } of linesFrom(file, endOfLine(file, offset))) {
    const time = beginsEntry(text) ? entryOf('', text).timeMs : undefined
    if (time !== undefined) return time
  }
  return Number.POSITIVE_INFINITY
}

function endOfLine(file: string, offset: number): number {
  const [line] = linesFrom(file, offset).take(1)
  return line?.endOffset ?? statSync(file).size
}

/**
 * Every entry of a part from there on, in the order in which they were written.
 *
 * @param reached is told how far each file was read, so that a reader may go on from there.
 */
export function* entriesOf(
  { part, files }: PartLog,
  beginning: Beginning,
  reached: Map<string, number> = new Map(),
): Generator<Entry> {
  let entry: Entry | undefined
  for (const file of files) {
    const offset = beginning.get(file)
    if (offset === undefined) continue
    reached.set(file, offset)
    for (const { text, endOffset } of linesFrom(file, offset)) {
      reached.set(file, endOffset)
      if (entry !== undefined && !beginsEntry(text)) {
        entry = continued(entry, text)
        continue
      }
      if (entry !== undefined) yield entry
      entry = text === '' ? undefined : entryOf(part, text)
    }
  }
  if (entry !== undefined) yield entry
}

/** From the first line of every file on. */
export function fromTheStart({ files }: PartLog): Beginning {
  return new Map(files.map((file) => [file, 0]))
}
