import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loseSlot, type Scene, snapshotUnderFire } from '../../proofs/cdc/losses.ts'
import { RawTables } from '../../proofs/cdc/tables.ts'
import { CatalogueWriter } from '../../proofs/cdc/writer.ts'
import { adminPool } from '../../support/shop.ts'
import { useStack } from '../../support/stack.ts'

let scene: Scene
let pool: pg.Pool

beforeAll(async () => {
  const stack = await useStack()
  pool = adminPool(stack)
  const writer = new CatalogueWriter(pool, 7)
  scene = { stack, pool, tables: await RawTables.open(stack), writer }
  await writer.fill(8_000)
})

afterAll(async () => {
  await scene.writer.stop()
  await scene.writer.tidy()
  await scene.tables.close()
  await pool.end()
})

/** What is not told as deleted ends with a full snapshot only. */
const untilEqual = (endedBySnapshot: boolean) =>
  eventually(
    async () => expect(await scene.tables.differences(pool, { endedBySnapshot })).toEqual([]),
    { timeoutMs: 30_000, what: 'the topics to be as Postgres is' },
  )

test('a snapshot under live writes tells every row, also when Connect is killed in its middle', async () => {
  scene.writer.begin(10)
  const { inTime, untold } = await snapshotUnderFire(scene, 1)
  await scene.writer.stop()
  expect(inTime).toBe(1)
  expect(untold).toEqual([])
  await untilEqual(true)
})

test('after a lost slot the recovery has all that was written, and ends what was deleted meanwhile', async () => {
  scene.writer.begin(10)
  await loseSlot(scene, 'recover')
  await scene.writer.stop()
  await untilEqual(true)
  const unended = await scene.tables.differences(pool, { endedBySnapshot: false })
  expect(unended.length).toBeGreaterThan(0)
  expect(unended.every((line) => line.includes(': gone, but'))).toBe(true)
})
