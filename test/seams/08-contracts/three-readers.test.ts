import { type AvroField, isNullable, matchAvro } from '@tenseams/codec/avro'
import { originColumns } from '@tenseams/contracts/generate/bronze'
import { goldTable } from '@tenseams/contracts/generate/flink'
import { columnName } from '@tenseams/contracts/generate/iceberg'
import { currentSchema } from '@tenseams/contracts/schemas'
import { readTopics } from '@tenseams/contracts/topics'
import { jobNames, readJob } from '@tenseams/flink-jobs/script/job'
import type { Field } from '@tenseams/iceberg/format/schema'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { expect, test } from 'vitest'
import { ownLogin } from '../../support/login.ts'
import { useStack } from '../../support/stack.ts'

const timeoutMs = 60_000

/** A column of a table that Node made from the contract, or Flink from the contract's DDL. */
type Column = readonly [name: string, required: boolean, type: string]

const bronze = readTopics()
  .filter(({ consumers }) => consumers.includes('lakehouse'))
  .map(({ name }) => ({ topic: name, table: bronzeTableOf(name).table }))

const gold = jobNames()
  .flatMap((name) => readJob(name).gold)
  .map((topic) => ({
    topic,
    table: { namespace: 'gold', name: goldTable(topic).split('`').at(-2) ?? '' },
  }))

/** Bronze's columns beside the contract's, with a row's origin. */
const ofOrigin = new Set(originColumns.map(({ name }) => name))

test.each([...bronze, ...gold])(
  'the table of $topic has the columns of its contract',
  async ({ topic, table }) => {
    const { catalogUrl } = (await useStack()).endpoints
    const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs })
    await catalog.config()
    const { schema } = await eventually(() => catalog.loadTable(table), {
      timeoutMs,
      what: `the table ${table.namespace}.${table.name}`,
    })
    const isBronze = table.namespace === 'bronze'
    const columns = schema.fields.filter(({ name }) => !(isBronze && ofOrigin.has(name)))
    expect(inOrder(columns.map(columnOf))).toEqual(
      inOrder(currentSchema(topic).schema.fields.map(promisedColumn)),
    )
  },
)

/** Evolved tables have new columns at their end. */
const inOrder = (columns: readonly Column[]) =>
  columns.toSorted(([first], [second]) => first.localeCompare(second))

function columnOf({ name, required, type }: Field): Column {
  return [name, required, textOf(type)]
}

function textOf(type: Field['type']): string {
  if (typeof type === 'string') return type
  if (type.type === 'struct') return structText(type.fields.map(columnOf))
  if (type.type === 'list') return `list ${textOf(type.element)}`
  return type.type
}

const structText = (columns: readonly Column[]) =>
  `{${inOrder(columns)
    .map(([name, required, type]) => `${name}${required ? '' : '?'}: ${type}`)
    .join(', ')}}`

/** Independent of the code that makes tables. */
function promisedColumn({ name, type }: AvroField): Column {
  return [columnName(name), !isNullable(type), promisedType(type)]
}

function promisedType(type: AvroField['type']): string {
  return matchAvro<string>(type, {
    primitive: (primitive) => (primitive === 'bytes' ? 'binary' : primitive),
    timestamp: () => 'timestamptz',
    nullable: promisedType,
    array: (items) => `list ${promisedType(items)}`,
    record: ({ fields }) => structText(fields.map(promisedColumn)),
  })
}
