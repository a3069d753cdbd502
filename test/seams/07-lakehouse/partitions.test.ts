import { randomUUID } from 'node:crypto'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import { compact } from '@tenseams/iceberg/maintain/compaction'
import { queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { currentManifests, liveFiles } from '@tenseams/iceberg/table/snapshot'
import { type AppendPorts, append, baseOf } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { useStack } from '../../support/stack.ts'

const namespace = `partitions_${randomUUID().slice(0, 8)}`
const DAY = 86_400_000_000n
const schema = {
  type: 'struct' as const,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'at', required: false, type: 'timestamptz' },
    { id: 3, name: 'region', required: false, type: 'string' },
  ],
}

let ports: AppendPorts

beforeAll(async () => {
  const stack = await useStack()
  ports = await openLake(stack.endpoints.catalogUrl)
  await ports.catalog.ensureNamespace(namespace)
})

afterAll(async () => {
  await closeLake(ports, namespace)
})

test('each file of a partitioned table holds rows of one partition, and all of them are read', async () => {
  const table = { namespace, name: 'by_day_and_region' }
  await ports.catalog.ensureTable(table, schema, {}, [
    { column: 'at', transform: 'day' },
    { column: 'region', transform: 'identity' },
  ])
  await appendRows(table, [row(1n, 0n, 'eu'), row(2n, DAY, 'eu'), row(3n, 1n, 'eu')])
  await appendRows(table, [row(4n, -1n, 'a/b'), row(5n, 0n, null), row(6n, 0n, 'eu')])
  const metadata = await ports.catalog.loadTable(table)
  const files = await liveFiles(fileStorage, metadata)
  expect(files.map(({ file }) => [file.partition, file.record_count])).toEqual(
    expect.arrayContaining([
      [{ at_day: 0, region: 'eu' }, 2n],
      [{ at_day: 1, region: 'eu' }, 1n],
      [{ at_day: -1, region: 'a/b' }, 1n],
      [{ at_day: 0, region: null }, 1n],
      [{ at_day: 0, region: 'eu' }, 1n],
    ]),
  )
  expect(files).toHaveLength(5)
  expect(await idsIn(table)).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
  const [newest] = await currentManifests(fileStorage, metadata)
  expect(newest?.partitions).toHaveLength(2)
})

test('a compaction keeps partitions apart', async () => {
  const table = { namespace, name: 'by_bucket' }
  await ports.catalog.ensureTable(table, schema, {}, [{ column: 'id', transform: 'bucket[3]' }])
  for (const start of [0n, 10n, 20n]) {
    const ids = Array.from({ length: 10 }, (_, index) => start + BigInt(index))
    await appendRows(
      table,
      ids.map((id) => row(id, 0n, 'eu')),
    )
  }
  const metadata = await ports.catalog.loadTable(table)
  const bounds = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 10_000_000n }
  expect(await compact(ports, table, metadata, bounds)).toMatchObject([
    { kind: 'committed' },
    { kind: 'committed' },
    { kind: 'committed' },
  ])
  const files = await liveFiles(fileStorage, await ports.catalog.loadTable(table))
  expect(files.map(({ file }) => file.partition.id_bucket).toSorted()).toEqual([0, 1, 2])
  expect(await idsIn(table)).toHaveLength(30)
})

test('a table is not partitioned by a column that it lacks', async () => {
  const table = { namespace, name: 'impossible' }
  const wish = ports.catalog.ensureTable(table, schema, {}, [
    { column: 'shop', transform: 'identity' },
  ])
  await expect(wish).rejects.toThrow(/cannot be partitioned by shop/)
})

const row = (id: bigint, at: bigint, region: string | null): Row => ({ id, at, region })

async function appendRows(table: TableIdentifier, rows: readonly Row[]): Promise<void> {
  const base = baseOf(await ports.catalog.loadTable(table))
  expect(await append(ports, table, base, { rows, spans: {} })).toMatchObject({ kind: 'committed' })
}

async function idsIn(table: TableIdentifier): Promise<readonly unknown[]> {
  const rows = await queryTable(ports, table, 'SELECT id FROM rows ORDER BY 1')
  return rows.map(({ id }) => id)
}
