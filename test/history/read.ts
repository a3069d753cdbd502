import type { Operation, Outcome, Phase } from './operations.ts'
import { count, HistoryError, isRaw, parseBody, type Raw, text } from './parse.ts'

/** A parsed history. Operations are in the order in which they began. */
export type History = {
  readonly operations: readonly Operation[]
  /** Last lines that a crash truncated; they are ignored. */
  readonly torn: readonly string[]
}

/** A parsed line, before invocations and completions are joined. */
type Event = {
  readonly index: number
  readonly timeUs: number
  readonly process: string
  readonly phase: Phase
  readonly of: number | undefined
  readonly raw: Raw
}

const phases: readonly Phase[] = ['invoke', 'ok', 'fail', 'unknown']

/**
 * Reads the files of recorders; those of one machine are merged by their common clock and renumbered. A truncated last
 * line is ignored and reported: its writer crashed there, so it stands for an unknown outcome at most.
 *
 * @throws HistoryError that names the line, when no recorder writes such a line.
 */
export function readHistory(...files: readonly (readonly string[])[]): History {
  const torn: string[] = []
  const events = files.map((lines) => readEvents(lines, torn))
  const [only = []] = events
  return { operations: pair(events.length > 1 ? merge(events) : only), torn }
}

export const linesOf = (content: string): readonly string[] => content.split('\n')

function readEvents(lines: readonly string[], torn: string[]): readonly Event[] {
  const events: Event[] = []
  const end = lines.findLastIndex((line) => line.trim() !== '')
  for (const [at, line] of lines.slice(0, end + 1).entries()) {
    const raw = parseLine(line)
    if (raw === undefined && at === end) {
      torn.push(line)
      break
    }
    try {
      events.push(readEvent(raw, events.at(-1)))
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error
      throw new HistoryError(`line ${at + 1}: ${error.message}`, { cause: error })
    }
  }
  return events
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function readEvent(raw: unknown, last: Event | undefined): Event {
  if (!isRaw(raw)) throw new HistoryError('not a JSON object')
  const phase = phases.find((one) => one === raw['phase'])
  if (phase === undefined) throw new HistoryError(`no phase ${JSON.stringify(raw['phase'])}`)
  const event = {
    ...{ index: count(raw, 'index'), timeUs: count(raw, 'timeUs'), process: text(raw, 'process') },
    ...{ phase, raw, of: raw['of'] === undefined ? undefined : count(raw, 'of') },
  }
  if (last !== undefined && event.index <= last.index) {
    throw new HistoryError(`index ${event.index} comes after ${last.index}`)
  }
  if (last !== undefined && event.timeUs < last.timeUs) {
    throw new HistoryError(`the clock goes back, from ${last.timeUs} to ${event.timeUs}`)
  }
  return event
}

/** In the order of time; lines of the same microsecond stay in the order of the files. */
function merge(files: readonly (readonly Event[])[]): readonly Event[] {
  const all = files.flatMap((events, file) => events.map((event) => ({ event, file })))
  all.sort((one, other) => one.event.timeUs - other.event.timeUs)
  const numbers = files.map(() => new Map<number, number>())
  return all.map(({ event, file }, index) => {
    numbers[file]?.set(event.index, index)
    return {
      ...event,
      index,
      of: event.of === undefined ? undefined : numbers[file]?.get(event.of),
    }
  })
}

/** Joins invocations with their completions. A completion without invocation is an operation without duration. */
function pair(events: readonly Event[]): readonly Operation[] {
  const open = new Map<number, Event>()
  const operations: Operation[] = []
  for (const event of events) {
    const { phase } = event
    if (phase === 'invoke') {
      open.set(event.index, event)
      continue
    }
    const invocation = event.of === undefined ? event : invocationOf(event, open)
    open.delete(invocation.index)
    operations.push(operationOf(invocation, event, phase))
  }
  for (const invocation of open.values()) {
    operations.push(operationOf(invocation, undefined, 'unknown'))
  }
  return operations.sort((one, other) => one.begin - other.begin)
}

function invocationOf(event: Event, open: ReadonlyMap<number, Event>): Event {
  const invocation = event.of === undefined ? undefined : open.get(event.of)
  const isOurs =
    invocation?.process === event.process && invocation.raw['kind'] === event.raw['kind']
  if (invocation === undefined || !isOurs) {
    throw new HistoryError(`index ${event.index} completes nothing of its process that is open`)
  }
  return invocation
}

function operationOf(
  invocation: Event,
  completion: Event | undefined,
  outcome: Outcome,
): Operation {
  const { process, index, timeUs } = invocation
  try {
    const body = parseBody({ ...invocation.raw, ...completion?.raw })
    return { ...body, process, outcome, begin: index, end: completion?.index ?? Infinity, timeUs }
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error
    throw new HistoryError(`index ${index}: ${error.message}`, { cause: error })
  }
}
