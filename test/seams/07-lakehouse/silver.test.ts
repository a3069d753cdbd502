import { randomUUID } from 'node:crypto'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { expire } from '@tenseams/iceberg/maintain/expire'
import { pinnedBy, readSources } from '@tenseams/iceberg/offsets/sources'
import { queryTable } from '@tenseams/iceberg/read/query'
import type { AppendPorts, AppendStep } from '@tenseams/iceberg/write/append'
import type { DerivedTable } from '@tenseams/lakehouse-service/silver/derived-table'
import { quarantine, quarantineOf } from '@tenseams/lakehouse-service/silver/quarantine'
import { refresh } from '@tenseams/lakehouse-service/silver/refresh'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { arrive, ownShipments, type Shipped, shipmentsIn } from './shipments-tables.ts'

let stack: TestStack
let ports: AppendPorts
let derived: DerivedTable
const namespaces: string[] = []

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
})

beforeEach(() => {
  const namespace = `silver_${randomUUID().slice(0, 8)}`
  namespaces.push(namespace)
  derived = ownShipments(namespace)
})

afterAll(async () => {
  await closeLake(ports, ...namespaces)
})

const bring = (mostRows = 1_000n) => refresh(ports, derived, mostRows)

const event = (order: string, version: 1 | 2 = 1): Shipped => ({ order, version })

const writer = (changes: { killAt?: AppendStep; recordsFirst?: boolean }) =>
  runProgram({
    file: 'test/seams/07-lakehouse/programs/silver-writer.ts',
    parameters: [
      JSON.stringify({
        catalogUrl: stack.endpoints.catalogUrl,
        namespace: derived.table.namespace,
        ...changes,
      }),
    ],
    timeoutMs: 60_000,
  })

test('takes new rows, records what it is made from, and does nothing when nothing is new', async () => {
  expect(await bring()).toEqual({ kind: 'idle' })
  await arrive(ports, derived, [event('a'), event('b')])
  expect(await bring()).toMatchObject({ kind: 'refreshed', changes: 2n, isBehind: false })
  expect(await bring()).toEqual({ kind: 'idle' })
  await arrive(ports, derived, [event('a', 2), event('c')])
  expect(await bring()).toMatchObject({ kind: 'refreshed', changes: 2n })
  expect(await shipmentsIn(ports, derived)).toEqual([
    'a 2 recalled',
    'b 1 dispatched',
    'c 1 dispatched',
  ])
  const [source, silver] = await Promise.all(
    [derived.source, derived.table].map((table) => ports.catalog.loadTable(table)),
  )
  const recorded = { [`${derived.source.namespace}.events`]: source?.currentSnapshotId }
  expect(readSources(silver?.properties ?? {})).toEqual(recorded)
  expect(readSources(silver?.snapshots.at(-1)?.summary ?? {})).toEqual(recorded)
  expect(await pinnedBy(ports.catalog, derived.source)).toEqual([source?.currentSnapshotId])
})

test('a republished old event moves nothing back', async () => {
  await arrive(ports, derived, [event('a'), event('a', 2)])
  await bring()
  await arrive(ports, derived, [event('a')])
  await bring()
  expect(await shipmentsIn(ports, derived)).toEqual(['a 2 recalled'])
})

test('takes a large backlog in parts', async () => {
  for (const order of ['a', 'b', 'c', 'd']) await arrive(ports, derived, [event(order)])
  expect(await bring(2n)).toMatchObject({ changes: 2n, isBehind: true })
  expect(await bring(1n)).toMatchObject({ changes: 1n, isBehind: true })
  expect(await bring()).toMatchObject({ changes: 1n, isBehind: false })
  expect(await shipmentsIn(ports, derived)).toHaveLength(4)
})

test('a compaction of the source changes nothing', async () => {
  await arrive(ports, derived, [event('a')])
  await arrive(ports, derived, [event('b')])
  await bring()
  const source = await ports.catalog.loadTable(derived.source)
  const bounds = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 1_000_000n }
  expect(await compact(ports, derived.source, source, bounds)).toHaveLength(1)
  expect(await bring()).toMatchObject({ kind: 'refreshed', changes: 0n })
  expect(await shipmentsIn(ports, derived)).toHaveLength(2)
})

test('is rebuilt when the snapshot that it was made from has expired', async () => {
  await arrive(ports, derived, [event('a')])
  await bring()
  for (const order of ['b', 'c']) await arrive(ports, derived, [event(order)])
  const source = await ports.catalog.loadTable(derived.source)
  const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1 }
  const pinned = await pinnedBy(ports.catalog, derived.source)
  const kept = await expire(ports, derived.source, source, { ...policy, pinned })
  expect(kept.expired, 'what silver has recorded is kept, and all since').toBe(0)
  const gone = await expire(ports, derived.source, source, { ...policy, pinned: [] })
  expect(gone.expired).toBe(2)
  expect(await bring()).toMatchObject({ kind: 'refreshed', changes: 3n })
  expect(await shipmentsIn(ports, derived)).toHaveLength(3)
})

test('of several refreshes at once, one commits, and no row is taken twice', async () => {
  await arrive(ports, derived, [event('z')])
  await bring()
  await arrive(ports, derived, [event('a'), event('b'), event('a', 2)])
  const outcomes = await Promise.all([bring(), bring(), bring()])
  expect(outcomes.map(({ kind }) => kind).toSorted()).toContain('refreshed')
  await bring()
  expect(await shipmentsIn(ports, derived)).toEqual([
    'a 2 recalled',
    'b 1 dispatched',
    'z 1 dispatched',
  ])
})

describe('a kill', () => {
  const steps: readonly AppendStep[] = [
    'before-parquet',
    'parquet-written',
    'manifest-written',
    'before-commit',
    'commit-sent',
    'after-commit',
  ]

  test.each(steps)('at %s loses nothing and doubles nothing', async (killAt) => {
    await arrive(ports, derived, [event('a'), event('b')])
    await bring()
    await arrive(ports, derived, [event('b', 2), event('c')])
    expect((await writer({ killAt })).ok, 'it ends by its own kill').toBe(false)
    await bring()
    expect(await shipmentsIn(ports, derived)).toEqual([
      'a 1 dispatched',
      'b 2 recalled',
      'c 1 dispatched',
    ])
  })

  test('loses rows when the source’s snapshot is recorded before the rows', async () => {
    await arrive(ports, derived, [event('a')])
    await bring()
    await arrive(ports, derived, [event('b')])
    expect((await writer({ recordsFirst: true })).ok, 'it ends by its own kill').toBe(false)
    expect(await bring()).toEqual({ kind: 'idle' })
    expect(await shipmentsIn(ports, derived)).toEqual(['a 1 dispatched'])
  })
})

test('a row that a gate rejects is in quarantine with its reason, once, and not in silver', async () => {
  await arrive(ports, derived, [event('a'), event('')])
  await bring()
  expect((await quarantine(ports, derived, 1_000n)).rejected).toEqual({ 'no-stream': 1 })
  expect((await quarantine(ports, derived, 1_000n)).rejected).toEqual({})
  await arrive(ports, derived, [event('b')])
  await bring()
  expect((await quarantine(ports, derived, 1_000n)).rejected).toEqual({})
  expect(await shipmentsIn(ports, derived)).toEqual(['a 1 dispatched', 'b 1 dispatched'])
  const rows = await queryTable(ports, quarantineOf(derived))
  expect(rows).toMatchObject([
    { source: `${derived.source.namespace}.events`, kafka_offset: 1n, reason: 'no-stream' },
  ])
})
