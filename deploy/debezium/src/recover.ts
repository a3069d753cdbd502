import { setTimeout as delay } from 'node:timers/promises'
import { type Capture, dropSlot, ensurePublication } from '@tenseams/postgres/captures'
import { asAdmin, CaptureError, type Capturing } from './capturing.ts'
import { askUntilAnswered, ConnectorError, statusOf, untilIn } from './connect-api.ts'
import {
  type Configuration,
  type ConnectorName,
  configurationOf,
  configure,
  recoveryMark,
} from './connectors.ts'

const STEP_MS = 60_000

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
 * After a crash at any step, run it again from the beginning: every step is idempotent. Until the last step, a mark in the
 * configuration prevents starting the connector without the full snapshot.
 *
 * @throws ConnectorError when Connect refuses or a deadline passes; CaptureError when the connector does not exist.
 */
export async function recover(
  capturing: Capturing,
  name: ConnectorName,
  { timeoutMs, say }: Recovery,
): Promise<void> {
  const { connectUrl } = capturing
  const soon = () => Date.now() + STEP_MS
  if ((await statusOf(connectUrl, name)) === undefined) {
    throw new CaptureError(`Connect has no connector ${name}; \`npm run stack -- up\` creates it`)
  }
  const usual = await configurationOf(name, capturing)
  await stop(connectUrl, name, soon())
  say(`${name} is stopped`)
  await configure(connectUrl, name, { ...usual, ...readingEverything(name) }, soon())
  await askUntilAnswered(connectUrl, `/connectors/${name}/offsets`, soon(), { method: 'DELETE' })
  say('its offsets are deleted')
  await asAdmin(capturing, async (client) => {
    await ensurePublication(client, name)
    await untilDropped(() => dropSlot(client, name), soon())
  })
  say('its publication is complete, its slot is dropped; now it reads everything')
  await askUntilAnswered(connectUrl, `/connectors/${name}/resume`, soon(), { method: 'PUT' })
  await untilIn(connectUrl, name, 'RUNNING', soon())
  await untilEverythingIsRead(connectUrl, name, Date.now() + timeoutMs, say)
  await configure(connectUrl, name, usual, soon())
  await untilIn(connectUrl, name, 'RUNNING', soon())
  say(`${name} has read everything and follows the slot again`)
}

/** Stops a connector and returns when it has no task any more. */
export async function stop(connectUrl: string, name: Capture, deadline: number): Promise<void> {
  await askUntilAnswered(connectUrl, `/connectors/${name}/stop`, deadline, { method: 'PUT' })
  await untilIn(connectUrl, name, 'STOPPED', deadline)
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

/** While Debezium reads everything, its offset contains a snapshot; after the first change or heartbeat it does not. */
async function untilEverythingIsRead(
  connectUrl: string,
  name: ConnectorName,
  deadline: number,
  say: Recovery['say'],
): Promise<void> {
  let saidAt = Date.now()
  while (Date.now() < deadline) {
    const { offsets } = JSON.parse(
      await askUntilAnswered(connectUrl, `/connectors/${name}/offsets`, deadline),
    ) as Offsets
    const [first] = offsets
    if (first !== undefined && !hasSnapshot(first.offset)) return
    await untilIn(connectUrl, name, 'RUNNING', deadline)
    if (Date.now() - saidAt > 5_000) {
      saidAt = Date.now()
      say('it is still reading, or waits for transactions that were open when its slot was created')
    }
    await delay(300)
  }
  throw new ConnectorError(
    `connector ${name} has not read everything in time; it continues, and the same command starts again`,
  )
}

type Offsets = {
  readonly offsets: readonly { readonly offset: Readonly<Record<string, unknown>> }[]
}

function hasSnapshot(offset: Readonly<Record<string, unknown>>): boolean {
  return offset.snapshot !== undefined || offset.last_snapshot_record === false
}
