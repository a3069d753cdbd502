import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { openCodec } from '@tenseams/contracts/codec'
import { Engine } from '@tenseams/iceberg/duckdb'
import { fileStorage } from '@tenseams/iceberg/storage'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { TopicLogs } from '@tenseams/kafka/topic-logs'
import { Bronze } from '@tenseams/lakehouse-service/bronze/bronze'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { LakehouseMetrics } from '@tenseams/lakehouse-service/metrics'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type { Kafka } from 'kafkajs'
import { accessTo, openKafka } from '../../support/login.ts'
import { catalogOf } from './faulty-catalog.ts'
import { TOPIC } from './records.ts'
import type { Arming, SinkNews, SinkStep, SinkTask } from './task.ts'

const MAX_BUFFERED_BYTES = 64 * 1_048_576
const MAX_BUFFERED_ROWS = 5_000

/** A process with the service's own sink of one topic, which can be told to kill or stop itself at a step. */
async function sink(task: SinkTask): Promise<void> {
  let armed: Arming | undefined
  process.on('message', (message: Arming) => {
    armed = message
  })
  const kafka = openKafka({ brokers: task.brokers, clientId: `lake-${task.groupId}` })
  const deadLetters = new DeadLetters(kafka)
  const logs = new TopicLogs({ ...accessTo(task.brokers), clientId: `${task.groupId}-logs` })
  const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  const onStep = async (step: SinkStep): Promise<void> => {
    if (step === 'after-commit') await tell({ news: 'committed' })
    if (armed?.step !== step) return
    const { by } = armed
    armed = undefined
    await tell({ news: 'reached', step })
    // Gives a request that was just written to the socket a chance to arrive.
    if (step === 'commit-sent') await delay(Math.random() * 30)
    process.kill(process.pid, by === 'kill' ? 'SIGKILL' : 'SIGSTOP')
    // A signal to oneself may arrive a moment later.
    await delay(20)
  }
  const bronze = new Bronze({
    kafka: inGroup(kafka, task.groupId),
    codec: openCodec(task.registryUrl, 10_000),
    deadLetters,
    logs,
    ports: { catalog: catalogOf(task), engine, storage: fileStorage, onStep },
    tables: [bronzeTableOf(TOPIC)],
    flushIntervalMs: task.flushIntervalMs,
    maxBufferedRows: MAX_BUFFERED_ROWS,
    maxBufferedBytes: MAX_BUFFERED_BYTES,
    metrics: new LakehouseMetrics(openMetrics('lake-proof')),
    log: logTo(task.logFile),
  })
  bronze.start()
  await untilReady(bronze)
  await tell({ news: 'ready' })
  await new Promise((resolve) => process.once('SIGTERM', resolve))
  await bronze.close()
  await deadLetters.close()
  await logs.close()
  engine.close()
  process.disconnect()
}

/** The service has one fixed group; the proof needs two, so that both sinks get all partitions. */
function inGroup(kafka: Kafka, groupId: string): Kafka {
  return Object.assign(Object.create(kafka) as Kafka, {
    consumer: (settings: Parameters<Kafka['consumer']>[0]) =>
      kafka.consumer({ ...settings, groupId }),
  })
}

async function untilReady(bronze: Bronze): Promise<void> {
  for (;;) {
    try {
      bronze.assertReading()
      bronze.assertTablesOpen()
      return
    } catch {
      await delay(50)
    }
  }
}

function tell(news: SinkNews): Promise<void> {
  return new Promise((resolve) => process.send?.(news, () => resolve()))
}

function logTo(file: string) {
  const line = (level: string) => (context: object, message: string) => {
    const { err, ...rest } = context as { readonly err?: unknown }
    const error = err instanceof Error ? { error: err.message } : {}
    const entry = { at: new Date().toISOString(), level, message, ...rest, ...error }
    appendFileSync(file, `${JSON.stringify(entry)}\n`)
  }
  return { info: line('info'), warn: line('warn'), error: line('error') }
}

process.once('disconnect', () => process.exit())
await sink(JSON.parse(process.argv[2] ?? '') as SinkTask)
