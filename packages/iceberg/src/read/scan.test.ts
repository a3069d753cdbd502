import { beforeEach, describe, expect, it } from 'vitest'
import type { TableSchema } from '../format/schema.ts'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import { planScan, type ScanOptions } from './scan.ts'

const schemas = [0, 1].map((id): TableSchema => ({ type: 'struct', 'schema-id': id, fields: [] }))

describe('a scan', () => {
  let table: MemoryTable

  beforeEach(async () => {
    const [, schema] = schemas
    if (schema === undefined) throw new Error('no schema')
    table = new MemoryTable({ schema, schemas })
    await table.commit({ operation: 'append', added: [dataFile('a')], schemaId: 0 })
    await table.commit({ operation: 'append', added: [dataFile('b')] })
    await table.commit({
      operation: 'overwrite',
      removed: [dataFile('a')],
      added: [dataFile('c')],
      schemaId: 1,
    })
  })

  const plan = async (options?: ScanOptions) => {
    const { snapshot, schema, files } = await planScan(table.storage, table.metadata, options)
    const paths = files.map(({ file_path }) => file_path).sort()
    return [snapshot?.snapshotId, schema['schema-id'], paths.join()]
  }

  it('reads the newest snapshot with the newest schema', async () => {
    expect(await plan()).toEqual([3n, 1, 'b,c'])
    expect(await planScan(table.storage, new MemoryTable().metadata)).toMatchObject({ files: [] })
  })

  it('reads an older snapshot with the schema of that time, if it is known', async () => {
    expect(await plan({ snapshotId: 1n })).toEqual([1n, 0, 'a'])
    expect(await plan({ snapshotId: 2n })).toEqual([2n, 1, 'a,b'])
  })

  it.each([
    [1_000, 1n],
    [1_999, 1n],
    [2_000, 2n],
    [9_000, 3n],
  ])('reads the snapshot that was current at %i', async (at, id) => {
    expect((await plan({ at }))[0]).toBe(id)
  })

  it('leaves out files that have no row that passes the filter, and counts them', async () => {
    const fields = [{ id: 1, name: 'number', required: false, type: 'int' }]
    const numbers: TableSchema = { type: 'struct', 'schema-id': 0, fields }
    table = new MemoryTable({ schema: numbers, schemas: [numbers] })
    for (const number of [1, 2, 3]) {
      const bounds = [{ key: 1, value: Buffer.from([number, 0, 0, 0]) }]
      const added = [dataFile(`n${number}`, { lower_bounds: bounds, upper_bounds: bounds })]
      await table.commit({ operation: 'append', added })
    }
    const filter = [{ column: 'number', op: '>=', value: 2 }] as const
    expect((await plan({ filter }))[2]).toBe('n2,n3')
    expect(await planScan(table.storage, table.metadata, { filter })).toMatchObject({ pruned: 1 })
    expect((await plan({ filter, snapshotId: 1n }))[2]).toBe('')
  })

  it('refuses a snapshot that the table no longer has, and names the oldest', async () => {
    const unknown = (message: string) => ({
      code: 'SNAPSHOT_UNKNOWN',
      message: expect.stringContaining(message),
    })
    await expect(plan({ at: 999 })).rejects.toMatchObject(unknown('1 of 1970-01-01T00:00:01.000Z'))
    await expect(plan({ snapshotId: 7n })).rejects.toMatchObject(unknown('no snapshot 7'))
    table = new MemoryTable()
    await expect(plan({ at: 999 })).rejects.toMatchObject(unknown('none yet'))
  })
})
