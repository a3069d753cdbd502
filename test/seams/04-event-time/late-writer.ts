import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { AppendStep } from '@tenseams/iceberg/write/append'
import { correct } from '@tenseams/lakehouse-service/gold/corrections'
import { ownLogin } from '../../support/login.ts'
import { ownCorrections } from './late-tables.ts'

/** A process that corrects with a test's late money once, and kills itself at a given step. */
type Task = {
  readonly catalogUrl: string
  readonly namespace: string
  readonly killAt: AppendStep
}

const task = JSON.parse(process.argv[2] ?? '') as Task
const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
await correct(
  {
    catalog: new Catalog({ url: task.catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
    storage: fileStorage,
    engine,
    onStep: (step) => {
      if (step === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  },
  ownCorrections(task.namespace),
  1_000n,
)
engine.close()
