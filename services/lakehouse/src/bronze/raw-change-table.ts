import type { Codec, Decoded } from '@tenseams/codec/codec'
import { UndecodableError } from '@tenseams/codec/errors'
import { micros, originColumns } from '@tenseams/contracts/generate/bronze'
import { writeJson } from '@tenseams/iceberg/format/json'
import type { Row } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import type { KafkaMessage } from 'kafkajs'
import {
  type BronzeTable,
  bronzeNameOf,
  type Envelope,
  type Origin,
  originRow,
} from './bronze-table.ts'

/** Topics of the captured tables. Connect registers their schemas, which follow the tables; no contract of ours describes them. */
export const rawTopics = ['cdc.shop.catalogue.customers', 'cdc.shop.catalogue.products'] as const

/** A change event of Debezium (its documentation: "Data change events"). */
type Change = {
  readonly op: string
  readonly before?: object | null
  readonly after?: object | null
  /** When the connector processed it, by its own clock. */
  readonly ts_us?: bigint | null
  readonly source: {
    readonly snapshot?: string | null
    readonly lsn?: bigint | null
    readonly txId?: bigint | null
    readonly ts_ms: bigint
    readonly ts_us?: bigint | null
  }
}

const changeColumns: readonly Omit<Field, 'id'>[] = [
  {
    name: 'op',
    type: 'string',
    required: true,
    doc: 'c, u, d, r (read by a snapshot), t (truncate), m or tombstone.',
  },
  {
    name: 'key',
    type: 'string',
    required: false,
    doc: 'JSON of the record’s key; a truncate has none.',
  },
  { name: 'lsn', type: 'long', required: false, doc: 'Position of the change in the WAL.' },
  { name: 'tx_id', type: 'long', required: false, doc: 'Transaction in Postgres.' },
  {
    name: 'committed_at',
    type: 'timestamptz',
    required: false,
    doc: 'Of the transaction, or of the snapshot.',
  },
  { name: 'told_at', type: 'timestamptz', required: false, doc: 'By the connector’s clock.' },
  {
    name: 'snapshot',
    type: 'string',
    required: false,
    doc: 'Whether and where in a snapshot, as Debezium says.',
  },
  { name: 'before', type: 'string', required: false, doc: 'JSON of the old row; bytes as base64.' },
  { name: 'after', type: 'string', required: false, doc: 'JSON of the new row; bytes as base64.' },
]

/**
 * One row per change of a captured table, tombstones and truncates included. Row images are kept as JSON, because a captured
 * table may get a column at any time, and that must not stop this table; silver picks the columns that it knows.
 */
export function rawChangeTableOf(topic: string): BronzeTable {
  const fields = [...originColumns, ...changeColumns].map(
    (column, index): Field => ({
      id: index + 1,
      ...column,
    }),
  )
  return {
    topic,
    table: bronzeNameOf(topic),
    schema: { type: 'struct', fields },
    decode: decodeChange,
    rowOf: changeRow,
  }
}

async function decodeChange(
  codec: Codec,
  { key, value }: Pick<KafkaMessage, 'key' | 'value'>,
): Promise<Decoded<Envelope>> {
  const readKey = key == null ? undefined : await codec.decodeAsWritten(key)
  const change = value === null ? undefined : await codec.decodeAsWritten<unknown>(value)
  if (change !== undefined) assertChange(change.value)
  const schemaId = change?.schemaId ?? readKey?.schemaId
  if (schemaId === undefined) throw new UndecodableError('the record has neither key nor value')
  const occurredAt = (change?.value as Change | undefined)?.source.ts_ms
  return { schemaId, value: { key: readKey?.value ?? null, change: change?.value, occurredAt } }
}

/** The registry has schemas of other values, too, and anybody may write one of these. */
function assertChange(value: unknown): asserts value is Change {
  const { op, before, after, source, ts_us: toldAt } = fieldsOf(value, 'the change')
  const { ts_ms: at, ts_us: atUs, lsn, txId, snapshot } = fieldsOf(source, 'source')
  const isChange =
    typeof op === 'string' &&
    typeof at === 'bigint' &&
    [toldAt, atUs, lsn, txId].every((each) => each == null || typeof each === 'bigint') &&
    [before, after].every((each) => each == null || typeof each === 'object') &&
    (snapshot == null || typeof snapshot === 'string')
  if (!isChange) throw new UndecodableError('the value is no change event of Debezium')
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new UndecodableError(`the value is no change event of Debezium: ${what} is missing`)
}

function changeRow({ key, change }: Envelope, origin: Origin): Row {
  const {
    op,
    before,
    after,
    source,
    ts_us: told,
  } = (change ?? { op: 'tombstone' }) as Partial<Change>
  return {
    ...originRow(origin),
    op: op ?? null,
    key: jsonOf(key),
    lsn: source?.lsn ?? null,
    tx_id: source?.txId ?? null,
    committed_at: source === undefined ? null : (source.ts_us ?? micros(Number(source.ts_ms))),
    told_at: told ?? null,
    snapshot: source?.snapshot ?? null,
    before: jsonOf(before),
    after: jsonOf(after),
  }
}

function jsonOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  const columns = Object.entries(value).map(([name, column]: [string, unknown]) => [
    name,
    column instanceof Uint8Array ? Buffer.from(column).toString('base64') : column,
  ])
  return writeJson(Object.fromEntries(columns))
}
