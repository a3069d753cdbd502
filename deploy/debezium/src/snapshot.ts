import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { asAdmin, CaptureError, type Capturing } from './capturing.ts'
import { isIn, statusOf } from './connect-api.ts'
import { followNotifications, type Notification } from './notifications.ts'

/** Without any word for so long, what was asked for is taken for lost, and asked for again. */
const SILENCE_MS = 60_000
const MOST_REQUESTS = 10

export type SnapshotWish = {
  /** As `schema.table`. */
  readonly tables: readonly string[]
  readonly timeoutMs: number
  readonly say: (line: string) => void
}

/**
 * Has the raw connector tell every row of some tables once more, while changes go on (an incremental snapshot), and
 * returns when each table was read to its end.
 *
 * An incremental snapshot that a restart of the connector has interrupted can be reported as completed though rows are
 * missing. So only a table's own TABLE_SCAN_COMPLETED counts, with SUCCEEDED or EMPTY; for tables without it a new one is
 * asked for. Debezium ends with its wish: after a crash of this command the snapshot goes on, and asking again is safe.
 *
 * @throws CaptureError when the connector does not run, or the time is over.
 */
export async function snapshot(
  capturing: Capturing,
  { tables, timeoutMs, say }: SnapshotWish,
): Promise<void> {
  const status = await statusOf(capturing.connectUrl, 'cdc')
  if (status === undefined || !isIn(status, 'RUNNING')) {
    throw new CaptureError('the connector cdc does not run: `npm run cdc -- status` says why')
  }
  const deadline = Date.now() + timeoutMs
  const progress = new SnapshotProgress(tables)
  const following = await followNotifications(capturing, (told) => {
    const line = progress.take(told)
    if (line !== undefined) say(line)
  })
  try {
    for (let request = 1; progress.open().length > 0; request += 1) {
      if (request > MOST_REQUESTS || Date.now() > deadline) break
      if (request > 1) say(`asking again for ${progress.open().join(', ')}`)
      progress.begin(await ask(capturing, progress.open()))
      await untilDecided(progress, deadline)
    }
  } finally {
    await following.close()
  }
  if (progress.open().length === 0) return
  throw new CaptureError(
    `${progress.open().join(', ')}: not read to the end in time; \`npm run cdc -- status\`, then the same command again`,
  )
}

async function untilDecided(progress: SnapshotProgress, deadline: number): Promise<void> {
  while (!progress.isDecided() && progress.silenceMs() < SILENCE_MS && Date.now() < deadline) {
    await delay(100)
  }
}

/** @returns the id under which the snapshot is spoken of. */
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

/** What has become of a snapshot, by what was said of it. */
export class SnapshotProgress {
  readonly #open: Set<string>
  #id = ''
  #isOver = false
  #heardAt = Date.now()

  constructor(tables: readonly string[]) {
    this.#open = new Set(tables)
  }

  /** From now on only what is said of this request counts. */
  begin(id: string): void {
    this.#id = id
    this.#isOver = false
    this.#heardAt = Date.now()
  }

  /** Tables that were not read to their end. */
  open(): readonly string[] {
    return [...this.#open]
  }

  /** Whether nothing more is to come of this request. */
  isDecided(): boolean {
    return this.#isOver || this.#open.size === 0
  }

  silenceMs(): number {
    return Date.now() - this.#heardAt
  }

  /** @returns a line for people when there is news. */
  take({ id, type, additional_data: data }: Notification): string | undefined {
    if (id !== this.#id) return undefined
    this.#heardAt = Date.now()
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
