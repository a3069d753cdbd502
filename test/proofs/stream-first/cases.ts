import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { machineMs } from '../../load/clock.ts'
import { Generator } from '../../load/generator/generator.ts'
import type { Latencies } from '../../load/latencies.ts'
import { orderBody, postOrder } from '../../support/shop.ts'
import { startBehind } from './second.ts'
import type { Comparison, Written } from './seen.ts'
import { type PostgresUse, postgresUseOf } from './use.ts'
import type { World } from './world.ts'

/** What is done to each world, and what its reader made of it. */
export type CaseName = 'twice' | 'late' | 'later' | 'clocks'

export type Found = {
  readonly reader: World['name']
  readonly says: string
  readonly cases: Readonly<Record<CaseName, Comparison>>
  /** Of the versions that the reader saw during the load. */
  readonly freshness: Latencies
  readonly use: PostgresUse
}

export type Scene = {
  readonly stack: Stack
  readonly pool: pg.Pool
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly say: (line: string) => void
}

/** A transaction that stays open so long is longer than what the reader with an overlap reads again. */
export const OVERLAP_MS = 2_000
const LATER_MS = 3_000
const CLOCK_ORDERS = 40
const PLACE_EVERY_MS = 200
const PASSED_MS = 60_000
const SETTLED_MS = 120_000
const LEAD_MS = 500

/** Does to a world what is done to each, and closes its reader. */
export async function walk(scene: Scene, world: World): Promise<Found> {
  const { pool, stack, say } = scene
  try {
    await world.caughtUp()
    const before = await world.written()
    const use = await postgresUseOf(stack, pool, world, async () => {
      await offer(scene, world)
      await settle(world)
    })
    const twice = world.reader.seen.compare(await world.written(), before)
    const freshness = world.reader.seen.freshness(await world.writtenMs())
    say(`${world.name}: ${twice.written} changes, ${twice.missed.length} missed`)
    const late = await commitLate(pool, world, 0)
    const later = await commitLate(pool, world, LATER_MS)
    say(`${world.name}: two transactions have committed late`)
    const clocks = await differingClocks(stack, world)
    say(`${world.name}: ${CLOCK_ORDERS} orders of two writers whose clocks differ`)
    const { name: reader, says } = world
    return { reader, says, cases: { twice, late, later, clocks }, freshness, use }
  } finally {
    await world.reader.close()
  }
}

/** The same requests at the same times for each world. */
async function offer({ rate, seconds, seed, stack }: Scene, { url }: World): Promise<void> {
  const generator = await Generator.open({
    ...{ url, credentialsFile: stack.secrets.fileOf('load'), run: Math.trunc(machineMs()) },
    ...{ mix: { orders: 85, declined: 10, cancellations: 5, reads: 0 }, repeatedShare: 0 },
    ...{ maxInFlight: 500, requestTimeoutMs: 15_000 },
    offer: {
      ...{ ratePerSecond: rate, rampMs: 0, durationMs: seconds * 1_000 },
      ...{ arrivals: 'poisson', seed },
    },
  })
  try {
    await generator.run(machineMs() + LEAD_MS, new AbortController().signal)
  } finally {
    await generator.close()
  }
}

async function settle(world: World): Promise<void> {
  const isSettled = async () => (await world.unsettled()) === 0
  await eventually(isSettled, { timeoutMs: SETTLED_MS, what: 'all orders to end' })
  await world.caughtUp()
}

/** Some versions become visible when the reader has passed them by `byMs`. */
async function commitLate(pool: pg.Pool, world: World, byMs: number): Promise<Comparison> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { atMs, before, after } = await world.beginLate(client)
    await passBy(world, atMs + byMs)
    await client.query('commit')
    await settle(world)
    return world.reader.seen.compare(after, before)
  } finally {
    client.release()
  }
}

/** Others write meanwhile, until the reader is behind that moment. */
async function passBy(world: World, momentMs: number): Promise<void> {
  const deadline = performance.now() + PASSED_MS
  for (;;) {
    const orderId = await place(world.url)
    const isPassed = async () => Date.now() > momentMs && world.hasPassed(momentMs, orderId)
    await delay(PLACE_EVERY_MS)
    if (await isPassed()) return
    if (performance.now() > deadline) throw new Error('the reader does not pass the moment')
  }
}

/** Two processes take orders in turn; the clock of one is behind. */
async function differingClocks(stack: Stack, world: World): Promise<Comparison> {
  const second = await startBehind(stack, world.part)
  const placed: string[] = []
  try {
    for (let index = 0; index < CLOCK_ORDERS; index += 1) {
      placed.push(await place(index % 2 === 0 ? world.url : second.url))
      await delay(PLACE_EVERY_MS / 2)
    }
    await settle(world)
  } finally {
    await second.close()
  }
  return world.reader.seen.compare(those(await world.written(), placed))
}

const those = (written: Written, orderIds: readonly string[]): Written =>
  new Map(orderIds.map((orderId) => [orderId, written.get(orderId) ?? 0]))

async function place(url: string): Promise<string> {
  const { status, body } = await postOrder(url, orderBody())
  if (status !== 201) throw new Error(`${url}/orders answers ${status}`)
  return String(body.orderId)
}
