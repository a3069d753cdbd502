import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { type ExpirePolicy, expire } from '@tenseams/iceberg/maintain/expire'
import type { LakePorts } from '@tenseams/iceberg/read/query'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { append, baseOf } from '@tenseams/iceberg/write/append'
import type { CommitCost } from './figures.ts'
import { cpuMicrosOf } from './processes.ts'

/** How many commits around a mark are measured together, so that the clock's resolution does not matter. */
const WINDOW = 20
const ROWS = 100
/** How many snapshots a bounded table keeps, and how many more gather before they are expired together. */
const BOUNDED: ExpirePolicy = { keepLast: 20, olderThanMs: 0, leastToExpire: 10, pinned: [] }

/** Commits to a table one after another, and the cost of those around some marks. Our side is this process. */
export async function commitCosts(
  ports: LakePorts,
  catalogPid: number,
  options: { readonly name: string; readonly marks: readonly number[]; readonly bounded: boolean },
): Promise<readonly CommitCost[]> {
  const table = { namespace: 'bench', name: options.name }
  let base = baseOf(await makeTable(ports.catalog, table))
  const costs: CommitCost[] = []
  let committed = 0
  const commit = async () => {
    base = baseOf(await appendOnce(ports, table, base, committed))
    committed += 1
    if (!options.bounded) return
    const { metadata } = await expire(ports, table, base.metadata, BOUNDED)
    base = baseOf(metadata)
  }
  for (const mark of options.marks) {
    while (committed < mark - WINDOW / 2) await commit()
    const before = { own: process.cpuUsage(), catalog: cpuMicrosOf(catalogPid) }
    for (let index = 0; index < WINDOW; index++) await commit()
    const own = process.cpuUsage(before.own)
    costs.push({
      commits: mark,
      ownMs: (own.user + own.system) / 1_000 / WINDOW,
      catalogMs: (cpuMicrosOf(catalogPid) - before.catalog) / 1_000 / WINDOW,
      snapshots: base.metadata.snapshots.length,
    })
  }
  return costs
}

async function makeTable(catalog: Catalog, table: TableIdentifier): Promise<TableMetadata> {
  await catalog.ensureNamespace(table.namespace)
  const column = (id: number, name: string, type: string) => ({ id, name, type, required: true })
  const fields = [column(1, 'kafka_offset', 'long'), column(2, 'event_id', 'string')]
  return catalog.ensureTable(
    table,
    { type: 'struct', fields },
    {
      'format-version': '2',
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '5',
    },
  )
}

async function appendOnce(
  ports: LakePorts,
  table: TableIdentifier,
  base: ReturnType<typeof baseOf>,
  number: number,
): Promise<TableMetadata> {
  const start = BigInt(number * ROWS)
  const rows = Array.from({ length: ROWS }, (_, index) => ({
    kafka_offset: start + BigInt(index),
    event_id: `event ${number} ${index}`,
  }))
  const spans = { 'commits-0': { start, end: start + BigInt(ROWS) } }
  const outcome = await append(ports, table, base, { rows, spans })
  if (outcome.kind !== 'committed')
    throw new Error('another writer has written to the table of the bench')
  return outcome.base.metadata
}
