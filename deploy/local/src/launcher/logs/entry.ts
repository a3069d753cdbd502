/** One thing that a part has logged: a line, and the lines that belong to it, such as a stack trace. */
export type Entry = {
  readonly part: string
  /** Undefined where no time can be read; it then belongs to what stands before it. */
  readonly timeMs: number | undefined
  readonly level: Level
  readonly sentence: string
  /** What else the line says: of a JSON line its fields, of a JVM's line its logger. */
  readonly fields: Readonly<Record<string, unknown>>
  /** The lines after it that have no beginning of their own. */
  readonly more: readonly string[]
  /** Lines after those, of which only the number is kept. */
  readonly omitted: number
}

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Longer stack traces repeat themselves. */
const MOST_LINES = 200

/** Whether a line begins an entry: JSON, or a line with a time. Others continue the one before. */
export function beginsEntry(line: string): boolean {
  return line.startsWith('{"') || BEGINNING.test(line)
}

const DATE = String.raw`\d{4}-\d\d(?:\+\d\d)?-\d\d`
const BEGINNING = new RegExp(`^(?:ts=|time=)?"?${DATE}[T ]\\d\\d:\\d\\d:\\d\\d`)

/** @param line the first line of an entry, or one that continues nothing. */
export function entryOf(part: string, line: string): Entry {
  const read = line.startsWith('{"') ? ofJson(line) : (ofLogfmt(line) ?? ofText(line))
  return { part, ...read, more: [], omitted: 0 }
}

/** The entry with one more line that belongs to it. */
export function continued(entry: Entry, line: string): Entry {
  if (entry.more.length >= MOST_LINES) return { ...entry, omitted: entry.omitted + 1 }
  return { ...entry, more: [...entry.more, line] }
}

type Read = Pick<Entry, 'timeMs' | 'level' | 'sentence' | 'fields'>

const unreadable = (line: string): Read => ({
  ...{ timeMs: undefined, level: 'info', sentence: line, fields: {} },
})

function ofJson(line: string): Read {
  const parsed = parsedObject(line)
  if (parsed === undefined) return unreadable(line)
  const { time, level, msg, ...fields } = parsed
  return {
    timeMs: typeof time === 'number' && Number.isFinite(time) ? time : undefined,
    level: typeof level === 'number' ? levelOfNumber(level) : levelOf(String(level)),
    sentence: typeof msg === 'string' ? msg : '',
    fields,
  }
}

/** Undefined for a line that was cut off, by a crash or at the end of a full disk. */
function parsedObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Prometheus and Alertmanager: `ts=… caller=… level=info msg="…"`. */
function ofLogfmt(line: string): Read | undefined {
  if (!/^(?:ts|time)=/.test(line)) return undefined
  const pairs = [...line.matchAll(/([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)]
  const { ts, time, level, msg, ...fields } = Object.fromEntries(
    pairs.map(([, name = '', quoted, bare]) => [name, quoted?.replaceAll('\\"', '"') ?? bare]),
  )
  return {
    ...{ timeMs: timeOf(ts ?? time ?? ''), level: levelOf(level ?? '') },
    ...{ sentence: msg ?? '', fields },
  }
}

const LEVELS = 'TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE|LOG|NOTICE|PANIC'
const TEXT = new RegExp(
  [
    `^(?<time>${DATE}[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,:]\\d+)?(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?)`,
    // A process of Postgres, or a thread.
    '(?: \\[[^\\]]*\\])?',
    `(?: (?<level>${LEVELS}|DETAIL|STATEMENT|HINT|CONTEXT):?)?`,
    // The logger, in brackets with a thread behind it, or before a hyphen.
    ' *(?:\\[(?<quarkus>[\\w.$]+)\\] \\([^)]*\\) |(?<logger>[\\w.$]+) - )?',
    '(?<sentence>.*)$',
  ].join(''),
)

/** JVMs and Postgres: a time, a level, and then words. */
function ofText(line: string): Read {
  const { time, level = '', quarkus, logger = quarkus, sentence } = TEXT.exec(line)?.groups ?? {}
  if (time === undefined || sentence === undefined) return unreadable(line)
  return {
    ...{ timeMs: timeOf(time), level: levelOf(level), sentence: sentence.trim() },
    fields: logger === undefined || logger === 'null' ? {} : { logger },
  }
}

/** Of a time without a zone it is UTC, which every part is told to write. */
function timeOf(text: string): number | undefined {
  const [, date = '', clock = '', fraction = '0', zone = ''] =
    /^(\S+?)[T ](\d\d:\d\d:\d\d)(?:[.,:](\d+))?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?$/.exec(text) ?? []
  const day = date.replace(/\+\d\d-/, '-')
  const offset = /^[+-]/.test(zone) ? zone : 'Z'
  const ms = Date.parse(`${day}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  return Number.isNaN(ms) ? undefined : ms
}

function levelOfNumber(level: number): Level {
  if (level >= 60) return 'fatal'
  if (level >= 50) return 'error'
  if (level >= 40) return 'warn'
  return level >= 30 ? 'info' : 'debug'
}

function levelOf(word: string): Level {
  if (/^(?:fatal|panic)/i.test(word)) return 'fatal'
  if (/^(?:error|severe)/i.test(word)) return 'error'
  if (/^warn/i.test(word)) return 'warn'
  return /^(?:trace|debug)/i.test(word) ? 'debug' : 'info'
}
