import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Append, AppendResult } from './append.ts'
import { StoreUnavailableError } from './errors.ts'
import { toJson } from './json.ts'

/** What of a batch the store holds: read when the backend that was sent it can no longer commit. */
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
  /** The process that serves the lost connection, as it named itself when the connection was made. */
  readonly backendId: number
  readonly withinMs: number
  /** False is a broken mode, for its test: "nothing is there" may then be said too early. */
  readonly fenced: boolean
}

const PAUSE_MS = 100

/**
 * An error that leaves open whether the statement was committed. What Postgres answers as an ERROR has been rolled back;
 * a FATAL one and a lost connection may come after the commit.
 */
export function leavesOutcomeOpen(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError && error.severity === 'ERROR')
}

/**
 * What became of each append of a statement whose connection was lost before its answer came: undefined for one of
 * which nothing is there, and nothing will be.
 *
 * The hazard is to look too early. The backend may still wait for a lock; the statement may even still lie in a
 * network's buffer and arrive after the look-up, so that taking the streams' locks would not be enough either. Hence the
 * backend is ended first and its end awaited (a role may end its own backends; one that is just committing does so
 * before it ends), and only then is looked. When its process cannot be seen any more, Postgres has no trace of it: it
 * has committed or rolled back. This needs a connection to the very server, not to a pooler between.
 *
 * Tries again for `withinMs`, while Postgres restarts for instance.
 *
 * @throws StoreUnavailableError when it could not be found out in that time: only then is the outcome unknown.
 */
export async function resolveLost(
  lost: LostStatement,
): Promise<readonly (AppendResult | undefined)[]> {
  const deadline = performance.now() + lost.withinMs
  let last: unknown
  do {
    try {
      const found = await look(lost, Math.max(1, Math.ceil(deadline - performance.now())))
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

async function look({ pool, schema, batch, backendId, fenced }: LostStatement, leftMs: number) {
  if (fenced) await endBackend(pool, backendId, leftMs)
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

/** Only backends of the own role are meant: another one's with the same number has come after ours was gone. */
async function endBackend(pool: pg.Pool, backendId: number, withinMs: number): Promise<void> {
  const { rows } = await pool.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid, $2::bigint) as ended from pg_stat_activity
      where pid = $1 and usename = current_user`,
    [backendId, withinMs],
  )
  if (rows.some(({ ended }) => !ended)) throw new Error(`backend ${backendId} does not end`)
}

/**
 * `appended` when the events are there as they were to be written, with their guard. Events and guard are written
 * together, so a guard without them is of an earlier append: `repeated`. An append of a guard alone cannot be told from
 * an equal one before it; that one is `appended`, too, since both have left the same.
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
