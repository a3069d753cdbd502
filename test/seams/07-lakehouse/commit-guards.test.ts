import { randomUUID } from 'node:crypto'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { fileStorage } from '@tenseams/iceberg/storage'
import { history } from '@tenseams/iceberg/table/history'
import {
  type AppendOutcome,
  type AppendPorts,
  append,
  baseOf,
} from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogOf, type Guard } from '../../proofs/lake/faulty-catalog.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { openLossyProxy } from '../../support/lossy-proxy.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { appendNumber, newTable, numbersIn } from './numbers-table.ts'

/** Each guard of the commit, with what it guards against provoked: harmless with the guard, an anomaly without it. */

const namespace = `guards_${randomUUID().slice(0, 8)}`

let stack: TestStack
let ports: AppendPorts

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
  await ports.catalog.ensureNamespace(namespace)
})

afterAll(async () => {
  await closeLake(ports, namespace)
})

describe('the response to an accepted commit is lost', () => {
  test('offsets in the commit: the writer continues after its rows', async () => {
    const table = await newTable(ports, namespace)
    await losingTheAnswer(table)
    await appendNumber(ports, table)
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 4n])
    expect(await breaksOf(table)).toEqual({ chain: 0, log: 0 })
  })

  test('offsets after the commit: the writer writes the same record again', async () => {
    const table = await newTable(ports, namespace)
    await losingTheAnswer(table, 'offsets-outside-commit')
    await appendNumber(ports, table)
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 3n])
    expect((await breaksOf(table)).chain).toBeGreaterThan(0)
  })

  test('files kept while the outcome is unknown: the rows are there', async () => {
    const table = await newTable(ports, namespace)
    expect(await losingTheAnswer(table)).toMatchObject({ kind: 'committed' })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n])
  })

  test('files deleted as after a refusal: the table names a missing file', async () => {
    const table = await newTable(ports, namespace)
    await expect(losingTheAnswer(table, 'delete-on-unknown')).rejects.toThrow()
    const { properties } = await ports.catalog.loadTable(table)
    expect(properties['ten-seams.offsets'], 'the commit has happened').toBe('{"numbers-0":3}')
    await expect(numbersIn(ports, table)).rejects.toThrow(/ENOENT|No such file|no such file/)
  })
})

describe('another writer commits in between', () => {
  test('compare-and-set: both writers’ rows are in the table', async () => {
    const table = await newTable(ports, namespace)
    const outcome = await behindAnother(table, 'other-0')
    expect(outcome).toMatchObject({ kind: 'committed', conflicts: 1 })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 100n])
    expect(await breaksOf(table)).toEqual({ chain: 0, log: 0 })
  })

  test('no compare-and-set: the other’s row is lost, and its offset passed', async () => {
    const table = await newTable(ports, namespace)
    const outcome = await behindAnother(table, 'other-0', 'no-compare-and-set')
    expect(outcome).toMatchObject({ kind: 'committed', conflicts: 0 })
    expect(outcome.base.offsets).toEqual({ 'numbers-0': 3n, 'other-0': 1n })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n])
    expect((await breaksOf(table)).log).toBeGreaterThan(0)
  })

  test('parent and offsets of one read: the second writer is overtaken', async () => {
    const table = await newTable(ports, namespace)
    const outcome = await behindAnother(table, 'numbers-0')
    expect(outcome).toMatchObject({ kind: 'overtaken', conflicts: 1 })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 100n])
    expect(await breaksOf(table)).toEqual({ chain: 0, log: 0 })
  })

  test('a newer parent with older offsets: the record is in the table twice', async () => {
    const table = await newTable(ports, namespace)
    const outcome = await behindAnother(table, 'numbers-0', 'stale-base')
    expect(outcome).toMatchObject({ kind: 'committed', conflicts: 1 })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 100n])
    const breaks = await breaksOf(table)
    expect(breaks.chain, 'two snapshots account for the offset 2').toBe(1)
    expect(breaks.log).toBe(1)
  })
})

/** Appends the next number; the commit arrives, its response does not. */
async function losingTheAnswer(table: TableIdentifier, broken?: Guard): Promise<AppendOutcome> {
  const proxy = await openLossyProxy(stack.endpoints.catalogUrl)
  try {
    const catalog = catalogOf({ catalogUrl: proxy.url, ...(broken && { broken }) })
    const base = await catalog.loadTable(table)
    proxy.lose('answer-lost')
    return await appendNumber({ ...ports, catalog }, table, base)
  } finally {
    await proxy.close()
  }
}

/** Appends the next number on a base that is stale, because another writer has added 100, a record of the partition. */
async function behindAnother(
  table: TableIdentifier,
  partition: string,
  broken?: Guard,
): Promise<AppendOutcome> {
  const { catalogUrl } = stack.endpoints
  const catalog = catalogOf({ catalogUrl, ...(broken && { broken }) })
  const stale = await catalog.loadTable(table)
  await appendHundred(table, stale, partition)
  return appendNumber({ ...ports, catalog }, table, stale)
}

async function appendHundred(
  table: TableIdentifier,
  on: TableMetadata,
  partition: string,
): Promise<void> {
  const base = baseOf(on)
  const start = base.offsets[partition] ?? 0n
  const batch = { rows: [{ number: 100n }], spans: { [partition]: { start, end: start + 1n } } }
  expect(await append(ports, table, base, batch)).toMatchObject({ kind: 'committed' })
}

/** Number of breaks in the snapshots' chain and in the log of offsets. */
async function breaksOf(table: TableIdentifier): Promise<{ chain: number; log: number }> {
  const metadata = await ports.catalog.loadTable(table)
  const proof = await verifyOffsets(fileStorage, metadata)
  return { chain: chainBreaks(history(metadata)).length, log: proof?.breaks.length ?? -1 }
}
