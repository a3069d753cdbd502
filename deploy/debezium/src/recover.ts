import { setTimeout as delay } from 'node:timers/promises'
import { type Capture, dropSlot, ensurePublication } from '@tenseams/postgres/captures'
import { asAdmin, CaptureError, type Capturing } from './capturing.ts'
import { ConnectorError, insist, statusOf, untilIn } from './connect-api.ts'
import {
  type Configuration,
  type ConnectorName,
  configurationOf,
  configure,
  recoveryMark,
} from './connectors.ts'

const STEP_MS = 60_000

export type Recovery = {
  /** For the full snapshot; the steps before it have a minute each. */
  readonly timeoutMs: number
  readonly say: (line: string) => void
}

/**
 * What a connector needs after its slot is gone, or after its publication was without a table while rows were written:
 *
 *   stopped → marked → forgotten → published → slotless → reading all → as ever
 *
 * Its offsets are deleted, the publication is made to say what it must, and the slot is dropped. Debezium makes the new
 * one and reads everything at the very point at which that slot begins, so that nothing lies between the two. The raw
 * connector tells each row as `r`. The outbox tells each event again; whoever consumes drops those that it has had by
 * their event id.
 *
 * It may be killed at any step and is then begun anew: nothing is undone, and each step bears to be repeated. Until the last
 * one a mark in the configuration keeps everybody else from starting the connector in another way.
 *
 * @throws ConnectorError when Connect refuses or the time is over; CaptureError when the connector does not exist.
 */
export async function recover(
  capturing: Capturing,
  name: ConnectorName,
  { timeoutMs, say }: Recovery,
): Promise<void> {
  const { connectUrl } = capturing
  const soon = () => Date.now() + STEP_MS
  if ((await statusOf(connectUrl, name)) === undefined) {
    throw new CaptureError(`Connect knows no connector ${name}: \`npm run stack -- up\` makes it`)
  }
  const usual = await configurationOf(name, capturing)
  await stop(connectUrl, name, soon())
  say(`${name} is stopped`)
  await configure(connectUrl, name, { ...usual, ...readingAll(name) }, soon())
  await insist(connectUrl, `/connectors/${name}/offsets`, soon(), { method: 'DELETE' })
  say('its offsets are deleted')
  await asAdmin(capturing, async (client) => {
    await ensurePublication(client, name)
    await untilDropped(() => dropSlot(client, name), soon())
  })
  say('its publication is whole, its slot is dropped; now it reads everything')
  await insist(connectUrl, `/connectors/${name}/resume`, soon(), { method: 'PUT' })
  await untilIn(connectUrl, name, 'RUNNING', soon())
  await untilAllIsRead(connectUrl, name, Date.now() + timeoutMs, say)
  await configure(connectUrl, name, usual, soon())
  await untilIn(connectUrl, name, 'RUNNING', soon())
  say(`${name} has read everything and follows the slot again`)
}

/** Stops a connector, so that no task of it is left. */
export async function stop(connectUrl: string, name: Capture, deadline: number): Promise<void> {
  await insist(connectUrl, `/connectors/${name}/stop`, deadline, { method: 'PUT' })
  await untilIn(connectUrl, name, 'STOPPED', deadline)
}

/** The usual configuration with this reads everything, each store of events in the order in which it was written. */
function readingAll(name: ConnectorName): Configuration {
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

/** A reader that has just been sent away holds its slot a little longer. */
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

/** While Debezium reads all, its offset speaks of a snapshot; with the first change or heartbeat after, no longer. */
async function untilAllIsRead(
  connectUrl: string,
  name: ConnectorName,
  deadline: number,
  say: Recovery['say'],
): Promise<void> {
  let told = Date.now()
  while (Date.now() < deadline) {
    const { offsets } = JSON.parse(
      await insist(connectUrl, `/connectors/${name}/offsets`, deadline),
    ) as Offsets
    const [first] = offsets
    if (first !== undefined && !hasSnapshot(first.offset)) return
    await untilIn(connectUrl, name, 'RUNNING', deadline)
    if (Date.now() - told > 5_000) {
      told = Date.now()
      say('it is still reading, or waits for transactions that were open when its slot was made')
    }
    await delay(300)
  }
  throw new ConnectorError(
    `connector ${name} has not read everything in time; it goes on, and the same command begins anew`,
  )
}

type Offsets = {
  readonly offsets: readonly { readonly offset: Readonly<Record<string, unknown>> }[]
}

function hasSnapshot(offset: Readonly<Record<string, unknown>>): boolean {
  return offset.snapshot !== undefined || offset.last_snapshot_record === false
}
