import { Engine } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { type AppendStep, append, baseOf } from '@tenseams/iceberg/write/append'
import { ownLogin } from '../../../support/login.ts'

/**
 * A process that writes the records of a made-up topic, two partitions of `records` each, into a table, from the table's
 * offsets. It may be told to kill itself at a step of one of its appends.
 */
type Task = {
  readonly catalogUrl: string
  readonly namespace: string
  readonly name: string
  readonly records: number
  readonly writer: string
  readonly killAt?: { readonly step: AppendStep; readonly append: number }
}

const ROWS_AN_APPEND = 50
const MAX_APPENDS = 500

const column = (id: number, name: string, type: string): Field => ({
  id,
  name,
  required: false,
  type,
})
const columns = [
  column(1, 'kafka_partition', 'int'),
  column(2, 'kafka_offset', 'long'),
  column(3, 'writer', 'string'),
]

async function write(task: Task): Promise<void> {
  const catalog = new Catalog({ url: task.catalogUrl, login: ownLogin, timeoutMs: 10_000 })
  const engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
  const table = { namespace: task.namespace, name: task.name }
  await catalog.ensureNamespace(task.namespace)
  await catalog.ensureTable(table, { type: 'struct', fields: columns }, { 'format-version': '2' })
  let base = baseOf(await catalog.loadTable(table))
  for (let number = 1; number <= MAX_APPENDS; number++) {
    const onStep = (step: AppendStep) => {
      if (task.killAt?.step === step && task.killAt.append === number) {
        process.kill(process.pid, 'SIGKILL')
      }
    }
    const partition = number % 2
    const key = `made-up-${partition}`
    const start = base.offsets[key] ?? 0n
    const left = BigInt(task.records) - start
    if (left === 0n && base.offsets['made-up-0'] === base.offsets['made-up-1']) return
    if (left === 0n) continue
    const end = start + (left < BigInt(ROWS_AN_APPEND) ? left : BigInt(ROWS_AN_APPEND))
    const batch = {
      rows: rowsOf(partition, start, end, task.writer),
      spans: { [key]: { start, end } },
    }
    const ports = { catalog, engine, storage: fileStorage, onStep }
    const outcome = await append(ports, table, base, batch)
    base = outcome.base
  }
  throw new Error(`the records were not written in ${MAX_APPENDS} appends`)
}

function rowsOf(partition: number, start: bigint, end: bigint, writer: string): readonly Row[] {
  const rows: Row[] = []
  for (let offset = start; offset < end; offset++) {
    rows.push({ kafka_partition: partition, kafka_offset: offset, writer })
  }
  return rows
}

await write(JSON.parse(process.argv[2] ?? '') as Task)
