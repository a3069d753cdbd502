import { CallBatches } from '@tenseams/service/call-batches'
import type { Queue } from '@tenseams/telemetry/readings'
import type pg from 'pg'
import { StoreUnavailableError, unavailable } from './errors.ts'
import { type EventRow, type StoredEvent, storedEvent } from './read.ts'
import { assertSchemaName } from './statement.ts'

export type StreamReaderOptions = {
  readonly pool: pg.Pool
  /** The schema that schema.sql was applied to. */
  readonly schema: string
  /** Statements under way at once, when the first of them are late. */
  readonly maxStatements?: number
  readonly maxBatch?: number
  readonly maxQueued?: number
}

type Wanted = { readonly streamId: string; readonly afterVersion: bigint }

type NumberedRow = EventRow & { readonly no: string }

/** More events than a stream has. A read that reaches it fails, because a part of a stream would give a wrong state. */
const LONGEST_STREAM = 10_000

/**
 * Reads streams. Those that several callers need at the same time are read in one statement, and a caller alone is not
 * delayed. A caller sees everything that was committed before it called, because its statement begins after that.
 */
export class StreamReader {
  readonly #pool: pg.Pool
  readonly #text: string
  readonly #reads: CallBatches<Wanted, readonly StoredEvent[]>
  readonly #maxQueued: number

  constructor(options: StreamReaderOptions) {
    this.#pool = options.pool
    this.#text = readText(options.schema)
    this.#maxQueued = options.maxQueued ?? 10_000
    this.#reads = new CallBatches({
      maxUnderWay: options.maxStatements ?? 2,
      maxBatch: options.maxBatch ?? 64,
      maxQueued: this.#maxQueued,
      handle: (batch) => this.#readAll(batch),
      concernsAll: (error) => error instanceof StoreUnavailableError,
      onFull: () => new StoreUnavailableError('too many reads wait'),
    })
  }

  /** The reads that wait for a statement. */
  get queue(): Queue {
    return { name: 'reads', capacity: this.#maxQueued, waiting: () => this.#reads.waiting }
  }

  /**
   * The events of a stream in the order of their versions, all or those after a version; none for a stream that does not
   * exist.
   *
   * @throws StoreUnavailableError when Postgres gives no answer, or more than `maxQueued` reads wait.
   */
  read(streamId: string, afterVersion = 0n): Promise<readonly StoredEvent[]> {
    return this.#reads.answer({ streamId, afterVersion })
  }

  async #readAll(batch: readonly Wanted[]): Promise<readonly (readonly StoredEvent[] | Error)[]> {
    try {
      const { rows } = await this.#pool.query<NumberedRow>({
        name: 'read-streams',
        text: this.#text,
        values: [
          batch.map(({ streamId }) => streamId),
          batch.map(({ afterVersion }) => afterVersion),
        ],
      })
      const found = Map.groupBy(rows, ({ no }) => Number(no))
      return batch.map(({ streamId }, index) => eventsOf(streamId, found.get(index + 1) ?? []))
    } catch (error) {
      throw unavailable(error)
    }
  }
}

function eventsOf(streamId: string, rows: readonly EventRow[]): readonly StoredEvent[] | Error {
  if (rows.length > LONGEST_STREAM) return new Error(`stream ${streamId} is too long to read`)
  return rows.map(storedEvent)
}

/** `lateral` leaves one plan only: each stream by the index on (stream_id, version), however many streams there are. */
function readText(schema: string): string {
  assertSchemaName(schema)
  return `select w.no, e.event_id, w.stream_id, e.version, e.type, e.payload
            from unnest($1::text[], $2::bigint[]) with ordinality as w(stream_id, after_version, no)
           cross join lateral (
             select event_id, version, type, payload from ${schema}.events
              where stream_id = w.stream_id and version > w.after_version
              order by version limit ${LONGEST_STREAM + 1}) e
           order by w.no, e.version`
}
