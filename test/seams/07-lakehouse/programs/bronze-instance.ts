import type { ContractFormat } from '@tenseams/codec/contract-text'
import { openRegistry } from '@tenseams/codec/registry'
import { openCodec } from '@tenseams/contracts/codec'
import { parseSchema } from '@tenseams/contracts/schemas'
import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { TopicLogs } from '@tenseams/kafka/topic-logs'
import { Bronze } from '@tenseams/lakehouse-service/bronze/bronze'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { ContractFollower } from '@tenseams/lakehouse-service/bronze/contract-follower'
import { LakehouseMetrics } from '@tenseams/lakehouse-service/metrics'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openToAll } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { Kafka } from 'kafkajs'
import { accessTo, openKafka, ownLogin } from '../../../support/login.ts'

/** A topic of a test, and the contract that an instance begins with. */
export type InstanceTopic = {
  readonly name: string
  readonly version: number
  readonly format: ContractFormat
  readonly text: string
}

export type InstanceTask = {
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly groupId: string
  readonly topics: readonly InstanceTopic[]
  readonly flushIntervalMs: number
  readonly maxBufferedRows: number
  readonly maxBufferedBytes: number
  /** Without a follower: the contract stays that of the start, whatever the records need. */
  readonly followsNothing?: boolean
}

/** Bronze as `app.ts` builds it, for topics of a test, which are not in `contracts`. */
async function instance(task: InstanceTask): Promise<void> {
  const registry = openMetrics('lakehouse')
  const kafka = openKafka({ brokers: task.brokers, clientId: task.groupId })
  const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  const deadLetters = new DeadLetters(kafka)
  const logs = new TopicLogs({ ...accessTo(task.brokers), clientId: `${task.groupId}-logs` })
  const server = buildServer({
    name: 'lakehouse',
    logLevel: 'info',
    metrics: registry,
    access: openToAll('GET /metrics', 'GET /health/detail'),
    ready: {
      kafka: () => bronze.assertReading(),
      tables: () => bronze.assertTablesOpen(),
    },
  })
  const follower = new ContractFollower(openRegistry(task.registryUrl, 5_000))
  const bronze = new Bronze({
    kafka: inGroup(kafka, task.groupId),
    codec: openCodec(task.registryUrl),
    deadLetters,
    logs,
    ports: {
      catalog: new Catalog({ url: task.catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
      engine,
      storage: fileStorage,
    },
    ...(task.followsNothing === true ? {} : { follower }),
    tables: task.topics.map(({ name, version, format, text }) => {
      const file = `${name}/${version}.${format === 'avro' ? 'avsc' : 'proto'}`
      return bronzeTableOf(name, { version, format, text, schema: parseSchema(text, file) })
    }),
    flushIntervalMs: task.flushIntervalMs,
    maxBufferedRows: task.maxBufferedRows,
    maxBufferedBytes: task.maxBufferedBytes,
    metrics: new LakehouseMetrics(registry),
    log: server.log,
  })
  bronze.start()
  const closing = [bronze, deadLetters, logs, { close: async () => engine.close() }]
  await runService(server, { HOST: '127.0.0.1', PORT: 0, DRAIN_MS: 0 }, closing)
  const { port } = server.server.address() as { readonly port: number }
  process.stdout.write(`${JSON.stringify({ event: 'listening', port })}\n`)
}

/** The service has one fixed group; a test needs its own. */
function inGroup(kafka: Kafka, groupId: string): Kafka {
  return Object.assign(Object.create(kafka) as Kafka, {
    consumer: (settings: Parameters<Kafka['consumer']>[0]) =>
      kafka.consumer({ ...settings, groupId }),
  })
}

await instance(JSON.parse(process.argv[2] ?? '') as InstanceTask)
