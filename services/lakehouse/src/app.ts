import type { Codec } from '@tenseams/codec/codec'
import { openRegistry } from '@tenseams/codec/registry'
import { openCodec } from '@tenseams/contracts/codec'
import { readTopics } from '@tenseams/contracts/topics'
import { Engine } from '@tenseams/iceberg/duckdb'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { httpLogin } from '@tenseams/identities/http-login'
import { requireRights } from '@tenseams/kafka/access/rights'
import { kafkaAccess, openKafka } from '@tenseams/kafka/client'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { TopicLogs } from '@tenseams/kafka/topic-logs'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import type { Kafka } from 'kafkajs'
import { Bronze } from './bronze/bronze.ts'
import { bronzeTableOf } from './bronze/bronze-table.ts'
import { ContractFollower } from './bronze/contract-follower.ts'
import { rawChangeTableOf, rawTopics } from './bronze/raw-change-table.ts'
import { correct, revenueCorrections } from './gold/corrections.ts'
import { LayerMetrics } from './layer-metrics.ts'
import { Layers, type LayersOptions } from './layers.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import { LakehouseMetrics } from './metrics.ts'
import { type Settings, topicsOf } from './settings.ts'
import { refresh } from './silver/refresh.ts'
import { silverTables } from './silver/tables.ts'

/** What the service is made of. Each part that is left out is made from the settings, or is the service's own. */
export type LakehouseParts = {
  readonly kafka?: Kafka
  readonly codec?: Codec
  readonly catalog?: Catalog
} & Partial<Pick<LayersOptions, 'silver' | 'refresh' | 'correct'>>

export const connectKafka = (settings: Settings): Kafka =>
  openKafka({ ...kafkaAccess(settings), clientId: 'lakehouse' })

const connectCatalog = ({ CATALOG_URL: url, CREDENTIALS_FILE: file }: Settings): Catalog =>
  new Catalog({ url, login: httpLogin(file), timeoutMs: 10_000 })

/** @throws ContractNotPublishedError, RegistryUnavailableError; Error for an unknown topic in the settings */
export async function buildLakehouse(settings: Settings, parts: LakehouseParts = {}): Promise<App> {
  const { kafka = connectKafka(settings), codec = openCodec(settings.SCHEMA_REGISTRY_URL) } = parts
  const { catalog = connectCatalog(settings) } = parts
  const topics = topicsRead(settings)
  await codec.requirePublished(topics.filter((topic) => !isRaw(topic)))
  const engines = await openEngines(settings)
  const registry = openMetrics('lakehouse')
  const metrics = new LakehouseMetrics(registry)
  const deadLetters = new DeadLetters(kafka)
  const logs = new TopicLogs({ ...kafkaAccess(settings), clientId: 'lakehouse-logs' })
  const tracing = await openTracing('lakehouse', settings)
  const server = buildServer({
    name: 'lakehouse',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('lakehouse', settings),
    metrics: registry,
    ready: {
      kafka: () => bronze.assertReading(),
      tables: () => bronze.assertTablesOpen(),
    },
  })
  const { log } = server
  await requireRights(
    { ...kafkaAccess(settings), clientId: 'lakehouse', log },
    {
      ...{ reads: topics, writes: topics.map(deadLetterTopicOf) },
      ...{ groups: ['lakehouse'], transactionalIds: [] },
    },
  )

  const bronze = new Bronze({
    kafka,
    codec,
    deadLetters,
    logs,
    ports: { catalog, engine: engines.bronze, storage: fileStorage },
    follower: new ContractFollower(openRegistry(settings.SCHEMA_REGISTRY_URL, 5_000)),
    tables: topics.map((topic) => (isRaw(topic) ? rawChangeTableOf(topic) : bronzeTableOf(topic))),
    onCommitted: (table) => layers.sourceChanged(table),
    flushIntervalMs: settings.FLUSH_INTERVAL_MS,
    earlyFlushIntervalMs: settings.EARLY_FLUSH_INTERVAL_MS,
    maxBufferedRows: settings.MAX_BUFFERED_ROWS,
    maxBufferedBytes: settings.MAX_BUFFERED_BYTES,
    metrics,
    log,
  })
  const silver = parts.silver ?? silverTables()
  const layers = new Layers({
    ports: { catalog, engine: engines.layers, storage: fileStorage },
    silver,
    refresh: parts.refresh ?? refresh,
    corrections: revenueCorrections,
    correct: parts.correct ?? correct,
    intervalMs: settings.SILVER_INTERVAL_MS,
    mostRows: BigInt(settings.SILVER_MAX_ROWS),
    metrics: new LayerMetrics(
      registry,
      silver.map(({ table }) => fullName(table)),
    ),
    log,
  })
  const maintenance = new Maintenance({
    ports: { catalog, engine: engines.maintenance, storage: fileStorage },
    intervalMs: settings.MAINTENANCE_INTERVAL_MS,
    compactBytesPerMinute: settings.COMPACT_BYTES_PER_MINUTE,
    metrics,
    log,
  })
  return {
    server,
    loops: [
      bronze,
      ...(settings.SILVER_INTERVAL_MS > 0 ? [layers] : []),
      ...(settings.MAINTENANCE_INTERVAL_MS > 0 ? [maintenance] : []),
    ],
    resources: [deadLetters, logs, ...Object.values(engines).map(closable), tracing],
  }
}

/** One each, so that neither folding nor compaction takes memory from what keeps bronze fresh. */
async function openEngines(settings: Settings) {
  const { DUCKDB_MEMORY_LIMIT, SILVER_MEMORY_LIMIT, COMPACT_MEMORY_LIMIT } = settings
  return {
    bronze: await Engine.open({ memoryLimit: DUCKDB_MEMORY_LIMIT, threads: 1 }),
    layers: await Engine.open({ memoryLimit: SILVER_MEMORY_LIMIT, threads: 1 }),
    maintenance: await Engine.open({ memoryLimit: COMPACT_MEMORY_LIMIT, threads: 1 }),
  }
}

function closable(engine: Engine) {
  return { close: async () => engine.close() }
}

/** The topics whose contract names the lakehouse as a consumer, and those of the captured tables. */
function topicsRead(settings: Settings): readonly string[] {
  const all = [
    ...readTopics().filter(({ consumers }) => consumers.includes('lakehouse')),
    ...rawTopics.map((name) => ({ name })),
  ]
  return topicsOf(settings, all).map(({ name }) => name)
}

function isRaw(topic: string): boolean {
  return rawTopics.some((raw) => raw === topic)
}
