import type { LogFields } from '@tenseams/telemetry/declared/log-fields'
import type { ConsumedRecord } from './record.ts'

/** The log field that the key of a topic's records is. */
export type KeyField = 'orderId'

/** The header in which every writer of events puts the event's id. */
const EVENT_ID_HEADER = 'id'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

type Identified = Pick<ConsumedRecord, 'topic' | 'partition' | 'offset' | 'key' | 'headers'>

type Fields = Pick<LogFields, 'topic' | 'partition' | 'offset'> &
  Partial<Pick<LogFields, 'eventId' | KeyField>>

/**
 * What a log line says of a record: where it is, its event's id and, where its key is an id, that one. Only ids: a header or a key of any
 * other form may hold anything, so it stays out of the log.
 */
export function fieldsOf(
  { topic, partition, offset, key, headers }: Identified,
  keyField?: KeyField,
): Fields {
  const eventId = idIn(headers[EVENT_ID_HEADER])
  const keyId = keyField === undefined ? undefined : idIn(key)
  return {
    ...{ topic, partition, offset },
    ...(eventId !== undefined && { eventId }),
    ...(keyField !== undefined && keyId !== undefined && { [keyField]: keyId }),
  }
}

function idIn(bytes: unknown): string | undefined {
  const isText = typeof bytes === 'string' || Buffer.isBuffer(bytes)
  const text = isText ? bytes.toString() : ''
  return UUID.test(text) ? text : undefined
}
