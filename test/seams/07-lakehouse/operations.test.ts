import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { expire } from '@tenseams/iceberg/maintain/expire'
import { chainBreaks } from '@tenseams/iceberg/offsets/chain'
import { verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { history } from '@tenseams/iceberg/table/history'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import type { AppendPorts, AppendStep } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../runner/program.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { ownLogin } from '../../support/login.ts'
import { type Loss, openLossyProxy } from '../../support/lossy-proxy.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import {
  afterOne,
  appendNumber,
  compactAll,
  newTable,
  numbersIn,
  type Operation,
  operations,
  overwriteAll,
} from './numbers-table.ts'

const namespace = `operations_${randomUUID().slice(0, 8)}`
const kinds: readonly Operation[] = ['append', 'overwrite', 'replace']

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

describe.each(kinds)('%s', (operation) => {
  const steps: readonly AppendStep[] = [
    'parquet-written',
    'manifest-written',
    'log-written',
    'commit-sent',
    'after-commit',
  ]

  test.each(steps)('is done or not done when it is killed at %s', async (step) => {
    const table = await newTable(ports, namespace)
    const { catalogUrl } = stack.endpoints
    const task = { catalogUrl, table, operation, killAt: step }
    const killed = await runProgram({
      file: 'test/seams/07-lakehouse/programs/numbers-writer.ts',
      parameters: [JSON.stringify(task)],
      timeoutMs: 60_000,
    })
    expect(killed.ok, 'it ends by its own kill').toBe(false)
    expect([[1n, 2n], afterOne[operation]]).toContainEqual(await numbersIn(ports, table))
    await appendNumber(ports, table)
    await expectProof(table)
  })

  test.each<Loss>(['answer-lost', 'request-lost', 'late', 'repeated'])(
    'whose outcome is unknown (%s) is done once',
    async (loss) => {
      const table = await newTable(ports, namespace)
      const proxy = await openLossyProxy(stack.endpoints.catalogUrl)
      try {
        const lossy = new Catalog({ url: proxy.url, login: ownLogin, timeoutMs: 5_000 })
        await lossy.config()
        proxy.lose(loss)
        await operations[operation]({ ...ports, catalog: lossy }, table)
        await proxy.settled()
        expect(await numbersIn(ports, table)).toEqual(afterOne[operation])
        await expectProof(table)
      } finally {
        await proxy.close()
      }
    },
  )
})

describe('another writer in between', () => {
  test('an append is rebased on a compaction', async () => {
    const table = await newTable(ports, namespace)
    const stale = await ports.catalog.loadTable(table)
    await compactAll(ports, table)
    const outcome = await appendNumber(ports, table, stale)
    expect(outcome).toMatchObject({ kind: 'committed', conflicts: 1 })
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n])
    await expectProof(table)
  })

  test('a compaction is rebased on an append', async () => {
    const table = await newTable(ports, namespace)
    const stale = await ports.catalog.loadTable(table)
    await appendNumber(ports, table)
    expect(await compactAll(ports, table, stale)).toMatchObject([{ kind: 'committed' }])
    expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n])
    expect(await liveFiles(fileStorage, await ports.catalog.loadTable(table))).toHaveLength(2)
    await expectProof(table)
  })

  test('an overwrite is rebased on a change that changed no row', async () => {
    const table = await newTable(ports, namespace)
    const stale = await ports.catalog.loadTable(table)
    await ports.catalog.commitTable(table, {
      requirements: [],
      updates: [{ action: 'set-properties', updates: { foreign: 'yes' } }],
    })
    expect(await overwriteAll(ports, table, stale)).toMatchObject({ kind: 'committed' })
    expect(await numbersIn(ports, table)).toEqual([11n, 12n])
    const metadata = await ports.catalog.loadTable(table)
    expect(metadata.properties.foreign).toBe('yes')
    expect(history(metadata).at(-1)?.summary).toMatchObject({
      operation: 'overwrite',
      'made-by': 'test',
      'total-records': '2',
      'deleted-records': '2',
    })
  })

  test.each<[string, Operation, Operation]>([
    ['an overwrite after an append', 'append', 'overwrite'],
    ['an overwrite after an overwrite', 'overwrite', 'overwrite'],
    ['an overwrite after a compaction of its files', 'replace', 'overwrite'],
    ['a compaction after an overwrite', 'overwrite', 'replace'],
    ['a compaction after a compaction', 'replace', 'replace'],
  ])('%s is overtaken and leaves nothing behind', async (_name, first, second) => {
    const table = await newTable(ports, namespace)
    const stale = await ports.catalog.loadTable(table)
    await operations[first](ports, table)
    const files = dataFiles(stale)
    const outcome = await operations[second](ports, table, stale)
    expect([outcome].flat()).toMatchObject([{ kind: 'overtaken' }])
    expect(dataFiles(stale)).toEqual(files)
    expect(await numbersIn(ports, table)).toEqual(afterOne[first])
    await expectProof(table)
  })
})

