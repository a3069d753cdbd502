import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendStep } from '@tenseams/iceberg/write/append'
import { refresh } from '@tenseams/lakehouse-service/silver/refresh'
import { refreshRecordingFirst } from '../../../faults/lakehouse/record-first.ts'
import { ownLogin } from '../../../support/login.ts'
import { ownShipments } from '../shipments-tables.ts'

/** A process that refreshes a test's silver once, and may be told to kill itself at a step. */
type Task = {
  readonly catalogUrl: string
  readonly namespace: string
  readonly killAt?: AppendStep
  /** The source's snapshot is recorded before the rows, which is wrong. */
  readonly recordsFirst?: boolean
}

const task = JSON.parse(process.argv[2] ?? '') as Task
const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
const bring = task.recordsFirst ? refreshRecordingFirst : refresh
await bring(
  {
    catalog: new Catalog({ url: task.catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
    storage: fileStorage,
    engine,
    onStep: (step) => {
      if (step === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  },
  ownShipments(task.namespace),
  1_000n,
)
engine.close()
