import type pg from 'pg'
import { unavailable } from './errors.ts'

/** How the state of a stream is stored, so that a long stream need not be read from its first event. */
export type SnapshotCodec<State> = {
  /**
   * Names the state's format and how it was computed. Change it whenever the state's type changes, or what `evolve`
   * does with an event: snapshots of another form are ignored.
   */
  readonly form: string
  /** A snapshot is stored about once in this many events. */
  readonly every: number
  /** JSON; `decode` gets the same text back. */
  readonly encode: (state: State) => string
  /** Throws for a text that it cannot read; the events are read instead. */
  readonly decode: (text: string) => State
}

export type Snapshot<State> = { readonly state: State; readonly version: bigint }

/**
 * The latest snapshot of a stream; undefined when there is none that can be read.
 *
 * @throws StoreUnavailableError
 */
export async function readSnapshot<State>(
  pool: pg.Pool,
  schema: string,
  streamId: string,
  codec: SnapshotCodec<State>,
): Promise<Snapshot<State> | undefined> {
  const row = await latestRow(pool, schema, streamId, codec.form)
  if (row === undefined) return undefined
  try {
    return { state: codec.decode(row.state), version: BigInt(row.version) }
  } catch {
    // The events hold everything that a snapshot holds.
    return undefined
  }
}

async function latestRow(
  pool: pg.Pool,
  schema: string,
  streamId: string,
  form: string,
): Promise<{ readonly version: string; readonly state: string } | undefined> {
  try {
    const { rows } = await pool.query<{ version: string; state: string }>({
      name: 'read-snapshot',
      text: `select version, state::text as state from ${schema}.snapshots
              where stream_id = $1 and form = $2 order by version desc limit 1`,
      values: [streamId, form],
    })
    return rows[0]
  } catch (error) {
    throw unavailable(error)
  }
}

/** @throws StoreUnavailableError */
export async function keepSnapshot<State>(
  pool: pg.Pool,
  schema: string,
  streamId: string,
  { state, version }: Snapshot<State>,
  codec: SnapshotCodec<State>,
): Promise<void> {
  try {
    await pool.query({
      name: 'keep-snapshot',
      text: `insert into ${schema}.snapshots (stream_id, form, version, state)
             values ($1, $2, $3, $4::json) on conflict do nothing`,
      values: [streamId, codec.form, version, codec.encode(state)],
    })
  } catch (error) {
    throw unavailable(error)
  }
}
