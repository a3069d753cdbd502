import { beforeEach, describe, expect, it } from 'vitest'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import { planIncremental } from './incremental.ts'

const file = dataFile
const [a, b, c, d] = [file('a'), file('b'), file('c'), file('d')]

describe('the changes since a snapshot', () => {
  let table: MemoryTable

  beforeEach(async () => {
    table = new MemoryTable()
    await table.commit({ operation: 'append', added: [a] })
    await table.commit({ operation: 'append', added: [b] })
    await table.commit({ operation: 'replace', added: [c], removed: [a, b] })
    await table.commit({ operation: 'append', added: [d] })
    await table.commit({ operation: 'overwrite', added: [file('e')], removed: [c] })
    await table.commit({ operation: 'delete', removed: [d] })
  })

  const plan = async (after: bigint | null, upTo?: bigint) => {
    const range = upTo === undefined ? { after } : { after, upTo }
    const { changes, upTo: end } = await planIncremental(table.storage, table.metadata, range)
    const paths = (files: readonly { readonly file_path: string }[]) =>
      files.map(({ file_path }) => file_path).join()
    const told = changes.map(
      ({ kind, snapshot, added, removed }) =>
        `${snapshot.snapshotId} ${kind} +${paths(added)} -${paths(removed)}`,
    )
    return { told, end }
  }

  it('are what later snapshots added and removed, in order, without compactions', async () => {
    expect(await plan(null)).toEqual({
      told: [
        '1 append +a -',
        '2 append +b -',
        '4 append +d -',
        '5 overwrite +e -c',
        '6 overwrite + -d',
      ],
      end: 6n,
    })
    expect(await plan(2n)).toEqual({
      told: ['4 append +d -', '5 overwrite +e -c', '6 overwrite + -d'],
      end: 6n,
    })
  })

  it('end with the wanted snapshot', async () => {
    expect(await plan(1n, 4n)).toEqual({ told: ['2 append +b -', '4 append +d -'], end: 4n })
    expect(await plan(2n, 3n)).toEqual({ told: [], end: 3n })
    expect(await plan(6n)).toEqual({ told: [], end: 6n })
  })

  it('are returned once, also for files whose manifests were merged later', async () => {
    table = new MemoryTable()
    for (let index = 0; index < 50; index++) {
      await table.commit({ operation: 'append', added: [file(`f${index}`)] })
    }
    const { told } = await plan(10n)
    expect(told).toEqual(
      Array.from({ length: 40 }, (_, index) => `${index + 11} append +f${index + 10} -`),
    )
  })

  it('of an empty table are none', async () => {
    table = new MemoryTable()
    expect(await plan(null)).toEqual({ told: [], end: null })
  })

  it('are unknown for a snapshot that is no ancestor; the error says what to do instead', async () => {
    const unknown = { code: 'SNAPSHOT_UNKNOWN', message: expect.stringContaining('whole table') }
    await expect(plan(99n)).rejects.toMatchObject(unknown)
    await expect(plan(1n, 99n)).rejects.toMatchObject(unknown)
    await expect(plan(3n, 2n)).rejects.toMatchObject({ code: 'QUERY_INVALID' })
  })

  it('are unknown across snapshots that have expired', async () => {
    table.metadata = { ...table.metadata, snapshots: table.metadata.snapshots.slice(3) }
    await expect(plan(null)).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' })
    await expect(plan(3n)).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' })
    expect((await plan(4n)).told).toEqual(['5 overwrite +e -c', '6 overwrite + -d'])
  })
})
