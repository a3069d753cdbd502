import { Engine } from '@tenseams/iceberg/duckdb'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendStep } from '@tenseams/iceberg/write/append'
import { ownLogin } from '../../../support/login.ts'
import { type Operation, operations } from '../numbers-table.ts'

/** A process that does one operation on a table, and may be told to kill itself at a step of it. */
type Task = {
  readonly catalogUrl: string
  readonly table: TableIdentifier
  readonly operation: Operation
  readonly killAt?: AppendStep
}

const task = JSON.parse(process.argv[2] ?? '') as Task
const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
await operations[task.operation](
  {
    catalog: new Catalog({ url: task.catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
    storage: fileStorage,
    engine,
    onStep: (step) => {
      if (step === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  },
  task.table,
)
engine.close()
