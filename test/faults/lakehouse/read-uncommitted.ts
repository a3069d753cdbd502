import { buildLakehouse, connectKafka } from '@tenseams/lakehouse-service/app'
import { readLakehouseSettings } from '@tenseams/lakehouse-service/settings'
import { runApp } from '@tenseams/service/run'
import type { Kafka } from 'kafkajs'

/** A lakehouse that also reads the records of aborted transactions. */
const settings = readLakehouseSettings()
await runApp(
  await buildLakehouse(settings, { kafka: readingAll(connectKafka(settings)) }),
  settings,
)

function readingAll(kafka: Kafka): Kafka {
  return {
    producer: (config) => kafka.producer(config),
    consumer: (config) => kafka.consumer({ ...config, readUncommitted: true }),
    admin: (config) => kafka.admin(config),
    logger: () => kafka.logger(),
  }
}
