import { expect, it, vi } from 'vitest'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import type { Catalog } from './catalog.ts'
import { commitChange, longestChangeMs } from './commit.ts'

it('a change that has become too old is given up: nothing is sent, and no file is left', async () => {
  const memory = new MemoryTable()
  await memory.storage.write('memory:/data/old.parquet', Buffer.of())
  const commitTable = vi.fn()
  const catalog = { commitTable, loadTable: async () => memory.metadata }
  const outcome = await commitChange(
    { catalog: catalog as Partial<Catalog> as Catalog, storage: memory.storage },
    { namespace: 'bronze', name: 'orders' },
    memory.metadata,
    {
      operation: 'append',
      added: [dataFile('memory:/data/old.parquet')],
      removed: [],
      begunMs: Date.now() - longestChangeMs - 1_000,
      fits: () => true,
      amend: () => ({ summary: {}, properties: {} }),
    },
  )
  expect(outcome.kind).toBe('overtaken')
  expect(commitTable).not.toHaveBeenCalled()
  expect([...memory.files.keys()]).toEqual([])
})
