import type { Codec } from '@tenseams/codec/codec'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { Bronze } from '@tenseams/lakehouse-service/bronze/bronze'
import type { BronzeTable } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { LakehouseMetrics } from '@tenseams/lakehouse-service/metrics'
import { Registry } from 'prom-client'
import { simulatedKafka, simulatedLogs } from '../clients/kafka-client.ts'
import type { Environment } from '../clients/kafka-producer.ts'
import type { Flaws } from '../flaws/flaws.ts'
import { type Catalogue, catalogPort } from '../servers/catalogue.ts'
import { enginePort, type Files, storagePort } from '../servers/lake.ts'
import { openNotes, type Store, storePort } from '../servers/store.ts'

export type Setting = {
  readonly environment: Environment
  readonly store: Store
  readonly catalogue: Catalogue
  readonly files: Files
  readonly flaws: Flaws
  readonly transactionTimeoutMs: number
  readonly incarnation: string
}

const SESSION_TIMEOUT_MS = 3_000
const CHUNK_RECORDS = 3

const log = { info: silent, warn: silent, error: silent }

export const groupOf = { loop: 'loop', inbox: 'inbox', lake: 'lakehouse' } as const

/** The real TransactionalLoop, with PartitionOwner, the fencing takeover and planChunk. */
export function startLoop({ environment, flaws, ...rest }: Setting): void {
  const { transactionTimeoutMs, incarnation } = rest
  const { noSequence = false } = flaws.client ?? {}
  const kafka = simulatedKafka(environment, { noSequence })
  const takeOver = flaws.takeOver?.({ kafka, environment, transactionTimeoutMs, incarnation })
  const loop = new TransactionalLoop({
    kafka,
    groupId: groupOf.loop,
    topics: ['in'],
    transform: ({ partition, offset, key, value }) => [
      { topic: 'out', key, value: `${value}@${partition}:${offset}` },
    ],
    metrics: new Registry(),
    log,
    bounds: { maxRecords: CHUNK_RECORDS },
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    transactionTimeoutMs,
    ...(takeOver && { takeOver }),
  })
  loop.start()
}

/** The real Consumption and the real Aggregate; the handler has the form of those in services. */
export function startInbox({ environment, store, flaws }: Setting): void {
  const kafka = simulatedKafka(environment, flaws.client)
  const consumption = new Consumption({
    kafka,
    groupId: groupOf.inbox,
    topics: ['out'],
    handle: handlerOf(environment, store, flaws.inbox),
    deadLetters: new DeadLetters(kafka),
    metrics: new Registry(),
    log,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    ...(flaws.commitOffset && { commitOffset: flaws.commitOffset }),
  })
  consumption.start()
}

/** The real Bronze, TableSink, NextOffsets and append, with Parquet's and Avro's bytes. */
export function startLake({ environment, catalogue, files, flaws }: Setting): void {
  const { network } = environment
  const kafka = simulatedKafka(environment, flaws.client)
  const port = catalogPort(network, catalogue)
  const catalog = (flaws.catalog?.(port) ?? port) as Catalog
  const storage = storagePort(network, files)
  const bronze = new Bronze({
    kafka,
    codec,
    deadLetters: new DeadLetters(kafka),
    logs: simulatedLogs(environment),
    tables: [table],
    ports: { catalog, storage, engine: enginePort(files) },
    flushIntervalMs: 450,
    maxBufferedRows: 12,
    maxBufferedBytes: 1_000_000,
    metrics: new LakehouseMetrics(new Registry()),
    log,
  })
  bronze.start()
}

/** The id that an event keeps when it is published again, and when the loop makes another record of it. */
export function eventIdOf(value: string): string {
  return value.split('@')[0] ?? value
}

function handlerOf({ network }: Environment, store: Store, inbox: Flaws['inbox']) {
  const notes = openNotes(network, store)
  const port = storePort(network, store)
  let effects = 0
  return async ({ topic, partition, offset, key, value }: ConsumedRecord): Promise<void> => {
    const note = String(value)
    const eventId = inbox === 'by-offset' ? `${topic}-${partition}-${offset}` : eventIdOf(note)
    const guard = { kind: 'inbox', eventId } as const
    if (inbox === 'apart') {
      const mark = { streamId: `inbox ${eventId}`, expectedVersion: 0n, events: [], guard }
      const marked = await port.append(mark)
      if (marked.kind === 'repeated') return
    }
    effects += 1
    await notes.handle(
      streamOf(key),
      { type: 'Note', data: { note } },
      {
        eventIdOf: (step) => `${effects}-${step}`,
        occurredAt: 0,
        traceparent: null,
        ...(inbox === undefined || inbox === 'by-offset' ? { guard } : {}),
      },
    )
  }
}

/** The key without what `keys-apart` adds to it. */
function streamOf(key: Buffer | null): string {
  return String(key).split('#')[0] ?? ''
}

const table: BronzeTable = {
  topic: 'out',
  table: { namespace: 'bronze', name: 'out' },
  schema: {
    type: 'struct',
    fields: [
      { id: 1, name: 'kafka_partition', type: 'int', required: true },
      { id: 2, name: 'kafka_offset', type: 'long', required: true },
      { id: 3, name: 'event', type: 'string', required: true },
    ],
  },
  rowOf: ({ event }, { partition, offset }) => ({
    kafka_partition: partition,
    kafka_offset: offset,
    event: String(event),
  }),
}

// Of the codec only `decode` is used.
const codec = {
  decode: async (_topic: string, bytes: Buffer) => ({ schemaId: 1, value: { event: `${bytes}` } }),
} as unknown as Codec

function silent(): void {
  // The trace tells what happens.
}
