import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Append, AppendResult } from './append.ts'
import { StoreUnavailableError } from './errors.ts'
import { toJson } from './json.ts'

/** Which parts of a batch the store holds, read when the batch's backend can no longer commit. */
export type Found = {
  readonly events: readonly {
    readonly eventId: string
    readonly streamId: string
    readonly version: bigint
  }[]
  readonly inboxIds: readonly string[]
  readonly answers: readonly {
    readonly key: string
    readonly requestHash: Buffer
    readonly status: number
    readonly text: string
  }[]
}

export type LostStatement = {
  readonly pool: pg.Pool
  readonly schema: string
  readonly batch: readonly Append[]
  /** The pid of the backend that serves the lost connection, as Postgres gave it when the connection was made. */
  readonly backendId: number
  readonly withinMs: number
}

/**
 * Finds out the outcome of each append of a statement whose connection was lost: undefined for one that was not
 * written, and cannot be any more.
 */
export type ResolveOutcome = (lost: LostStatement) => Promise<readonly (AppendResult | undefined)[]>

/** Makes a backend unable to commit. @throws when it is not known to be so within that time. */
export type EndBackend = (pool: pg.Pool, backendId: number, withinMs: number) => Promise<void>

const PAUSE_MS = 100

/**
 * Whether an error leaves open if the statement was committed. An ERROR from Postgres means that it was rolled back; a
 * FATAL one or a lost connection may come after the commit.
 */
export function leavesOutcomeOpen(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError && error.severity === 'ERROR')
}

/**
 * Ends the backend of the lost connection, then looks up its appends by event ids and guards.
 *
 * The hazard is to look too early. The backend may still wait for a lock; the statement may even still be in a network
 * buffer and arrive after the look-up, so taking the streams' locks would not be enough either. So the backend is ended
 * first and its end awaited (a role may end its own backends; a backend that is committing finishes the commit before it
 * ends). When its pid is gone from pg_stat_activity, it has committed or rolled back. This needs a connection to the
 * server itself, not to a pooler in front of it.
 *
 * Retries for `withinMs`, for instance while Postgres restarts.
 *
 * @param endBackend a test replaces it to show what a look without a fence misses.
 * @throws StoreUnavailableError when the outcome could not be found out in that time: only then is it unknown.
 */
export async function resolveOutcome(
  lost: LostStatement,
  endBackend: EndBackend = terminateBackend,
): Promise<readonly (AppendResult | undefined)[]> {
  const deadline = performance.now() + lost.withinMs
  let last: unknown
  do {
    try {
      const leftMs = Math.max(1, Math.ceil(deadline - performance.now()))
      await endBackend(lost.pool, lost.backendId, leftMs)
      const found = await look(lost)
      return lost.batch.map((append) => judge(append, found))
    } catch (error) {
      last = error
      await delay(PAUSE_MS)
    }
  } while (performance.now() < deadline)
  throw new StoreUnavailableError('the outcome is unknown: Postgres did not answer the look-up', {
    cause: last,
  })
}

async function look({ pool, schema, batch }: LostStatement): Promise<Found> {
  const guards = batch.map(({ guard }) => guard)
  const [events, inbox, answers] = await Promise.all([
    pool.query<{ event_id: string; stream_id: string; version: string }>(
      `select event_id, stream_id, version from ${schema}.events where event_id = any($1::uuid[])`,
      [batch.flatMap((append) => append.events.map(({ eventId }) => eventId))],
    ),
    pool.query<{ event_id: string }>(
      `select event_id from ${schema}.inbox where event_id = any($1::uuid[])`,
      [guards.flatMap((guard) => (guard?.kind === 'inbox' ? [guard.eventId] : []))],
    ),
    pool.query<{ key: string; request_hash: Buffer; status: number; text: string }>(
      `select key, request_hash, status, answer::text as text from ${schema}.idempotency where key = any($1::text[])`,
      [guards.flatMap((guard) => (guard?.kind === 'idempotency' ? [guard.key] : []))],
    ),
  ])
  return {
    events: events.rows.map((row) => ({
      eventId: row.event_id,
      streamId: row.stream_id,
      version: BigInt(row.version),
    })),
    inboxIds: inbox.rows.map((row) => row.event_id),
    answers: answers.rows.map((row) => ({
      key: row.key,
      requestHash: row.request_hash,
      status: row.status,
      text: row.text,
    })),
  }
}

/** Only a backend of the same role can be ours: one of another role has got the pid after ours had ended. */
const terminateBackend: EndBackend = async (pool, backendId, withinMs) => {
  const { rows } = await pool.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid, $2::bigint) as ended from pg_stat_activity
      where pid = $1 and usename = current_user`,
    [backendId, withinMs],
  )
  if (rows.some(({ ended }) => !ended)) throw new Error(`backend ${backendId} does not end`)
}

/**
 * `appended` when the events are there as they were to be written, with their guard. Events and guard are written
 * together, so a guard without the events belongs to an earlier append: `repeated`. An append of a guard alone cannot be
 * told from an equal earlier one; it counts as `appended`, because both have the same effect.
 */
export function judge(append: Append, found: Found): AppendResult | undefined {
  const guard = judgeGuard(append, found)
  if (guard === 'absent') return undefined
  if (append.events.length === 0) {
    if (guard === 'none') return undefined
    return { kind: guard === 'own' ? 'appended' : 'repeated' }
  }
  const allThere = append.events.every((event) => isThere(event, append.streamId, found))
  if (allThere && guard !== 'foreign') return { kind: 'appended' }
  return guard === 'none' ? undefined : { kind: 'repeated' }
}

function isThere(event: Append['events'][number], streamId: string, found: Found): boolean {
  return found.events.some(
    (stored) =>
      stored.eventId === event.eventId.toLowerCase() &&
      stored.streamId === streamId &&
      stored.version === event.version,
  )
}

function judgeGuard({ guard }: Append, found: Found): 'none' | 'absent' | 'own' | 'foreign' {
  if (guard === undefined) return 'none'
  if (guard.kind === 'inbox') {
    return found.inboxIds.includes(guard.eventId.toLowerCase()) ? 'own' : 'absent'
  }
  const kept = found.answers.find(({ key }) => key === guard.key)
  if (kept === undefined) return 'absent'
  const same =
    kept.requestHash.equals(guard.requestHash) &&
    kept.status === guard.status &&
    kept.text === toJson(guard.answer)
  return same ? 'own' : 'foreign'
}
