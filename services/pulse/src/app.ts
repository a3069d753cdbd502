import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { openPool } from '@tenseams/event-store/pool'
import { Retention } from '@tenseams/event-store/retention'
import { httpLogin } from '@tenseams/identities/http-login'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { logOf } from '@tenseams/telemetry/log'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import type pg from 'pg'
import { ConnectorWatchdog } from './connector-watchdog.ts'
import { Control, controlPartitions, SCHEMA } from './control.ts'
import { removeControlRows } from './control-retention.ts'
import { NewEvents } from './new-events.ts'
import type { Settings } from './settings.ts'
import { Ticker } from './ticker.ts'

/** What the service is made of. Each part that is left out is made from the settings. */
export type PulseParts = { readonly pool?: pg.Pool; readonly codec?: Codec }

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
export async function buildPulse(settings: Settings, parts: PulseParts = {}): Promise<App> {
  const {
    pool = openPool(databaseOf(settings), 'pulse'),
    codec = openCodec(settings.SCHEMA_REGISTRY_URL),
  } = parts
  const metrics = openMetrics('pulse')
  observePools(metrics, { shop: pool })
  const control = await Control.open(pool, codec)
  const tracing = await openTracing('pulse', settings)
  const server = buildServer({
    name: 'pulse',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('pulse', settings),
    metrics,
    ready: { postgres: async () => void (await pool.query('select 1')) },
  })
  server.post('/barriers', async (_request, reply) =>
    reply.code(201).send({ rows: await control.write('barrier', controlPartitions()) }),
  )
  const newEvents = new NewEvents(pool)
  const ticker = new Ticker({
    control,
    newEvents: () => newEvents.look(),
    intervalMs: settings.TICK_INTERVAL_MS,
    rules: { restIntervalMs: settings.TICK_REST_INTERVAL_MS },
    metrics,
    log: server.log,
  })
  const remove = removeControlRows(pool, SCHEMA)
  const retention = new Retention({
    expiring: [{ what: 'ticks and barriers', lifeMs: settings.CONTROL_ROWS_LIFE_MS, remove }],
    onError: (error, what) =>
      logOf(server).warn({ err: error, what }, 'old rows cannot be removed'),
  })
  const watchdog = new ConnectorWatchdog({
    connectUrl: settings.CONNECT_URL,
    login: httpLogin(settings.CREDENTIALS_FILE),
    pool,
    metrics,
    log: server.log,
  })
  return {
    server,
    loops: [ticker, watchdog, retention],
    resources: [{ close: () => pool.end() }, tracing],
  }
}

const databaseOf = ({ DATABASE_URL, CREDENTIALS_FILE }: Settings) => ({
  url: DATABASE_URL,
  credentialsFile: CREDENTIALS_FILE,
})
