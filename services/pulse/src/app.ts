import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { openPool } from '@tenseams/event-store/pool'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type pg from 'pg'
import { ConnectorWatchdog } from './connector-watchdog.ts'
import { Control, controlPartitions } from './control.ts'
import type { Settings } from './settings.ts'
import { Ticker } from './ticker.ts'

/** What the service is made of. Each part that is left out is made from the settings. */
export type PulseParts = { readonly pool?: pg.Pool; readonly codec?: Codec }

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError */
export async function buildPulse(settings: Settings, parts: PulseParts = {}): Promise<App> {
  const {
    pool = openPool(settings.DATABASE_URL, 'pulse'),
    codec = openCodec(settings.SCHEMA_REGISTRY_URL),
  } = parts
  const metrics = openMetrics('pulse')
  const control = await Control.open(pool, codec)
  const server = buildServer({
    name: 'pulse',
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    metrics,
    ready: { postgres: async () => void (await pool.query('select 1')) },
  })
  server.post('/barriers', async (_request, reply) =>
    reply.code(201).send({ rows: await control.write('barrier', controlPartitions()) }),
  )
  const ticker = new Ticker({
    control,
    intervalMs: settings.TICK_INTERVAL_MS,
    metrics,
    log: server.log,
  })
  const watchdog = new ConnectorWatchdog({
    connectUrl: settings.CONNECT_URL,
    pool,
    metrics,
    log: server.log,
  })
  return { server, loops: [ticker, watchdog], resources: [{ close: () => pool.end() }] }
}
