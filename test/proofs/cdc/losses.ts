import { askUntilAnswered, untilIn } from '@tenseams/debezium/connect-api'
import { stop } from '@tenseams/debezium/recover'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { dropSlot, ensurePublication, ensureSlot } from '@tenseams/postgres/captures'
import type pg from 'pg'
import type { TestStack } from '../../support/stack.ts'
import type { RawTables } from './tables.ts'
import { cdc } from './verb.ts'
import type { CatalogueWriter } from './writer.ts'

export type Scene = {
  readonly stack: TestStack
  readonly pool: pg.Pool
  readonly tables: RawTables
  readonly writer: CatalogueWriter
}

/** How a loss is repaired: by the documented step, or by one that only seems to be enough. */
export type Repair = 'recover' | 'no-resnapshot'

const STEP_MS = 120_000
const WRITES_IN_A_GAP = 200

/**
 * Snapshots every row again while rows are written, and kills Connect a given number of times meanwhile.
 *
 * @returns how many kills fell into the snapshot, and the rows of Postgres that were not captured since it began.
 */
export async function snapshotUnderFire(
  { stack, pool, tables }: Scene,
  kills: number,
): Promise<{ readonly inTime: number; readonly untold: readonly string[] }> {
  const begun = (await tables.changes('catalogue.products')).length
  let isDone = false
  const asked = cdc(stack, 'snapshot', 'catalogue.products', 'catalogue.customers').finally(() => {
    isDone = true
  })
  let inTime = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const from = (await tables.changes('catalogue.products')).length
    const isUnderWay = async () => {
      const fresh = (await tables.changes('catalogue.products')).slice(from)
      return isDone || fresh.some(({ change }) => change.source.snapshot === 'incremental')
    }
    await eventually(isUnderWay, { timeoutMs: STEP_MS, what: 'rows of the snapshot' })
    if (!isDone) inTime += 1
    await stack.kill('connect')
    await stack.restart('connect')
  }
  await asked
  // The rows of one moment: of those written later, the newest have never been told yet.
  const { rows } = await pool.query<{ sku: string }>('select sku from catalogue.products')
  const untoldNow = async () => {
    const since = (await tables.changes('catalogue.products')).slice(begun)
    const keys = new Set(since.map(({ key }) => key))
    return rows.filter(({ sku }) => !keys.has(sku)).map(({ sku }) => sku)
  }
  const untold = await eventually(async () => (await untoldNow()).length === 0, {
    timeoutMs: STEP_MS,
    what: 'every product to be told since',
  }).then(() => [], untoldNow)
  return { inTime, untold }
}

/** Drops the slot while nobody reads it, and writes and deletes rows. */
export async function loseSlot(scene: Scene, repair: Repair): Promise<void> {
  const { endpoints } = scene.stack
  await stop(endpoints, 'cdc', soon())
  await withClient(scene.pool, (client) =>
    eventually(async () => dropSlot(client, 'cdc').then(() => true), {
      timeoutMs: STEP_MS,
      what: 'the slot to be dropped',
    }),
  )
  await writes(scene)
  if (repair === 'recover') return cdc(scene.stack, 'recover')
  // As the next `stack up` does.
  await withClient(scene.pool, (client) => ensureSlot(client, 'cdc'))
  await askUntilAnswered(endpoints, '/connectors/cdc/resume', soon(), { method: 'PUT' })
  await untilIn(endpoints, 'cdc', 'RUNNING', soon()).catch(() => undefined)
}

/** Takes a table out of the publication while rows are written and deleted. */
export async function losePublication(scene: Scene, repair: Repair): Promise<void> {
  await scene.pool.query('alter publication cdc drop table catalogue.products')
  await writes(scene)
  if (repair === 'recover') return cdc(scene.stack, 'recover')
  await withClient(scene.pool, (client) => ensurePublication(client, 'cdc'))
  await writes(scene)
}

async function writes({ writer }: Scene): Promise<void> {
  const until = writer.writes + WRITES_IN_A_GAP
  await eventually(() => writer.writes >= until, { timeoutMs: STEP_MS, what: 'writes in the gap' })
}

async function withClient(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect()
  try {
    await work(client)
  } finally {
    client.release()
  }
}

function soon(): number {
  return Date.now() + STEP_MS
}
