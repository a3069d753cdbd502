import type pg from 'pg'
import { expect, test } from 'vitest'
import { slotSource } from './slots.ts'

const slot = {
  ...{ slot: 'outbox', active: true, status: 'reserved', retained: '1048576' },
  ...{ unconfirmed: '1024', safe: null },
}
const samplesOf = (row: object) => {
  const pool = { query: async () => ({ rows: [row] }) } as unknown as Pick<pg.Pool, 'query'>
  return slotSource(pool).ask(AbortSignal.timeout(60_000))
}

test('a slot shows what it retains, and has no safe size where Postgres has no limit', async () => {
  const samples = await samplesOf(slot)
  const labels = { slot: 'outbox' }
  expect(samples).toContainEqual(['tenseams_replication_slot_active', labels, 1])
  expect(samples).toContainEqual([
    'tenseams_replication_slot_retained_wal_bytes',
    labels,
    1_048_576,
  ])
  expect(samples.map(([name]) => name)).not.toContain('tenseams_replication_slot_safe_wal_bytes')
})

test('a lost slot is lost, has no active reader and no figures', async () => {
  const lost = { ...slot, active: false, status: 'lost', retained: null, unconfirmed: null }
  const samples = await samplesOf(lost)
  const status = { slot: 'outbox', status: 'lost' }
  expect(samples).toContainEqual(['tenseams_replication_slot_wal_status', status, 1])
  expect(samples).toContainEqual(['tenseams_replication_slot_active', { slot: 'outbox' }, 0])
  expect(samples).toHaveLength(5)
})
