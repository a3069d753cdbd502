import type pg from 'pg'
import { unavailable } from './errors.ts'

/** A stored event: the envelope's columns, and the bytes that hold everything. */
export type StoredEvent = {
  readonly eventId: string
  readonly streamId: string
  readonly version: bigint
  readonly type: string
  readonly payload: Buffer
}

export type EventRow = {
  readonly event_id: string
  readonly stream_id: string
  readonly version: string
  readonly type: string
  readonly payload: Buffer
}

const LONGEST_STREAM = 10_000

/**
 * The events of a stream in the order of their versions, all or those after a version; none for a stream that does not
 * exist.
 *
 * @throws StoreUnavailableError
 */
export async function readStream(
  pool: pg.Pool,
  schema: string,
  streamId: string,
  afterVersion = 0n,
): Promise<readonly StoredEvent[]> {
  const rows = await rowsAfter(pool, schema, streamId, afterVersion)
  if (rows.length > LONGEST_STREAM) throw new Error(`stream ${streamId} is too long to read`)
  return rows.map(storedEvent)
}

async function rowsAfter(
  pool: pg.Pool,
  schema: string,
  streamId: string,
  afterVersion: bigint,
): Promise<readonly EventRow[]> {
  try {
    const { rows } = await pool.query<EventRow>({
      name: 'read-stream',
      text: `select event_id, stream_id, version, type, payload from ${schema}.events
              where stream_id = $1 and version > $2 order by version limit ${LONGEST_STREAM + 1}`,
      values: [streamId, afterVersion],
    })
    return rows
  } catch (error) {
    throw unavailable(error)
  }
}

export function storedEvent(row: EventRow): StoredEvent {
  return {
    eventId: row.event_id,
    streamId: row.stream_id,
    version: BigInt(row.version),
    type: row.type,
    payload: row.payload,
  }
}

/** The answer to the first request with an Idempotency-Key. */
export type KeptAnswer = {
  readonly requestHash: Buffer
  readonly status: number
  readonly answer: unknown
}

/** Undefined for a key that was never used. */
export async function readAnswer(
  pool: pg.Pool,
  schema: string,
  key: string,
): Promise<KeptAnswer | undefined> {
  try {
    const { rows } = await pool.query<{ request_hash: Buffer; status: number; answer: unknown }>({
      name: 'read-answer',
      text: `select request_hash, status, answer from ${schema}.idempotency where key = $1`,
      values: [key],
    })
    const row = rows[0]
    if (row === undefined) return undefined
    return { requestHash: row.request_hash, status: row.status, answer: row.answer }
  } catch (error) {
    throw unavailable(error)
  }
}
