import { setTimeout as delay } from 'node:timers/promises'
import { type Capture, dropSlot, ensurePublication } from '@tenseams/postgres/captures'
import { asAdmin, CaptureError, type Capturing, heartbeatAgeMs } from './capturing.ts'
import { askUntilAnswered, type Connect, statusOf, untilIn } from './connect-api.ts'
import {
  type Configuration,
  type ConnectorName,
  configurationOf,
  configure,
  recoveryMark,
} from './connectors.ts'
import { untilEverythingIsRead } from './reading.ts'
import { rawKeys, watchTold } from './told.ts'
import { largeRowOf } from './too-large.ts'

const STEP_MS = 60_000
/** Longer than Connect takes to delete offsets that it reports as deleted. */
const OFFSETS_MS = 30_000

export type Recovery = {
  /** For the full snapshot; each step before it has a minute. */
  readonly timeoutMs: number
  readonly say: (line: string) => void
}

/**
 * Repairs a connector whose slot is lost, or whose publication lacked a table while rows were written:
 *
 *   stopped → marked → offsets deleted → publication complete → slot dropped → reading everything → usual configuration
 *
 * Debezium creates the new slot and reads everything at exactly the position where that slot begins, so nothing is missed
 * between the two. The raw connector sends each row with `op: r`. The outbox sends each event again, and consumers ignore
 * the event ids that they have already seen.
 *
 * That everything was read is not believed from the connector's offset: the topics are compared with the tables (told.ts),
 * and afterwards the connector must beat.
 *
 * After a crash at any step, run it again from the beginning: every step is idempotent. Until the last step, a mark in the
 * configuration prevents starting the connector without the full snapshot.
 *
 * @throws ConnectorError when Connect refuses or a deadline passes; CaptureError when the connector does not exist, a row is
 *   too large to be sent, or not everything was sent.
 */
export async function recover(
  capturing: Capturing,
  name: ConnectorName,
  { timeoutMs, say }: Recovery,
): Promise<void> {
  const soon = () => Date.now() + STEP_MS
  if ((await statusOf(capturing, name)) === undefined) {
    throw new CaptureError(`Connect has no connector ${name}; \`npm run stack -- up\` creates it`)
  }
  if (name === 'cdc') await refuseLargeRow(capturing)
  const usual = await configurationOf(name, capturing)
  await stop(capturing, name, soon())
  say(`${name} is stopped`)
  const telling = await watchTold(capturing, name)
  try {
    await configure(capturing, name, { ...usual, ...readingEverything(name) }, soon())
    await deleteOffsets(capturing, name)
    say('its offsets are deleted')
    await asAdmin(capturing, async (client) => {
      await ensurePublication(client, name)
      await untilDropped(() => dropSlot(client, name), soon())
    })
    say('its publication is complete, its slot is dropped; now it reads everything')
    await askUntilAnswered(capturing, `/connectors/${name}/resume`, soon(), { method: 'PUT' })
    await untilEverythingIsRead({
      connect: capturing,
      name,
      deadline: Date.now() + timeoutMs,
      say,
      telling,
    })
  } finally {
    await telling.close()
  }
  await configure(capturing, name, usual, soon())
  await untilIn(capturing, name, 'RUNNING', soon())
  await untilItBeats(capturing, name, soon())
  say(`${name} has read everything and follows the slot again`)
}

/** Before anything is given up: a snapshot of such a row can only fail. */
async function refuseLargeRow(capturing: Capturing): Promise<void> {
  const row = await asAdmin(capturing, (client) => largeRowOf(client, rawKeys))
  if (row === undefined) return
  throw new CaptureError(
    `${row.table}, ${row.key}: the row has ${row.bytes} bytes, more than a record may have. Make it smaller, then run the ` +
      'same command again; nothing has been changed',
  )
}

/** Connect answers before a task that starts can see it, so it is asked until no offset is left. */
async function deleteOffsets(connect: Connect, name: Capture): Promise<void> {
  const deadline = Date.now() + OFFSETS_MS
  const path = `/connectors/${name}/offsets`
  do {
    await askUntilAnswered(connect, path, deadline, { method: 'DELETE' })
    const answer = JSON.parse(await askUntilAnswered(connect, path, deadline)) as Offsets
    if (answer.offsets.length === 0) return
    await delay(500)
  } while (Date.now() < deadline)
  throw new CaptureError(
    `${name}: Connect still has its offsets, so it would go on without reading; run the same command again`,
  )
}

type Offsets = { readonly offsets: readonly unknown[] }

/** A connector beats in Postgres while it follows its slot. */
async function untilItBeats(
  capturing: Capturing,
  name: ConnectorName,
  deadline: number,
): Promise<void> {
  const begun = Date.now()
  while (Date.now() < deadline) {
    const ageMs = await asAdmin(capturing, (client) => heartbeatAgeMs(client, name))
    if (ageMs !== undefined && ageMs < Date.now() - begun) return
    await delay(500)
  }
  throw new CaptureError(
    `${name} has read everything, but does not follow its slot: \`npm run cdc -- status\` says what to do`,
  )
}

/** Stops a connector and returns when it has no task any more. */
export async function stop(connect: Connect, name: Capture, deadline: number): Promise<void> {
  await askUntilAnswered(connect, `/connectors/${name}/stop`, deadline, { method: 'PUT' })
  await untilIn(connect, name, 'STOPPED', deadline)
}

/** Added to the usual configuration, makes Debezium read everything, each event store in the order of its positions. */
function readingEverything(name: ConnectorName): Configuration {
  const mark = { [recoveryMark]: 'begun', 'snapshot.mode': 'initial' }
  if (name === 'cdc') return mark
  const stores = ['orders.events', 'payments.events', 'control.events']
  const select = (table: string) => `select * from ${table} order by position`
  return {
    ...mark,
    'snapshot.select.statement.overrides': stores.join(','),
    ...Object.fromEntries(
      stores.map((table) => [`snapshot.select.statement.overrides.${table}`, select(table)]),
    ),
  }
}

/** A terminated reader holds its slot for a moment longer. */
async function untilDropped(drop: () => Promise<void>, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await drop()
    } catch (error) {
      const isHeld = error instanceof Error && 'code' in error && error.code === '55006'
      if (!isHeld || Date.now() > deadline) throw error
    }
    await delay(200)
  }
}
