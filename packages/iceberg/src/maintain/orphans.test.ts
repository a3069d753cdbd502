import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LakehouseError } from '../errors.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import { offsetLogSummary } from '../offsets/offset-log.ts'
import { offsetsProperty } from '../offsets/offsets.ts'
import { planScan } from '../read/scan.ts'
import type { Catalog, CommitRequest } from '../table/catalog.ts'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import { expire } from './expire.ts'
import { leastOrphanAgeMs, removeOrphans } from './orphans.ts'

const table = { namespace: 'bronze', name: 'orders' }
const policy = { olderThanMs: leastOrphanAgeMs }
const location = 'memory:/lake/orders'

describe('the removal of orphans', () => {
  it('removes files that nothing refers to, and no others', async () => {
    const memory = newTable()
    await memory.commit({ operation: 'append', added: [await data(memory, 'a')] })
    await memory.commit({ operation: 'append', added: [await data(memory, 'b')] })
    const kept = [...memory.files.keys()]
    await data(memory, 'killed')
    await memory.storage.write(`${location}/metadata/refused-m0.avro`, Buffer.of())
    await memory.storage.write(`${location}/metadata/.00001.metadata.json.crc`, Buffer.of())
    age(memory)
    const removed = await removeOrphans(portsOf(memory), table, policy)
    expect(removed.map(({ uri }) => uri.replace(`${location}/`, '')).sort()).toEqual([
      'data/killed.parquet',
      'metadata/.00001.metadata.json.crc',
      'metadata/refused-m0.avro',
    ])
    expect([...memory.files.keys()]).toEqual(kept)
  })

  it('keeps the files of an attempt under way', async () => {
    const memory = newTable()
    await memory.commit({ operation: 'append', added: [await data(memory, 'a')] })
    age(memory)
    await data(memory, 'in-flight')
    expect(await removeOrphans(portsOf(memory), table, policy)).toEqual([])
  })

  it('keeps what is committed between the listing and the reading of the table', async () => {
    const memory = newTable()
    const late = await data(memory, 'late')
    age(memory)
    const onCareStep = async (step: string) => {
      if (step === 'files-listed') await memory.commit({ operation: 'append', added: [late] })
    }
    expect(await removeOrphans({ ...portsOf(memory), onCareStep }, table, policy)).toEqual([])
  })

  it('keeps older metadata, statistics, logs of offsets, and their checksums', async () => {
    const memory = newTable({
      metadataLocation: `${location}/metadata/00002.metadata.json`,
      otherFiles: [`file:${location}/metadata/00001.metadata.json`].map((uri) => uri.slice(5)),
      properties: { [offsetsProperty]: '{}', [offsetLogSummary]: `${location}/metadata/log` },
    })
    const names = ['00002.metadata.json', '00001.metadata.json', 'log', 'offsets.jsonl']
    for (const name of [...names, '.00001.metadata.json.crc', 'version-hint.text']) {
      await memory.storage.write(`${location}/metadata/${name}`, Buffer.of())
    }
    age(memory)
    expect(await removeOrphans(portsOf(memory), table, policy)).toEqual([])
  })

  it('only returns what it would remove in a dry run', async () => {
    const memory = newTable()
    await data(memory, 'killed')
    age(memory)
    const dry = { ...policy, dryRun: true }
    expect(await removeOrphans(portsOf(memory), table, dry)).toHaveLength(1)
    expect(memory.files.size).toBe(1)
  })

  it('continues after a kill, and beside another removal', async () => {
    const memory = newTable()
    for (const name of ['a', 'b', 'c']) await data(memory, name)
    age(memory)
    const onCareStep = (step: string) => {
      if (step === 'orphan-removed') throw new Error('killed')
    }
    await expect(removeOrphans({ ...portsOf(memory), onCareStep }, table, policy)).rejects.toThrow()
    expect(memory.files.size).toBe(2)
    const both = [1, 2].map(() => removeOrphans(portsOf(memory), table, policy))
    await Promise.all(both)
    expect(memory.files.size).toBe(0)
  })

  it('reads the table again when an expiry deletes a file that it reads', async () => {
    const memory = newTable()
    await memory.commit({ operation: 'append', added: [await data(memory, 'a')] })
    await memory.commit({ operation: 'append', added: [await data(memory, 'b')] })
    age(memory)
    const stale = memory.metadata
    const ports = portsOf(memory)
    await expire(ports, table, stale, oldest)
    let loads = 0
    const loadTable = async () => (++loads <= 3 ? stale : memory.metadata)
    const catalog = { ...ports.catalog, loadTable }
    expect(await removeOrphans({ ...ports, catalog }, table, policy)).toEqual([])
  })
})

