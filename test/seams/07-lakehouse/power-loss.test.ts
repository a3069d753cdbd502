import { randomUUID } from 'node:crypto'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { verifyOffsets } from '@tenseams/iceberg/offsets/offset-log'
import { fileStorage, storageOn } from '@tenseams/iceberg/storage'
import type { AppendPorts, AppendStep } from '@tenseams/iceberg/write/append'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PowerlessDisk, powerlessDisk } from '../../support/lake/losing-power.ts'
import { closeLake, openLake } from '../../support/lake/open-lake.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import {
  afterOne,
  appendNumber,
  newTable,
  numbersIn,
  type Operation,
  operations,
} from './numbers-table.ts'

const namespace = `power_${randomUUID().slice(0, 8)}`
const steps: readonly AppendStep[] = [
  'before-parquet',
  'parquet-written',
  'manifest-written',
  'log-written',
  'before-commit',
  'commit-sent',
  'after-commit',
]

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

describe.each(Object.keys(operations) as Operation[])('%s', (operation) => {
  test.each(steps)('loses nothing when power is lost at %s', async (step) => {
    const table = await newTable(ports, namespace)
    const disk = await diskOf(table)
    await losingPower(operation, table, disk, step)
    const numbers = await numbersIn(ports, table)
    expect([[1n, 2n], afterOne[operation]]).toContainEqual(numbers)
    await operations[operation](ports, table)
    const metadata = await ports.catalog.loadTable(table)
    expect(await verifyOffsets(fileStorage, metadata)).toMatchObject({ breaks: [] })
  })

  test.each(['files', 'folders'] as const)('needs its %s synced', async (ignoresSync) => {
    const table = await newTable(ports, namespace)
    const disk = await diskOf(table, ignoresSync)
    await losingPower(operation, table, disk, 'after-commit')
    await expect(numbersIn(ports, table)).rejects.toThrow()
  })
})

test('the first file of a table survives, with the folder that was created for it', async () => {
  const table = await newTable(ports, namespace, { empty: true })
  await losingPower('append', table, await diskOf(table), 'after-commit')
  expect(await numbersIn(ports, table)).toEqual([1n])
})

test('an acknowledged commit is durable, the catalogue’s own file included', async () => {
  const table = await newTable(ports, namespace)
  const disk = await diskOf(table)
  await appendNumber({ ...ports, storage: storageOn(disk) }, table)
  const { metadataLocation = '' } = await ports.catalog.loadTable(table)
  expect(disk.isDurable(fileStorage.locate(metadataLocation))).toBe(true)
})

class PowerLost extends Error {}

async function losingPower(
  operation: Operation,
  table: TableIdentifier,
  disk: PowerlessDisk,
  at: AppendStep,
): Promise<void> {
  const onStep = (step: AppendStep): void => {
    if (step !== at) return
    disk.losePower()
    throw new PowerLost()
  }
  const run = operations[operation]({ ...ports, storage: storageOn(disk), onStep }, table)
  await expect(run).rejects.toThrow(PowerLost)
}

/** The catalogue's own files. */
async function diskOf(
  table: TableIdentifier,
  ignoresSync?: 'files' | 'folders',
): Promise<PowerlessDisk> {
  const { location } = await ports.catalog.loadTable(table)
  return powerlessDisk(fileStorage.locate(location), {
    isForeign: (path) => /\.metadata\.json(\.crc)?$/.test(path),
    ...(ignoresSync && { ignoresSync }),
  })
}
