import { setTimeout as delay } from 'node:timers/promises'
import { registerCustomers } from '@tenseams/demonstration/shop'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { eventually, WaitTimeoutError } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { type Reading, type ReadRecord, readTopics } from '../support/kafka.ts'
import { openLake } from '../support/lake/open-lake.ts'
import { openKafka } from '../support/login.ts'
import { adminPool } from '../support/shop.ts'
import type { Claim, Proving, Verdict } from './claim.ts'
import { Journal } from './eos/journal.ts'
import { Load } from './eos/load.ts'
import { completed, someCompleted, topics } from './eos/provocations/scene.ts'
import { randomOf } from './eos/schedule.ts'
import { untilAllEnded } from './eos/settled.ts'
import { bronzeEqualsTopics, bronzeTopics } from './medallion/bronze.ts'
import { CatalogueWrites } from './medallion/catalogue-writes.ts'
import { isCaughtUp } from './medallion/caught-up.ts'
import { goldEqualsPostgres, goldEqualsSilver } from './medallion/gold.ts'
import { shipmentsIn, silverEqualsPostgres } from './medallion/silver.ts'

const ORDERS_PER_SECOND = 10
const CUSTOMERS = 15
const SILVER_INTERVAL_MS = 1_000
const CATCH_UP_MS = 240_000
/** Without a guard the difference stays, so waiting longer is useless. */
const STAY_BROKEN_MS = 45_000
/** The lakehouse is killed as often as all others together. */
const victims = ['lakehouse', 'lakehouse', 'lakehouse', 'connect', 'catalog', 'kafka'] as const

const breaks = {
  'forget-bronze-snapshot':
    'silver records the snapshot it is made from before its rows, and is killed in between',
  'last-write-wins-by-arrival': 'silver takes the event that arrived last for the newest',
} as const

/**
 * Bronze equals the topics, silver equals Postgres, gold equals silver, whatever is killed. The provocation: orders under load,
 * changes of products and customers, kills, and republished old events.
 */
export const medallion: Claim = {
  name: 'medallion',
  says: 'bronze is the topics, silver is Postgres, gold is silver, whatever is killed',
  breaks,
  numbers: {
    kills: { default: 12, least: 0, most: 100, what: 'kills' },
    seed: { default: 1, least: 1, most: 1_000_000, what: 'chooses who is killed' },
  },
  settings: () => ({ silverIntervalMs: SILVER_INTERVAL_MS }),
  entryFiles: (guard, isOn) =>
    isOn ? undefined : { lakehouse: `test/faults/lakehouse/${guard}.ts` },
  only: ['connectors', 'orders', 'payments', 'fulfilment', 'pulse', 'lakehouse'],
  prove: async (stack, proving) => {
    const scene = await openScene(stack, proving)
    try {
      await provoke(scene, proving)
      return await judge(scene, proving)
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error
      return { kind: 'undecided', lines: [error.message] }
    } finally {
      await closeScene(scene)
      proving.say(`journal: ${scene.journal.close()}`)
    }
  },
}

type Scene = {
  readonly stack: Stack
  readonly shop: pg.Pool
  readonly journal: Journal
  readonly load: Load
  readonly writes: CatalogueWrites
  readonly reading: Reading
  readonly ports: AppendPorts
}

async function openScene(stack: Stack, { numbers: { seed = 1, kills } }: Proving): Promise<Scene> {
  const { ordersUrl, kafkaBrokers, catalogUrl } = stack.endpoints
  const shop = adminPool(stack)
  const customers = await registerCustomers({ ordersUrl }, CUSTOMERS)
  return {
    ...{ stack, shop, journal: new Journal(`medallion-seed-${seed}-kills-${kills}`) },
    load: new Load(ordersUrl, ORDERS_PER_SECOND, customers),
    writes: new CatalogueWrites(shop, customers, seed),
    reading: await readTopics(kafkaBrokers, bronzeTopics),
    ports: await openLake(catalogUrl, '512MB'),
  }
}

async function closeScene({ load, writes, reading, shop, ports }: Scene): Promise<void> {
  await Promise.all([load.stop(), writes.stop()])
  await reading.close()
  await shop.end()
  ports.engine.close()
}