describe('the removal of orphans is refused', () => {
  const refusal = async (memory: MemoryTable, others = {}, olderThanMs = leastOrphanAgeMs) => {
    await data(memory, 'killed')
    age(memory)
    const removal = removeOrphans(portsOf(memory, others), table, { olderThanMs })
    await expect(removal).rejects.toMatchObject({ code: 'CARE_REFUSED' })
    expect(memory.files.size).toBe(1)
  }

  it('below the age that a writer may have', () => refusal(newTable(), {}, leastOrphanAgeMs - 1))
  it('for a table of another engine', () => refusal(newTable({ properties: {} })))
  it('for a format with files that it does not know', () => refusal(newTable({ formatVersion: 3 })))
  it.each([location, 'memory:/lake', `${location}/below`])(
    'when another table has the folder %s',
    (found) => refusal(newTable(), { 'gold.other': found }),
  )

  it('when the table was dropped and created again meanwhile', async () => {
    const memory = newTable()
    await data(memory, 'killed')
    age(memory)
    const onCareStep = () => {
      memory.metadata = { ...memory.metadata, tableUuid: 'another' }
    }
    const removal = removeOrphans({ ...portsOf(memory), onCareStep }, table, policy)
    await expect(removal).rejects.toMatchObject({ code: 'CARE_REFUSED' })
    expect(memory.files.size).toBe(1)
  })
})

type Move = 'append' | 'replace' | 'overwrite' | 'litter' | 'expire' | 'orphans'

const oldest = { keepLast: 1, olderThanMs: 0, leastToExpire: 1, pinned: [] }

it('after any operations, each kept snapshot can be read, and no other file is left', async () => {
  const moves = fc.constantFrom<Move[]>(
    ...(['append', 'replace', 'overwrite', 'litter', 'expire', 'orphans'] as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(moves, { maxLength: 30 }), fc.nat(4), async (script, keep) => {
      const memory = newTable()
      for (const [index, move] of script.entries()) await play(memory, move, `f${index}`, keep + 1)
      age(memory)
      await removeOrphans(portsOf(memory), table, policy)
      const read = await everyFileRead(memory)
      const data = [...memory.files.keys()].filter((uri) => uri.includes('/data/'))
      expect(data.filter((uri) => !read.has(uri) && !memory.takenOut.has(uri))).toEqual([])
      expect([...read].filter((uri) => !memory.files.has(uri))).toEqual([])
    }),
    { numRuns: 60 },
  )
})

async function play(memory: OursInMemory, move: Move, name: string, keepLast: number) {
  const ports = portsOf(memory)
  if (move === 'litter') await data(memory, name)
  else if (move === 'orphans') {
    age(memory)
    await removeOrphans(ports, table, policy)
  } else if (move === 'expire') {
    await expire(ports, table, memory.metadata, { ...oldest, keepLast })
  } else {
    const { files } = await planScan(memory.storage, memory.metadata)
    const removed = move === 'append' ? [] : files
    for (const { file_path } of removed) memory.takenOut.add(file_path)
    await memory.commit({ operation: move, added: [await data(memory, name)], removed })
  }
}

async function everyFileRead({ storage, metadata }: MemoryTable): Promise<ReadonlySet<string>> {
  const read = new Set<string>()
  for (const { snapshotId } of metadata.snapshots) {
    const { files } = await planScan(storage, metadata, { snapshotId })
    for (const { file_path } of files) read.add(file_path)
  }
  return read
}

class OursInMemory extends MemoryTable {
  /** Files that a kept snapshot may have removed: they stay as long as it does. */
  readonly takenOut = new Set<string>()
}

function newTable(metadata: Partial<TableMetadata> = {}): OursInMemory {
  return new OursInMemory({ location, properties: { [offsetsProperty]: '{}' }, ...metadata })
}

async function data({ storage }: MemoryTable, name: string) {
  const uri = `${location}/data/${name}.parquet`
  await storage.write(uri, Buffer.of(1))
  return dataFile(uri)
}

/** Every file was written long ago. */
function age({ files, writtenMs }: MemoryTable): void {
  for (const uri of files.keys()) writtenMs.set(uri, 0)
}

function portsOf(memory: MemoryTable, others: Readonly<Record<string, string>> = {}) {
  const locations = { ...others, 'bronze.orders': memory.metadata.location }
  const names = Object.keys(locations).map((name) => name.split('.') as [string, string])
  const catalog = {
    listNamespaces: async () => [...new Set(names.map(([namespace]) => namespace))],
    listTables: async (namespace: string) =>
      names.filter(([one]) => one === namespace).map(([, name]) => ({ namespace, name })),
    loadTable: async ({ namespace, name }: TableIdentifier) => {
      const found = others[`${namespace}.${name}`]
      if (found !== undefined) return { location: found } as Partial<TableMetadata> as TableMetadata
      return memory.metadata
    },
    commitTable: async (_table: TableIdentifier, { updates }: CommitRequest) => {
      const [update] = updates as readonly { readonly 'snapshot-ids': readonly bigint[] }[]
      if (update === undefined) throw new LakehouseError('CATALOG_REFUSED', 'no update')
      const gone = new Set(update['snapshot-ids'])
      const snapshots = memory.metadata.snapshots.filter(({ snapshotId }) => !gone.has(snapshotId))
      memory.metadata = { ...memory.metadata, snapshots }
      return { kind: 'committed' as const, metadata: memory.metadata }
    },
  } satisfies Partial<Record<keyof Catalog, unknown>>
  return { catalog, storage: memory.storage }
}
