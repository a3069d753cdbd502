import { Codec } from '@tenseams/contracts/codec'
import { openRegistry } from '@tenseams/contracts/registry'
import { readTopics } from '@tenseams/contracts/topics'
import { openKafka } from '@tenseams/kafka/client'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { Catalog } from '@tenseams/lakehouse/catalog'
import { Engine } from '@tenseams/lakehouse/duckdb'
import { fileStorage } from '@tenseams/lakehouse/storage'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { Bronze } from './bronze.ts'
import { bronzeTableOf } from './bronze-table.ts'
import { ContractFollower } from './contract-follower.ts'
import { LakehouseMetrics } from './metrics.ts'
import { readLakehouseSettings, topicsOf } from './settings.ts'

const settings = readLakehouseSettings()
const registry = openMetrics('lakehouse')
const topics = topicsOf(
  settings,
  readTopics().filter(({ consumers }) => consumers.includes('lakehouse')),
)
const kafka = openKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'lakehouse' })
const codec = new Codec({ registryUrl: settings.SCHEMA_REGISTRY_URL, timeoutMs: 5_000 })
await codec.requirePublished(topics.map(({ name }) => name))
const catalog = new Catalog({ url: settings.CATALOG_URL, timeoutMs: 10_000 })
const engine = await Engine.open({ memoryLimit: settings.DUCKDB_MEMORY_LIMIT, threads: 1 })
const deadLetters = new DeadLetters(kafka)

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
  tables: topics.map(({ name }) => bronzeTableOf(name)),
  flushIntervalMs: settings.FLUSH_INTERVAL_MS,
  maxBufferedRows: settings.MAX_BUFFERED_ROWS,
  maxBufferedBytes: settings.MAX_BUFFERED_BYTES,
  metrics: new LakehouseMetrics(registry),
  readUncommitted: settings.BROKEN_GUARD === 'read-uncommitted',
  log: server.log,
})

bronze.start()
await runService(server, settings, [bronze, deadLetters, { close: async () => engine.close() }])
