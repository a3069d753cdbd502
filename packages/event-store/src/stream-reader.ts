import type pg from 'pg'
import { StoreUnavailableError, unavailable } from './errors.ts'
import { type EventRow, type StoredEvent, storedEvent } from './read.ts'
import { assertSchemaName } from './statement.ts'

export type StreamReaderOptions = {
  readonly pool: pg.Pool
  /** The schema that schema.sql was applied to. */
  readonly schema: string
  /** Statements under way at once; more of them mean fewer streams in one. */
  readonly maxStatements?: number
  readonly maxBatch?: number
  readonly maxQueued?: number
}

type Wanted = {
  readonly streamId: string
  readonly afterVersion: bigint
  readonly resolve: (events: readonly StoredEvent[]) => void
  readonly reject: (error: Error) => void
}

type NumberedRow = EventRow & { readonly no: string }

/** More events than a stream has. A read that reaches it fails, because a part of a stream would give a wrong state. */
const LONGEST_STREAM = 10_000

/**
 * Reads streams. While statements are under way, callers' reads queue up, and the next statement answers all of them: one
 * caller alone is not delayed, and many cost one round trip. A caller sees everything that was committed before it called,
 * because its statement begins after that.
 */
export class StreamReader {
  readonly #pool: pg.Pool
  readonly #text: string
  readonly #maxStatements: number
  readonly #maxBatch: number
  readonly #maxQueued: number
  #queue: Wanted[] = []
  #underWay = 0

  constructor(options: StreamReaderOptions) {
    this.#pool = options.pool
    this.#text = readText(options.schema)
    this.#maxStatements = options.maxStatements ?? 2
    this.#maxBatch = options.maxBatch ?? 64
    this.#maxQueued = options.maxQueued ?? 10_000
  }

  /**
   * The events of a stream in the order of their versions, all or those after a version; none for a stream that does not
   * exist.
   *
   * @throws StoreUnavailableError when Postgres gives no answer, or more than `maxQueued` reads wait.
   */
  read(streamId: string, afterVersion = 0n): Promise<readonly StoredEvent[]> {
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(new StoreUnavailableError('too many reads wait'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<readonly StoredEvent[]>()
    this.#queue.push({ streamId, afterVersion, resolve, reject })
    this.#pump()
    return promise
  }

  #pump(): void {
    while (this.#underWay < this.#maxStatements && this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#maxBatch)
      this.#queue = this.#queue.slice(batch.length)
      this.#underWay += 1
      void this.#answer(batch).finally(() => {
        this.#underWay -= 1
        this.#pump()
      })
    }
  }

  async #answer(batch: readonly Wanted[]): Promise<void> {
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
      for (const [index, wanted] of batch.entries()) settle(wanted, found.get(index + 1) ?? [])
    } catch (error) {
      for (const { reject } of batch) reject(unavailable(error))
    }
  }
}

function settle({ streamId, resolve, reject }: Wanted, rows: readonly EventRow[]): void {
  if (rows.length > LONGEST_STREAM) reject(new Error(`stream ${streamId} is too long to read`))
  else resolve(rows.map(storedEvent))
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
