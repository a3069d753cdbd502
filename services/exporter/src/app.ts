import { openPool } from '@tenseams/event-store/pool'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { httpLogin } from '@tenseams/identities/http-login'
import { kafkaAccess } from '@tenseams/kafka/client'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import { deadLetterSource } from './dead-letters.ts'
import { flinkSource } from './flink.ts'
import { kafkaSource } from './kafka/kafka-source.ts'
import { LogClient } from './kafka/log-client.ts'
import { lakeSource } from './lake.ts'
import type { Settings } from './settings.ts'
import { showSources } from './show.ts'
import { slotSource } from './slots.ts'

const CATALOG_TIMEOUT_MS = 3_000

/**
 * The exporter: says of Kafka, Postgres, Flink and the lake what these cannot say of themselves when they are dead. It asks when
 * it is scraped, keeps nothing on disk, and changes nothing. It is ready when it listens: a source that does not answer is one of
 * the things that it says.
 */
export async function buildExporter(settings: Settings): Promise<App> {
  const { CREDENTIALS_FILE: credentialsFile } = settings
  const metrics = openMetrics('exporter')
  const pool = openPool({ url: settings.DATABASE_URL, credentialsFile }, 'exporter')
  observePools(metrics, { shop: pool })
  const log = new LogClient(kafkaAccess(settings))
  const tracing = await openTracing('exporter', settings)
  const server = buildServer({
    name: 'exporter',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('exporter', settings),
    metrics,
    ready: {},
  })
  const login = httpLogin(credentialsFile)
  const catalog = new Catalog({ url: settings.CATALOG_URL, login, timeoutMs: CATALOG_TIMEOUT_MS })
  const sources = [
    kafkaSource(log),
    deadLetterSource(log),
    slotSource(pool),
    flinkSource(settings.FLINK_URL),
    lakeSource(catalog, settings.LAKE_KEPT_MS),
  ]
  showSources(metrics, sources, server.log)
  return { server, loops: [], resources: [log, { close: () => pool.end() }, tracing] }
}