test('a compaction overtaken by another skips the groups that are already done', async () => {
  const table = await newTable(ports, namespace)
  for (let number = 0; number < 2; number++) await appendNumber(ports, table)
  const stale = await ports.catalog.loadTable(table)
  const sizes = (await liveFiles(fileStorage, stale)).map(({ file }) => file.file_size_in_bytes)
  // Room for two files each.
  const targetBytes = ((sizes[0] ?? 0n) * 5n) / 2n
  const policy = { targetBytes, leastFiles: 2, mostBytes: targetBytes * 4n }
  const first = await compact(ports, table, stale, policy)
  expect(first).toMatchObject([{ kind: 'committed' }, { kind: 'committed' }])
  const files = dataFiles(stale)
  expect(await compact(ports, table, stale, policy)).toMatchObject([{ kind: 'overtaken' }])
  expect(dataFiles(stale)).toEqual(files)
  expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 4n])
})

test('an append without a response, expired before it is searched for, keeps its files', async () => {
  const table = await newTable(ports, namespace)
  class RepeatedThenExpired extends Catalog {
    override async commitTable(...commit: Parameters<Catalog['commitTable']>) {
      await super.commitTable(...commit)
      await appendNumber(ports, table)
      const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1, pinned: [] }
      await expire(ports, table, await ports.catalog.loadTable(table), policy)
      return super.commitTable(...commit)
    }
  }
  const catalog = new RepeatedThenExpired({
    url: stack.endpoints.catalogUrl,
    login: ownLogin,
    timeoutMs: 10_000,
  })
  const outcome = await appendNumber({ ...ports, catalog }, table)
  expect(outcome).toMatchObject({ kind: 'overtaken', base: { offsets: { 'numbers-0': 4n } } })
  expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n, 4n])
  await expectProof(table)
})

test('an expiry whose outcome is unknown, or that is overtaken, deletes nothing', async () => {
  const table = await newTable(ports, namespace)
  const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1, pinned: [] }
  const before = await ports.catalog.loadTable(table)
  const proxy = await openLossyProxy(stack.endpoints.catalogUrl)
  try {
    const lossy = new Catalog({ url: proxy.url, login: ownLogin, timeoutMs: 5_000 })
    await lossy.config()
    proxy.lose('answer-lost')
    await expect(expire({ ...ports, catalog: lossy }, table, before, policy)).rejects.toThrow()
  } finally {
    await proxy.close()
  }
  await appendNumber(ports, table)
  await expect(expire(ports, table, before, policy)).rejects.toThrow()
  const lists = before.snapshots.map(({ manifestList }) => fileStorage.locate(manifestList))
  expect(lists.filter((file) => !existsSync(file))).toEqual([])
  expect(await numbersIn(ports, table)).toEqual([1n, 2n, 3n])
})

test('the files of expired snapshots are deleted, and the proof of their offsets stays', async () => {
  const table = await newTable(ports, namespace)
  for (let number = 0; number < 25; number++) await appendNumber(ports, table)
  const before = await ports.catalog.loadTable(table)
  const replaced = (await liveFiles(fileStorage, before)).map(({ file }) => file.file_path)
  await compactAll(ports, table)
  await appendNumber(ports, table)
  const numbers = await numbersIn(ports, table)
  const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 2, pinned: [] }
  const outcome = await expire(ports, table, await ports.catalog.loadTable(table), policy)
  expect(outcome).toMatchObject({ expired: 28 })
  const metadata = await ports.catalog.loadTable(table)
  expect(metadata.snapshots).toHaveLength(1)
  expect(await numbersIn(ports, table)).toEqual(numbers)
  const gone = [...replaced, ...before.snapshots.map(({ manifestList }) => manifestList)]
  expect(gone.filter((file) => existsSync(fileStorage.locate(file)))).toEqual([])
  expect(await verifyOffsets(fileStorage, metadata)).toMatchObject({
    commits: 28,
    rows: 28n,
    spans: { 'numbers-0': { start: 0n, end: 28n } },
    breaks: [],
  })
})

function dataFiles({ location }: TableMetadata): readonly string[] {
  return readdirSync(fileStorage.locate(`${location}/data`)).sort()
}

/** The offsets are a chain without gaps, by the snapshots and by the log. */
async function expectProof(table: TableIdentifier): Promise<void> {
  const metadata = await ports.catalog.loadTable(table)
  expect(chainBreaks(history(metadata))).toEqual([])
  expect(await verifyOffsets(fileStorage, metadata)).toMatchObject({ breaks: [] })
}
