import { Codec } from '@tenseams/codec/codec'
import { openRegistry } from '@tenseams/codec/registry'
import { currentSchema } from '@tenseams/contracts/schemas'
import { readTopics } from '@tenseams/contracts/topics'
import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { openKafka } from '@tenseams/kafka/client'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { Bronze } from './bronze/bronze.ts'
import { bronzeTableOf } from './bronze/bronze-table.ts'
import { ContractFollower } from './bronze/contract-follower.ts'
import { rawChangeTableOf, rawTopics } from './bronze/raw-change-table.ts'
import { revenueCorrections } from './gold/corrections.ts'
import { neverCorrect } from './gold/never-correct.ts'
import { LayerMetrics } from './layer-metrics.ts'
import { Layers } from './layers.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import { LakehouseMetrics } from './metrics.ts'
import { readLakehouseSettings, topicsOf } from './settings.ts'
import { recordFirst } from './silver/forgetful.ts'
import { silverTables } from './silver/tables.ts'

const settings = readLakehouseSettings()
const { BROKEN_GUARD: broken } = settings
const registry = openMetrics('lakehouse')
const topics = topicsOf(settings, [
  ...readTopics().filter(({ consumers }) => consumers.includes('lakehouse')),
  ...rawTopics.map((name) => ({ name })),
])
const isRaw = (topic: string): boolean => rawTopics.some((raw) => raw === topic)
const kafka = openKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'lakehouse' })
const codec = new Codec({
  registryUrl: settings.SCHEMA_REGISTRY_URL,
  timeoutMs: 5_000,
  contractOf: currentSchema,
})
await codec.requirePublished(topics.map(({ name }) => name).filter((name) => !isRaw(name)))
const catalog = new Catalog({ url: settings.CATALOG_URL, timeoutMs: 10_000 })
const engine = await Engine.open({ memoryLimit: settings.DUCKDB_MEMORY_LIMIT, threads: 1 })
// Each its own, so that neither folding nor compaction takes memory from what keeps bronze fresh.
const folder = await Engine.open({ memoryLimit: settings.SILVER_MEMORY_LIMIT, threads: 1 })
const compactor = await Engine.open({ memoryLimit: settings.COMPACT_MEMORY_LIMIT, threads: 1 })
const deadLetters = new DeadLetters(kafka)
const metrics = new LakehouseMetrics(registry)

const server = buildServer({
  name: 'lakehouse',
  logLevel: settings.LOG_LEVEL,
  metrics: registry,
  ready: {
    kafka: () => bronze.assertJoined(),
    tables: () => bronze.assertTablesOpen(),
  },
})
const bronze = new Bronze({
  kafka,
  codec,
  deadLetters,
  ports: { catalog, engine, storage: fileStorage },
  follower: new ContractFollower(openRegistry(settings.SCHEMA_REGISTRY_URL, 5_000)),
  tables: topics.map(({ name }) => (isRaw(name) ? rawChangeTableOf(name) : bronzeTableOf(name))),
  flushIntervalMs: settings.FLUSH_INTERVAL_MS,
  maxBufferedRows: settings.MAX_BUFFERED_ROWS,
  maxBufferedBytes: settings.MAX_BUFFERED_BYTES,
  metrics,
  readUncommitted: broken === 'read-uncommitted',
  log: server.log,
})

const maintenance = new Maintenance({
  ports: { catalog, engine: compactor, storage: fileStorage },
  intervalMs: settings.MAINTENANCE_INTERVAL_MS,
  compactBytesPerMinute: settings.COMPACT_BYTES_PER_MINUTE,
  metrics,
  log: server.log,
})
const layers = new Layers({
  ports: { catalog, engine: folder, storage: fileStorage },
  silver: silverTables(broken === 'last-write-wins-by-arrival' ? 'arrival' : 'version'),
  corrections: revenueCorrections,
  ...(broken === 'no-correction' && { correct: neverCorrect }),
  intervalMs: settings.SILVER_INTERVAL_MS,
  mostRows: BigInt(settings.SILVER_MAX_ROWS),
  ...(broken === 'forget-bronze-snapshot' && { beforeRows: recordFirst }),
  metrics: new LayerMetrics(registry),
  log: server.log,
})
const engines = [engine, folder, compactor].map((one) => ({ close: async () => one.close() }))

bronze.start()
if (settings.SILVER_INTERVAL_MS > 0) layers.start()
if (settings.MAINTENANCE_INTERVAL_MS > 0) maintenance.start()
await runService(server, settings, [bronze, layers, maintenance, deadLetters, ...engines])
