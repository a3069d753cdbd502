import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { asAdmin, CaptureError, type Capturing } from './capturing.ts'
import { isIn, statusOf } from './connect-api.ts'
import { followNotifications, type Notification } from './notifications.ts'

/** After this time without a notification the request is considered lost, and repeated. */
const SILENCE_MS = 60_000
const MOST_REQUESTS = 10

export type SnapshotRequest = {
  /** As `schema.table`. */
  readonly tables: readonly string[]
  readonly timeoutMs: number
  readonly say: (line: string) => void
}

/**
 * Makes the raw connector send every row of some tables again while changes continue (an incremental snapshot), and returns
 * when each table was read to its end.
 *
 * Hazard: an incremental snapshot that was interrupted by a restart of the connector can be reported as completed although
 * rows are missing. Therefore only a table's own TABLE_SCAN_COMPLETED with SUCCEEDED or EMPTY counts, and the snapshot is
 * requested again for tables without it. After a crash of this command the snapshot continues; requesting it again is safe.
 *
 * @throws CaptureError when the connector does not run, or the deadline passes.
 */
export async function snapshot(
  capturing: Capturing,
  { tables, timeoutMs, say }: SnapshotRequest,
): Promise<void> {
  const status = await statusOf(capturing, 'cdc')
  if (status === undefined || !isIn(status, 'RUNNING')) {
    throw new CaptureError('the connector cdc does not run; see `npm run cdc -- status`')
  }
  const deadline = Date.now() + timeoutMs
  const progress = new SnapshotProgress(tables)
  const following = await followNotifications(capturing, (notification) => {
    const line = progress.take(notification)
    if (line !== undefined) say(line)
  })
  try {
    for (let request = 1; progress.open().length > 0; request += 1) {
      if (request > MOST_REQUESTS || Date.now() > deadline) break
      if (request > 1) say(`requesting ${progress.open().join(', ')} again`)
      progress.begin(await ask(capturing, progress.open()))
      await untilDecided(progress, deadline)
    }
  } finally {
    await following.close()
  }
  if (progress.open().length === 0) return
  throw new CaptureError(
    `${progress.open().join(', ')}: not read to the end in time; see \`npm run cdc -- status\`, then run the same command again`,
  )
}

async function untilDecided(progress: SnapshotProgress, deadline: number): Promise<void> {
  while (!progress.isDecided() && progress.silenceMs() < SILENCE_MS && Date.now() < deadline) {
    await delay(100)
  }
}

/** Requests a snapshot. @returns the id that its notifications carry. */
async function ask(capturing: Capturing, tables: readonly string[]): Promise<string> {
  const id = `snapshot-${randomUUID()}`
  const data = JSON.stringify({ type: 'incremental', 'data-collections': tables })
  await asAdmin(capturing, (client) =>
    client.query(`insert into cdc.signal (id, type, data) values ($1, 'execute-snapshot', $2)`, [
      ...[id, data],
    ]),
  )
  return id
}

/** The progress of a snapshot, according to its notifications. */
export class SnapshotProgress {
  readonly #open: Set<string>
  #id = ''
  #isOver = false
  #notifiedAt = Date.now()

  constructor(tables: readonly string[]) {
    this.#open = new Set(tables)
  }

  /** From now on only notifications of this request count. */
  begin(id: string): void {
    this.#id = id
    this.#isOver = false
    this.#notifiedAt = Date.now()
  }

  /** The tables that have not been read to their end. */
  open(): readonly string[] {
    return [...this.#open]
  }

  /** True when this request is finished, successfully or not. */
  isDecided(): boolean {
    return this.#isOver || this.#open.size === 0
  }

  silenceMs(): number {
    return Date.now() - this.#notifiedAt
  }

  /** @returns a line for people, when there is something to report. */
  take({ id, type, additional_data: data }: Notification): string | undefined {
    if (id !== this.#id) return undefined
    this.#notifiedAt = Date.now()
    if (type === 'COMPLETED' || type === 'ABORTED') this.#isOver = true
    if (type === 'IN_PROGRESS') {
      return `${data?.current_collection_in_progress}: up to ${data?.last_processed_key} of ${data?.maximum_key}`
    }
    if (type !== 'TABLE_SCAN_COMPLETED') return undefined
    const { scanned_collection: table = '', status = '', total_rows_scanned: rows } = data ?? {}
    if (status === 'SUCCEEDED' || status === 'EMPTY') this.#open.delete(table)
    return `${table}: ${status}, ${rows} rows`
  }
}
