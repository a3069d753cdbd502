import type { Row } from './evidence-tables.ts'
import type { LogRecord } from './log-reader.ts'

/** What a record of a dead letter topic is: a dead letter, one that does not say of which record, or a replay's note. */
export type ReadDeadLetter =
  | { readonly kind: 'dead letter'; readonly row: Row<'dead_letters'> }
  | { readonly kind: 'malformed'; readonly row: Row<'malformed_dead_letters'> }
  | { readonly kind: 'note' }

const MOST_PARTITION = 2n ** 31n - 1n
const MOST_OFFSET = 2n ** 63n - 1n
const NOTE = 'dead-letter-replayed'

/** The evidence in records of dead letter topics. */
export function deadLetterRows(records: readonly LogRecord[]) {
  const read = records.map(readDeadLetter)
  return {
    deadLetters: read.flatMap((one) => (one.kind === 'dead letter' ? [one.row] : [])),
    malformed: read.flatMap((one) => (one.kind === 'malformed' ? [one.row] : [])),
  }
}

/** The origin of a dead-lettered record, by its headers. Anybody may write to the topic, so each is read strictly. */
export function readDeadLetter(record: LogRecord): ReadDeadLetter {
  const { headers } = record
  const topic = headers.get('dead-letter-topic')
  if (topic === undefined && headers.has(NOTE)) return { kind: 'note' }
  const partition = wholeNumber(headers.get('dead-letter-partition'), MOST_PARTITION)
  const offset = wholeNumber(headers.get('dead-letter-offset'), MOST_OFFSET)
  const last = headers.get('dead-letter-last-offset')
  const lastOffset = last === undefined ? offset : wholeNumber(last, MOST_OFFSET)
  const lacks = [
    ...(record.topic === `${topic}.dead-letter` ? [] : ['topic']),
    ...(partition === undefined ? ['partition'] : []),
    ...(offset === undefined ? ['offset'] : []),
    ...(last !== undefined && isBefore(lastOffset, offset) ? ['last-offset'] : []),
  ]
  if (lacks.length > 0) return { kind: 'malformed', row: malformed(record, lacks) }
  const group_id = headers.get('dead-letter-group') ?? null
  const origin = { topic: topic ?? null, partition: partition ?? null, offset: offset ?? null }
  return { kind: 'dead letter', row: { ...origin, last_offset: lastOffset ?? null, group_id } }
}

function malformed(
  { topic, partition, offset }: LogRecord,
  lacks: readonly string[],
): Row<'malformed_dead_letters'> {
  const why = lacks.map((name) => `dead-letter-${name}`).join(', ')
  return { topic, partition: BigInt(partition), offset, why }
}

function isBefore(last: bigint | undefined, first: bigint | undefined): boolean {
  return last === undefined || (first !== undefined && last < first)
}

/** Undefined unless the text is a whole number in decimal digits, up to that number. */
function wholeNumber(text: string | undefined, most: bigint): bigint | undefined {
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined
  const number = BigInt(text)
  return number <= most ? number : undefined
}
