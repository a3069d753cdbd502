import type { IHeaders } from 'kafkajs'

/** Where a dead-lettered record was read. */
export type Origin = { readonly partition: number; readonly offset: bigint }

/** What the headers of a record in a dead letter topic say. */
export type ReadOrigin =
  | { readonly kind: 'record'; readonly origin: Origin }
  /** All records of a batch that could not be read: there is no record to send back. */
  | { readonly kind: 'batch'; readonly origin: Origin; readonly lastOffset: bigint }
  /** It does not say where it came from. Anybody may write to the topic. */
  | { readonly kind: 'malformed'; readonly why: string }

/** The header of the note that the dead letter at that offset, in the same partition, was sent back. */
export const NOTE = 'dead-letter-replayed'

const TOPIC = 'dead-letter-topic'
const PARTITION = 'dead-letter-partition'
const OFFSET = 'dead-letter-offset'
const LAST_OFFSET = 'dead-letter-last-offset'

const MOST_PARTITION = 2n ** 31n - 1n
const MOST_OFFSET = 2n ** 63n - 1n

/** The origin that the headers name, each read strictly: a record sent to a wrong place would be worse than none. */
export function originIn(headers: IHeaders, topic: string): ReadOrigin {
  const partition = wholeNumber(headers[PARTITION], MOST_PARTITION)
  const offset = wholeNumber(headers[OFFSET], MOST_OFFSET)
  if (headers[TOPIC]?.toString() !== topic)
    return { kind: 'malformed', why: `${TOPIC} is not ${topic}` }
  if (partition === undefined) return { kind: 'malformed', why: `${PARTITION} is no partition` }
  if (offset === undefined) return { kind: 'malformed', why: `${OFFSET} is no offset` }
  const origin = { partition: Number(partition), offset }
  if (headers[LAST_OFFSET] === undefined) return { kind: 'record', origin }
  const lastOffset = wholeNumber(headers[LAST_OFFSET], MOST_OFFSET)
  if (lastOffset === undefined || lastOffset < offset) {
    return { kind: 'malformed', why: `${LAST_OFFSET} is no offset behind ${OFFSET}` }
  }
  return { kind: 'batch', origin, lastOffset }
}

/** Whether the record is a note. A dead letter may have brought the note's header with it, but it names its topic. */
export function isNote(headers: IHeaders): boolean {
  return NOTE in headers && !(TOPIC in headers)
}

/** Undefined unless the header is there once, as a whole number in decimal digits, up to that number. */
function wholeNumber(header: IHeaders[string], most: bigint): bigint | undefined {
  if (header === undefined || Array.isArray(header)) return undefined
  const text = header.toString()
  if (!/^\d{1,19}$/.test(text)) return undefined
  const number = BigInt(text)
  return number <= most ? number : undefined
}
