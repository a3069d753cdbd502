import { randomUUID } from 'node:crypto'
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AppendPorts } from '@tenseams/lakehouse/append'
import { Catalog } from '@tenseams/lakehouse/catalog'
import { Engine } from '@tenseams/lakehouse/duckdb'
import type { TableIdentifier } from '@tenseams/lakehouse/metadata'
import { LEAST_ORPHAN_AGE_MS, removeOrphans } from '@tenseams/lakehouse/orphans'
import { liveFiles } from '@tenseams/lakehouse/snapshot'
import { fileStorage } from '@tenseams/lakehouse/storage'
import { verifyTable } from '@tenseams/lakehouse/verify'
import { Maintenance } from '@tenseams/lakehouse-service/maintenance'
import { MaintenanceMetrics } from '@tenseams/lakehouse-service/maintenance-metrics'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../program.ts'
import { type TestStack, useStack } from '../stack.ts'
import { appendNumber, newTable, numbersIn, overwriteAll } from './numbers-table.ts'

const namespace = `care_${randomUUID().slice(0, 8)}`

let stack: TestStack
let ports: AppendPorts
let table: TableIdentifier

beforeAll(async () => {
  stack = await useStack()
  ports = {
    catalog: new Catalog({ url: stack.endpoints.catalogUrl, timeoutMs: 10_000 }),
    storage: fileStorage,
    engine: await Engine.open({ memoryLimit: '256MB', threads: 1 }),
  }
  await ports.catalog.ensureNamespace(namespace)
})

beforeEach(async () => {
  table = await newTable(ports, namespace)
})

afterAll(async () => {
  for (const one of await ports.catalog.listTables(namespace)) await ports.catalog.dropTable(one)
  ports.engine.close()
})

const lake = (...parameters: readonly string[]) =>
  runProgram({
    file: 'services/lakehouse/src/lake-command.ts',
    parameters: [...parameters, '--catalog', stack.endpoints.catalogUrl],
    timeoutMs: 60_000,
  })

const name = () => `${table.namespace}.${table.name}`

/** A file in the table's folder that no snapshot refers to, of some age. */
async function stray(folder: string, ageMs: number): Promise<string> {
  const { location } = await ports.catalog.loadTable(table)
  const path = join(fileStorage.locate(location), folder, `${randomUUID()}.parquet`)
  writeFileSync(path, 'left behind')
  const then = (Date.now() - ageMs) / 1_000
  utimesSync(path, then, then)
  return path
}

async function age(ageMs: number): Promise<void> {
  const { location } = await ports.catalog.loadTable(table)
  const then = (Date.now() - ageMs) / 1_000
  for (const { uri } of await fileStorage.list(location)) utimesSync(uri, then, then)
}

describe('files that nothing refers to', () => {
  const HOUR = 3_600_000

  test('go when they are old; what any snapshot refers to stays, however old', async () => {
    await overwriteAll(ports, table)
    await age(2 * HOUR)
    const orphan = await stray('data', 2 * HOUR)
    const removed = await removeOrphans(ports, table, { olderThanMs: HOUR })
    expect(removed.map(({ uri }) => uri)).toEqual([orphan])
    expect(existsSync(orphan)).toBe(false)
    const { breaks } = await verifyTable(ports, await ports.catalog.loadTable(table))
    expect(breaks).toEqual([])
    expect(await numbersIn(ports, table)).toEqual([11n, 12n])
  })

  test('stay while they are young: a commit may be under way', async () => {
    const young = await stray('data', 60_000)
    expect(await removeOrphans(ports, table, { olderThanMs: HOUR })).toEqual([])
    expect(existsSync(young)).toBe(true)
    const tooYoung = removeOrphans(ports, table, { olderThanMs: LEAST_ORPHAN_AGE_MS - 1 })
    await expect(tooYoung).rejects.toThrow('may be of a commit that is under way')
  })

  test('are only shown with --dry-run', async () => {
    const orphan = await stray('data', 2 * HOUR)
    const shown = await lake('orphans', name(), '--dry-run')
    expect(shown).toMatchObject({ ok: true, output: expect.stringContaining('1 files older than') })
    expect(existsSync(orphan)).toBe(true)
    expect((await lake('orphans', name())).ok).toBe(true)
    expect(existsSync(orphan)).toBe(false)
  })
})

describe('verify', () => {
  test('finds nothing wrong with a table of several snapshots', async () => {
    await appendNumber(ports, table)
    await overwriteAll(ports, table)
    expect((await lake('verify', name())).ok).toBe(true)
  })

  test('names a file that is gone and one that has other bytes, and exits with 1', async () => {
    const files = await liveFiles(ports.storage, await ports.catalog.loadTable(table))
    const [first, second] = files.map(({ file }) => fileStorage.locate(file.file_path))
    rmSync(first ?? '')
    writeFileSync(second ?? '', 'something else')
    const { ok, output, reason } = await lake('verify', name())
    expect({ ok, reason }).toEqual({ ok: false, reason: 'exit code 1' })
    expect(output).toContain('is gone')
    expect(output).toContain('has 14 bytes')
  })
})

describe('the schedule', () => {
  const maintenanceOf = (compactBytesPerMinute: number) => {
    const metrics = new MaintenanceMetrics(new Registry())
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const maintenance = new Maintenance({
      ...{ ports, tables: [table], intervalMs: 60_000, compactBytesPerMinute },
      ...{ orphanAgeMs: 3_600_000, metrics, log },
    })
    return { maintenance, metrics }
  }

  const filesOf = async () =>
    (await liveFiles(ports.storage, await ports.catalog.loadTable(table))).length

  test('puts small files together, within its allowance, and changes no row', async () => {
    for (let row = 2; row < 10; row++) await appendNumber(ports, table)
    const rows = await numbersIn(ports, table)
    const poor = maintenanceOf(100)
    await poor.maintenance.round()
    expect(await filesOf()).toBe(10)
    const { maintenance, metrics } = maintenanceOf(1_000_000)
    await maintenance.round()
    expect(await filesOf()).toBe(1)
    expect(await numbersIn(ports, table)).toEqual(rows)
    const [{ value } = { value: 0 }] = (await metrics.compacted.get()).values
    expect(value).toBeGreaterThan(0)
  })

  test('goes on with other tables when one fails', async () => {
    const metrics = new MaintenanceMetrics(new Registry())
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const broken = await newTable(ports, namespace)
    for (let row = 2; row < 10; row++) await appendNumber(ports, broken)
    for (let row = 2; row < 10; row++) await appendNumber(ports, table)
    const files = await liveFiles(ports.storage, await ports.catalog.loadTable(broken))
    rmSync(fileStorage.locate(files[0]?.file.file_path ?? ''))
    const maintenance = new Maintenance({
      ...{ ports, tables: [broken, table], intervalMs: 60_000, orphanAgeMs: 3_600_000 },
      ...{ compactBytesPerMinute: 1_000_000, metrics, log },
    })
    await maintenance.round()
    expect(await filesOf()).toBe(1)
    const failures = (await metrics.failures.get()).values
    expect(failures).toMatchObject([{ labels: { step: 'compact' }, value: 1 }])
  })
})
