import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { foreignSnapshots, unexplained } from '../offsets/explained.ts'
import { queryTable } from '../read/query.ts'
import { commitChange } from '../table/commit.ts'
import { liveFiles } from '../table/snapshot.ts'
import { type OwnLake, openOwnLake } from '../testing/own-lake.ts'
import { append, baseOf } from '../write/append.ts'
import { writeDataFiles } from '../write/data-files.ts'
import { compact } from './compaction.ts'
import { expire } from './expire.ts'
import { removeForeign } from './foreign.ts'
import { verifyTable } from './verify.ts'

let lake: OwnLake
let number = 0
let table = { namespace: 'bronze', name: '' }

beforeAll(async () => {
  lake = await openOwnLake()
})
afterAll(() => lake.close())

beforeEach(async () => {
  number += 1
  table = { namespace: 'bronze', name: `t${number}` }
  const column = { id: 1, name: 'number', required: false, type: 'long' }
  await lake.catalogue.ensureTable(table, { type: 'struct', fields: [column] }, {})
  await bronze(1n)
  await bronze(2n)
})

const now = () => lake.catalogue.loadTable(table)

/** Appends a record as bronze does. */
async function bronze(value: bigint, base = baseOf) {
  const on = base(await now())
  const start = on.offsets['t-0'] ?? 0n
  const spans = { 't-0': { start, end: start + 1n } }
  return append(lake.ports, table, on, { rows: [{ number: value }], spans })
}

/** Appends a row as another program does, which knows nothing of offsets. */
async function foreign(value: bigint, operation: 'append' | 'overwrite' = 'append') {
  const metadata = await now()
  const added = await writeDataFiles(lake.ports, metadata, [{ number: value }])
  await commitChange(lake.ports, table, metadata, {
    ...{ operation, added, removed: [], begunMs: Date.now(), fits: () => true },
    amend: () => ({ summary: { 'engine-name': 'pyiceberg' }, properties: {} }),
  })
}

const numbers = async () =>
  (await queryTable(lake.ports, table, 'SELECT number FROM rows ORDER BY 1')).map(
    (row) => row.number,
  )

const breaks = async () => (await verifyTable(lake.ports, table)).breaks

describe('rows that another program appended', () => {
  it('are found by the verification', async () => {
    expect(await breaks()).toEqual([])
    await foreign(100n)
    expect(await breaks()).toEqual([
      expect.stringMatching(
        /^snapshot \d+ \(append by pyiceberg\) added 1 rows and removed 0 without offsets$/,
      ),
    ])
  })

  it('are found after the snapshot that added them has expired', async () => {
    await foreign(100n)
    const metadata = await now()
    const [id] = foreignSnapshots(metadata).map(({ snapshotId }) => snapshotId)
    const later = {
      ...metadata,
      snapshots: metadata.snapshots.filter((one) => one.snapshotId !== id),
    }
    const newest = { ...metadata.snapshots.at(-1), snapshotId: 1n, parentSnapshotId: null }
    const replaced = {
      ...newest,
      summary: { ...newest.summary, operation: 'replace', 'added-records': '0' },
    }
    const old = { ...later, currentSnapshotId: 1n, snapshots: [...later.snapshots, replaced] }
    expect(unexplained(old as typeof metadata)).toEqual([
      'the table has 3 rows, its log of offsets accounts for 2',
    ])
  })

  it('stop the writer of the table, also when they arrive between its read and its commit', async () => {
    const before = baseOf(await now())
    await foreign(100n)
    await expect(bronze(3n)).rejects.toMatchObject({ code: 'ROWS_UNEXPLAINED' })
    expect(await bronze(3n, () => before)).toMatchObject({ kind: 'overtaken' })
  })

  it('are neither mixed with others by a compaction nor hidden by an expiry', async () => {
    await foreign(100n)
    const metadata = await now()
    const bounds = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 1_000_000n }
    const policy = { keepLast: 1, olderThanMs: 0, leastToExpire: 1, pinned: [] }
    const refused = { code: 'ROWS_UNEXPLAINED' }
    await expect(compact(lake.ports, table, metadata, bounds)).rejects.toMatchObject(refused)
    await expect(expire(lake.ports, table, metadata, policy)).rejects.toMatchObject(refused)
  })

  it('are removed by a verb, and the table goes on where it was', async () => {
    await foreign(100n)
    await foreign(200n)
    expect(await removeForeign(lake.ports, table, await now())).toEqual({ rows: 2n, files: 2 })
    expect(await numbers()).toEqual([1n, 2n])
    expect(await breaks()).toEqual([])
    expect(await bronze(3n)).toMatchObject({ kind: 'committed' })
    expect(await numbers()).toEqual([1n, 2n, 3n])
    expect(await breaks()).toEqual([])
  })

  it('are not removed when the other program removed rows, too', async () => {
    const metadata = await now()
    const files = await liveFiles(lake.ports.storage, metadata)
    await commitChange(lake.ports, table, metadata, {
      ...{ operation: 'overwrite', added: [], begunMs: Date.now(), fits: () => true },
      removed: files.slice(0, 1).map(({ file }) => file),
      amend: () => ({ summary: {}, properties: {} }),
    })
    expect(await breaks()).toHaveLength(1)
    await expect(removeForeign(lake.ports, table, await now())).rejects.toMatchObject({
      code: 'CARE_REFUSED',
    })
  })
})

it('a compaction changes no count', async () => {
  const bounds = { targetBytes: 1_000_000n, leastFiles: 2, mostBytes: 1_000_000n }
  expect(await compact(lake.ports, table, await now(), bounds)).toHaveLength(1)
  expect(await breaks()).toEqual([])
})

it('a table whose rows are not from a topic is open to several programs', async () => {
  table = { namespace: 'bronze', name: `${table.name}_shared` }
  const column = { id: 1, name: 'number', required: false, type: 'long' }
  await lake.catalogue.ensureTable(table, { type: 'struct', fields: [column] }, {})
  const ours = async (value: bigint) =>
    append(lake.ports, table, baseOf(await now()), { rows: [{ number: value }], spans: {} })
  await ours(1n)
  await foreign(2n)
  await ours(3n)
  expect(await numbers()).toEqual([1n, 2n, 3n])
  expect(unexplained(await now())).toEqual([])
})
