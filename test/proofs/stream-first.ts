import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { adminPool } from '../support/shop.ts'
import type { Claim, Proving } from './claim.ts'
import { type Found, OVERLAP_MS, type Scene, walk } from './stream-first/cases.ts'
import { judge } from './stream-first/verdict.ts'
import { logWorld, pollingWorld } from './stream-first/world.ts'

/** What works for the log; stopped while the system before it is measured. */
const partsOfTheLog = ['fulfilment', 'payments', 'orders', 'connect']

/**
 * Two systems get the same orders: one whose truth is a log, and the one before it, whose orders are rows that others follow by
 * `updated_at`. Both are provoked in the same three ways.
 */
export const streamFirst: Claim = {
  name: 'stream-first',
  says: 'a reader of the log sees every change once, where one that polls for changed rows misses some',
  breaks: {
    polling: 'the reader polls for rows by updated_at, and is judged in the place of the log',
  },
  numbers: {
    rate: { default: 10, least: 1, most: 500, what: 'requests a second of the load' },
    seconds: { default: 20, least: 5, most: 600, what: 'how long the load is' },
    interval: { default: 1_000, least: 50, most: 60_000, what: 'ms between two polls' },
    seed: { default: 1, least: 1, most: 1_000_000, what: 'chooses what is ordered' },
  },
  only: ['connectors', 'orders', 'payments', 'fulfilment', 'payment-provider'],
  prove: async (stack, proving) => {
    const pool = adminPool(stack)
    try {
      const found = await walkAll(stack, pool, proving)
      return judge(found, proving.broken !== undefined)
    } finally {
      await pool.end()
    }
  },
}

async function walkAll(
  stack: Stack,
  pool: pg.Pool,
  { broken, numbers, say }: Proving,
): Promise<readonly Found[]> {
  const { rate = 10, seconds = 20, seed = 1, interval: intervalMs = 1_000 } = numbers
  const scene: Scene = { stack, pool, rate, seconds, seed, say }
  const ofLog = broken === undefined ? [await walk(scene, await logWorld(stack, pool))] : []
  for (const name of partsOfTheLog) await stack.stopOne(name)
  await stack.restart('legacy')
  const found: Found[] = [...ofLog]
  for (const overlapMs of broken === undefined ? [0, OVERLAP_MS] : [0]) {
    found.push(await walk(scene, pollingWorld(stack, pool, { intervalMs, overlapMs })))
  }
  return found
}
