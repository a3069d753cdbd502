import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { history } from '@tenseams/iceberg/table/history'
import { type AppendStep, append, baseOf } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { ownLogin } from '../../support/login.ts'
import { type Loss, openLossyProxy } from '../../support/lossy-proxy.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const RECORDS = 200
const namespace = `test_${randomUUID().slice(0, 8)}`

let stack: TestStack
let ports: LakePorts

beforeAll(async () => {
  stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
})

afterAll(async () => {
  await closeLake(ports, namespace)
})

describe('a writer that is killed', () => {
  const steps: readonly AppendStep[] = [
    'before-parquet',
    'parquet-written',
    'manifest-written',
    'log-written',
    'before-commit',
    'commit-sent',
    'after-commit',
  ]

  test.each(steps)('at %s leaves each record once after the next start', async (step) => {
    const name = `killed_${step.replaceAll('-', '_')}`
    const killed = await writeRecords(name, 'first', { step, append: 3 })
    expect(killed.ok, 'the writer ends by its own kill').toBe(false)
    expect(await writeRecords(name, 'second')).toMatchObject({ ok: true })
    await expectEachRecordOnce(name)
  })
})

describe('two writers of one table', () => {
  test('double nothing and leave nothing out, however they race', async () => {
    const name = 'raced'
    const outcomes = await Promise.all([writeRecords(name, 'one'), writeRecords(name, 'two')])
    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }])
    await expectEachRecordOnce(name)
  })

  test('double nothing and leave nothing out while a third compacts their files', async () => {
    const table = { namespace, name: 'raced_and_compacted' }
    expect(await writeRecords(table.name, 'first', undefined, 60)).toMatchObject({ ok: true })
    let running = true
    const writers = Promise.all([writeRecords(table.name, 'one'), writeRecords(table.name, 'two')])
    const ended = writers.finally(() => {
      running = false
    })
    let replaced = 0
    while (running) replaced += await compactions(table)
    expect(await ended).toMatchObject([{ ok: true }, { ok: true }])
    replaced += await compactions(table)
    expect(replaced).toBeGreaterThan(0)
    await expectEachRecordOnce(table.name)
  })
})

describe('a commit whose outcome is unknown', () => {
  test.each<Loss>(['answer-lost', 'request-lost', 'late', 'repeated'])(
    '(%s) is neither lost nor doubled',
    async (loss) => {
      const table = { namespace, name: `unknown_${loss.replaceAll('-', '_')}` }
      expect(await writeRecords(table.name, 'first')).toMatchObject({ ok: true })
      const proxy = await openLossyProxy(stack.endpoints.catalogUrl)
      try {
        const lossy = new Catalog({ url: proxy.url, login: ownLogin, timeoutMs: 5_000 })
        const base = baseOf(await lossy.loadTable(table))
        const start = BigInt(RECORDS)
        const batch = {
          rows: [{ kafka_partition: 0, kafka_offset: start, writer: 'lossy' }],
          spans: { 'made-up-0': { start, end: start + 1n } },
        }
        proxy.lose(loss)
        const outcome = await append({ ...ports, catalog: lossy }, table, base, batch)
        await proxy.settled()
        expect(outcome.kind).toBe('committed')
        const rows = await queryTable(ports, table, "SELECT * FROM rows WHERE writer = 'lossy'")
        expect(rows).toEqual(batch.rows)
        await expectNoBreaks(table.name)
      } finally {
        await proxy.close()
      }
    },
  )
})

describe('a refused writer', () => {
  test('deletes its own files and no others', async () => {
    const table = { namespace, name: 'refused' }
    expect(await writeRecords(table.name, 'first')).toMatchObject({ ok: true })
    const stale = baseOf(await ports.catalog.loadTable(table))
    const start = BigInt(RECORDS)
    const batch = (writer: string) => ({
      rows: [{ kafka_partition: 0, kafka_offset: start, writer }],
      spans: { 'made-up-0': { start, end: start + 1n } },
    })
    const first = await append(ports, table, stale, batch('first'))
    const files = dataFiles(stale.metadata.location)
    const second = await append(ports, table, stale, batch('second'))
    expect([first.kind, second.kind]).toEqual(['committed', 'overtaken'])
    expect(second.base.offsets).toEqual(first.base.offsets)
    expect(dataFiles(stale.metadata.location)).toEqual(files)
    await expectNoBreaks(table.name)
  })

  test('is rebased when the other wrote other partitions', async () => {
    const table = { namespace, name: 'rebased' }
    expect(await writeRecords(table.name, 'first')).toMatchObject({ ok: true })
    const stale = baseOf(await ports.catalog.loadTable(table))
    const start = BigInt(RECORDS)
    const batch = (partition: number) => ({
      rows: [{ kafka_partition: partition, kafka_offset: start, writer: 'late' }],
      spans: { [`made-up-${partition}`]: { start, end: start + 1n } },
    })
    expect(await append(ports, table, stale, batch(0))).toMatchObject({ conflicts: 0 })
    expect(await append(ports, table, stale, batch(1))).toMatchObject({
      kind: 'committed',
      conflicts: 1,
    })
    const rows = await queryTable(ports, table, "SELECT * FROM rows WHERE writer = 'late'")
    expect(rows).toHaveLength(2)
    await expectNoBreaks(table.name)
  })
})

/** Compacts all small files, and returns the number of commits. */
async function compactions(table: TableIdentifier): Promise<number> {
  const policy = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 1_000_000n }
  const outcomes = await compact(ports, table, await ports.catalog.loadTable(table), policy)
  return outcomes.filter(({ kind }) => kind === 'committed').length
}

function writeRecords(
  name: string,
  writer: string,
  killAt?: { step: AppendStep; append: number },
  records = RECORDS,
) {
  const { catalogUrl } = stack.endpoints
  const task = { catalogUrl, namespace, name, records, writer, ...(killAt && { killAt }) }
  return runProgram({
    file: 'test/seams/07-lakehouse/programs/bronze-writer.ts',
    parameters: [JSON.stringify(task)],
    timeoutMs: 60_000,
  })
}

async function expectEachRecordOnce(name: string): Promise<void> {
  const counts = await queryTable(
    ports,
    { namespace, name },
    `SELECT kafka_partition AS partition, count(*)::INT AS rows, count(DISTINCT kafka_offset)::INT AS distinct,
       max(kafka_offset)::INT AS last FROM rows GROUP BY ALL ORDER BY 1`,
  )
  const each = { rows: RECORDS, distinct: RECORDS, last: RECORDS - 1 }
  expect(counts).toEqual([
    { partition: 0, ...each },
    { partition: 1, ...each },
  ])
  await expectNoBreaks(name)
}

async function expectNoBreaks(name: string): Promise<void> {
  const metadata = await ports.catalog.loadTable({ namespace, name })
  expect(chainBreaks(history(metadata))).toEqual([])
  expect(await verifyOffsets(fileStorage, metadata)).toMatchObject({ breaks: [] })
}

function dataFiles(location: string): readonly string[] {
  const folder = join(fileStorage.locate(location), 'data')
  return existsSync(folder) ? readdirSync(folder).sort() : []
}