async function provoke(scene: Scene, { numbers, broken, say }: Proving): Promise<void> {
  const { stack, shop, journal, load, writes } = scene
  const { seed = 1, kills = 12 } = numbers
  const random = randomOf(seed)
  load.start()
  writes.start()
  // Without a guard one kill is enough: the fault is in the service, or in the republished events below.
  for (let kill = 1; kill <= (broken === undefined ? kills : 1); kill++) {
    await someCompleted(shop)
    const victim = victims[Math.floor(random() * victims.length)] ?? 'lakehouse'
    const awayMs = 200 + Math.floor(random() * 2_000)
    journal.note('kill', { victim, awayMs })
    await stack.kill(victim)
    await delay(awayMs)
    await stack.restart(victim)
    if (kill % 4 === 0) say(`${kill} of ${kills} kills, ${await completed(shop)} orders completed`)
  }
  await someCompleted(shop)
  await Promise.all([load.stop(), writes.stop()])
  journal.note('no more orders; waiting until each has ended', { orders: load.wishes.length })
  await untilAllEnded(shop)
  const again = await publishAgain(scene)
  journal.note('old events published again', { events: again })
}

/** Publishes the first events of ended streams again, as a connector does that has lost its position. */
async function publishAgain({ stack, reading }: Scene): Promise<number> {
  const { kafkaBrokers } = stack.endpoints
  const events = [topics.orders, topics.payments].flatMap((topic) => {
    const firsts = reading.records.filter(
      (record) => record.topic === topic && record.headers.version === '1',
    )
    return firsts.slice(0, 200)
  })
  const producer = openKafka({ brokers: kafkaBrokers, clientId: 'again' }).producer()
  await producer.connect()
  try {
    for (const { topic, partition, key, value, headers } of events) {
      await producer.send({ topic, messages: [{ partition, key, value, headers }] })
    }
  } finally {
    await producer.disconnect()
  }
  return events.length
}

/** Compares until everything is equal, or the time is up. */
async function judge(scene: Scene, { broken }: Proving): Promise<Verdict> {
  const { stack, journal, reading, shop } = scene
  const revived = async () => {
    if (broken === 'forget-bronze-snapshot') await revive(stack, 'lakehouse')
    return isCaughtUp(scene.ports)
  }
  const catchingUp = { timeoutMs: CATCH_UP_MS, what: 'silver to say that it has caught up' }
  await eventually(revived, { ...catchingUp, intervalMs: 1_000 })
  let found: readonly string[] | undefined
  const isEqual = async () => {
    found = await compare(scene, [...reading.records])
    return found.length === 0
  }
  const waiting = {
    timeoutMs: broken === undefined ? CATCH_UP_MS : STAY_BROKEN_MS,
    what: 'all layers to be equal',
    intervalMs: 2_000,
  }
  await eventually(isEqual, waiting).catch((error: unknown) => {
    // A comparison that was never possible is not a difference.
    if (found === undefined) throw error
  })
  if (found === undefined) throw new Error('nothing was compared')
  const lines = [
    `${await completed(shop)} orders completed, ${reading.records.length} records in ${bronzeTopics.length} topics`,
    ...found.map((one) => `BROKEN   ${one}`),
  ]
  for (const line of lines) journal.note('verdict', { line })
  return { kind: found.length === 0 ? 'holds' : 'refuted', lines }
}

/** Restarts a part that may have killed itself. */
async function revive(stack: Stack, part: 'lakehouse'): Promise<void> {
  const url = `http://127.0.0.1:${stack.context.ports[part]}/health/live`
  const isAlive = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  )
  if (!isAlive) await stack.restart(part)
}

async function compare(
  { ports, shop, stack, journal }: Scene,
  records: readonly ReadRecord[],
): Promise<readonly string[]> {
  const shipments = await shipmentsIn(stack.endpoints.registryUrl, records)
  const layers = {
    bronze: () => bronzeEqualsTopics(ports, records),
    silver: () => silverEqualsPostgres(ports, shop, shipments),
    gold: () => goldEqualsSilver(ports),
    money: () => goldEqualsPostgres(ports, shop),
  }
  const found: string[] = []
  for (const [layer, differencesOf] of Object.entries(layers)) {
    const differing = await differencesOf()
    journal.note('compared', { layer, differing: differing.length })
    found.push(...differing)
  }
  return found
}
