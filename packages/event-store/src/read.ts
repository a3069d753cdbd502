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
