import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyTable } from '../maintain/verify.ts'
import { verifyOffsets } from '../offsets/offset-log.ts'
import { partitionKey } from '../offsets/offsets.ts'
import { queryTable } from '../read/query.ts'
import { commitChange } from '../table/commit.ts'
import { type OwnLake, openOwnLake } from '../testing/own-lake.ts'
import { acceptLog } from './accept-log.ts'
import { append, baseOf } from './append.ts'
import { writeDataFiles } from './data-files.ts'

let lake: OwnLake

beforeAll(async () => {
  lake = await openOwnLake()
})
afterAll(() => lake.close())

const first = { t: { id: 'first', epoch: 0 } }
const second = { t: { id: 'second', epoch: 1 } }

async function newTable(name: string) {
  const table = { namespace: 'bronze', name }
  const column = { id: 1, name: 'number', required: false, type: 'long' }
  await lake.catalogue.ensureTable(table, { type: 'struct', fields: [column] }, {})
  return table
}

const now = (table: { namespace: string; name: string }) => lake.catalogue.loadTable(table)

const rowsOf = (epoch: number, start: bigint, end: bigint) => ({
  rows: Array.from({ length: Number(end - start) }, (_, index) => ({
    number: start + BigInt(index),
  })),
  spans: { [partitionKey('t', 0, epoch)]: { start, end } },
})

describe('a table whose topic was made again', () => {
  it('records the log with its first rows, and refuses rows of another one', async () => {
    const table = await newTable('refuses')
    const base = baseOf(await now(table))
    await append(lake.ports, table, base, { ...rowsOf(0, 0n, 5n), topics: first })
    const known = baseOf(await now(table))
    expect(known.topics).toEqual(first)
    const other = { ...rowsOf(0, 5n, 6n), topics: { t: { id: 'second', epoch: 0 } } }
    await expect(append(lake.ports, table, known, other)).rejects.toMatchObject({
      code: 'LOG_DIFFERS',
    })
    const late = { ...rowsOf(0, 5n, 6n), topics: first, leaderEpochs: { 't-0': 3 } }
    const { base: after } = await append(lake.ports, table, known, late)
    expect(after.metadata.properties['ten-seams.leader-epochs']).toBe('{"t-0":3}')
  })

  it('goes on in the new log once that was accepted, with every record of both once', async () => {
    const table = await newTable('accepts')
    await append(lake.ports, table, baseOf(await now(table)), {
      ...{ ...rowsOf(0, 0n, 5n), topics: first },
    })
    const stale = baseOf(await now(table))
    const accepted = await acceptLog(lake.ports, table, stale, {
      ...{ topics: second, starts: { 't@1-0': 0n } },
    })
    expect(accepted).toMatchObject({ kind: 'committed', base: { topics: second } })
    const zombie = { ...rowsOf(0, 5n, 7n), topics: first }
    expect(await append(lake.ports, table, stale, zombie)).toMatchObject({ kind: 'overtaken' })
    const next = { ...rowsOf(1, 0n, 3n), topics: second }
    await append(lake.ports, table, accepted.base, next)
    const metadata = await now(table)
    expect(baseOf(metadata).offsets).toEqual({ 't-0': 5n, 't@1-0': 3n })
    expect(await queryTable(lake.ports, table, 'SELECT count(*)::INT AS n FROM rows')).toEqual([
      { n: 8 },
    ])
    expect(await verifyOffsets(lake.ports.storage, metadata)).toMatchObject({
      ...{ breaks: [], rows: 8n },
      spans: { 't-0': { start: 0n, end: 5n }, 't@1-0': { start: 0n, end: 3n } },
    })
    expect((await verifyTable(lake.ports, table)).breaks).toEqual([])
  })

  it('is left as it is when another writer was first, whose records the choice did not know', async () => {
    const table = await newTable('overtaken')
    await append(lake.ports, table, baseOf(await now(table)), {
      ...{ ...rowsOf(0, 0n, 5n), topics: first },
    })
    const stale = baseOf(await now(table))
    await append(lake.ports, table, stale, { ...rowsOf(0, 5n, 7n), topics: first })
    const accepting = { topics: second, starts: { 't@1-0': 0n } }
    expect(await acceptLog(lake.ports, table, stale, accepting)).toMatchObject({
      kind: 'overtaken',
    })
    expect(baseOf(await now(table))).toMatchObject({ topics: first, offsets: { 't-0': 7n } })
  })

  it('does not go on while it has rows that no offset accounts for', async () => {
    const table = await newTable('foreign')
    await append(lake.ports, table, baseOf(await now(table)), {
      ...{ ...rowsOf(0, 0n, 5n), topics: first },
    })
    const metadata = await now(table)
    const added = await writeDataFiles(lake.ports, metadata, [{ number: 9n }])
    await commitChange(lake.ports, table, metadata, {
      ...{ operation: 'append', added, removed: [], begunMs: Date.now(), fits: () => true },
      amend: () => ({ summary: {}, properties: {} }),
    })
    const accepting = { topics: second, starts: { 't@1-0': 0n } }
    const work = acceptLog(lake.ports, table, baseOf(await now(table)), accepting)
    await expect(work).rejects.toMatchObject({ code: 'ROWS_UNEXPLAINED' })
  })

  it('shows it when the recorded log was changed by hand', async () => {
    const table = await newTable('changed')
    const { base } = await append(lake.ports, table, baseOf(await now(table)), {
      ...{ ...rowsOf(0, 0n, 5n), topics: first },
    })
    const topics = '{"t":{"epoch":0,"id":"second"}}'
    const metadata = {
      ...base.metadata,
      properties: { ...base.metadata.properties, 'ten-seams.topics': topics },
    }
    const proof = await verifyOffsets(lake.ports.storage, metadata)
    expect(proof?.breaks[0]).toContain("the table's topics are")
  })
})
