import type {
  Body,
  Cause,
  PolledRecord,
  Position,
  SentRecord,
  TopicPartition,
} from './operations.ts'

/** The history cannot be judged, because no recorder writes such lines. */
export class HistoryError extends Error {
  readonly code = 'HISTORY_UNREADABLE'
  readonly retriable = false
}

export type Raw = Readonly<Record<string, unknown>>

/** An operation from its invocation and completion. @throws HistoryError for the first wrong field. */
export function parseBody(raw: Raw): Body {
  const kind = raw['kind']
  switch (kind) {
    case 'send':
      return { kind, records: list(raw, 'records', parseSent), ...transactionOf(raw) }
    case 'poll':
      return {
        kind,
        positions: list(raw, 'positions', parsePosition),
        records: list(raw, 'records', parsePolled),
      }
    case 'begin':
    case 'commit':
    case 'abort':
      return { kind, transaction: text(raw, 'transaction') }
    case 'commit-offsets':
      return {
        ...{ kind, group: text(raw, 'group'), offsets: list(raw, 'offsets', parsePosition) },
        ...transactionOf(raw),
      }
    case 'assign':
      return {
        ...{ kind, partitions: list(raw, 'partitions', parseTopicPartition) },
        ...(raw['group'] !== undefined && { group: text(raw, 'group') }),
      }
    case 'seek':
    case 'final-read':
      return { kind, positions: list(raw, 'positions', parsePosition) }
    case 'crash':
      return { kind }
    case 'expect':
      return { kind, from: text(raw, 'from'), to: text(raw, 'to'), group: text(raw, 'group') }
    default:
      throw new HistoryError(`no operation is of kind ${JSON.stringify(kind)}`)
  }
}

export function text(raw: Raw, field: string): string {
  const value = raw[field]
  if (typeof value === 'string' && value !== '') return value
  throw wrong(raw, field, 'a text')
}

export function count(raw: Raw, field: string): number {
  const value = raw[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(raw, field, 'a whole number from 0')
}

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseTopicPartition(raw: Raw): TopicPartition {
  return { topic: text(raw, 'topic'), partition: count(raw, 'partition') }
}

function parsePosition(raw: Raw): Position {
  return { ...parseTopicPartition(raw), offset: offsetOf(raw) }
}

function parsePolled(raw: Raw): PolledRecord {
  return { ...parsePosition(raw), value: text(raw, 'value'), ...causeOf(raw), ...keyOf(raw) }
}

function parseSent(raw: Raw): SentRecord {
  return {
    ...{ topic: text(raw, 'topic'), value: text(raw, 'value') },
    ...(raw['partition'] !== undefined && { partition: count(raw, 'partition') }),
    ...(raw['offset'] !== undefined && { offset: offsetOf(raw) }),
    ...causeOf(raw),
    ...keyOf(raw),
  }
}

function causeOf(raw: Raw): { readonly cause?: Cause } {
  const cause = raw['cause']
  if (cause === undefined) return {}
  if (!isRaw(cause)) throw wrong(raw, 'cause', 'an object')
  const part = cause['part'] === undefined ? {} : { part: count(cause, 'part') }
  return { cause: { topic: text(cause, 'topic'), value: text(cause, 'value'), ...part } }
}

function keyOf(raw: Raw): { readonly key?: string | null } {
  const key = raw['key']
  if (key === undefined) return {}
  if (key === null || typeof key === 'string') return { key }
  throw wrong(raw, 'key', 'a text or null')
}

function transactionOf(raw: Raw): { readonly transaction?: string } {
  return raw['transaction'] === undefined ? {} : { transaction: text(raw, 'transaction') }
}

function offsetOf(raw: Raw): bigint {
  const offset = raw['offset']
  if (typeof offset === 'string' && /^\d{1,19}$/.test(offset)) return BigInt(offset)
  throw wrong(raw, 'offset', 'a text of digits')
}

function list<Item>(raw: Raw, field: string, parse: (item: Raw) => Item): readonly Item[] {
  const items = raw[field] ?? []
  if (!Array.isArray(items)) throw wrong(raw, field, 'a list')
  return items.map((item) => {
    if (!isRaw(item)) throw wrong(raw, field, 'a list of objects')
    return parse(item)
  })
}

function wrong(raw: Raw, field: string, due: string): HistoryError {
  return new HistoryError(`${field} is ${JSON.stringify(raw[field])}, but ${due} is expected`)
}
