import { Engine } from '@tenseams/iceberg/duckdb'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { type CareStep, expire } from '@tenseams/iceberg/maintain/expire'
import { leastOrphanAgeMs, removeOrphans } from '@tenseams/iceberg/maintain/orphans'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendStep } from '@tenseams/iceberg/write/append'
import { ownLogin } from '../../../support/login.ts'
import { compactAll } from '../numbers-table.ts'

/** A process that compacts, expires and removes orphans of a table once, and kills itself at a step. */
type Task = {
  readonly catalogUrl: string
  readonly table: TableIdentifier
  readonly killAt: AppendStep | CareStep
}

const { catalogUrl, table, killAt } = JSON.parse(process.argv[2] ?? '') as Task
const onStep = (step: AppendStep | CareStep) => {
  if (step === killAt) process.kill(process.pid, 'SIGKILL')
}
const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
await compactAll({ catalog, storage: fileStorage, engine, onStep }, table)
// Tried again until it succeeds, so that a conflict with another writer does not skip a step.
for (let done = false; !done; ) {
  const policy = { keepLast: 3, olderThanMs: 0, leastToExpire: 1, pinned: [] }
  const metadata = await catalog.loadTable(table)
  const ports = { catalog, storage: fileStorage, onCareStep: onStep }
  done = await expire(ports, table, metadata, policy).then(
    () => true,
    () => false,
  )
}
await removeOrphans({ catalog, storage: fileStorage, onCareStep: onStep }, table, {
  olderThanMs: leastOrphanAgeMs,
})
engine.close()
