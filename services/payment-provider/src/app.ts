import { openPool } from '@tenseams/event-store/pool'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import type pg from 'pg'
import { Faults } from './faults.ts'
import { listRoutes } from './list-routes.ts'
import { paymentRoutes } from './payment-routes.ts'
import type { Settings } from './settings.ts'

/** What the service is made of. Each part that is left out is made from the settings. */
export type ProviderParts = { readonly pool?: pg.Pool; readonly faults?: Faults }

export async function buildPaymentProvider(
  settings: Settings,
  parts: ProviderParts = {},
): Promise<App> {
  const { pool = openPool(databaseOf(settings), 'payment-provider'), faults = new Faults() } = parts
  const metrics = openMetrics('payment-provider')
  observePools(metrics, { provider: pool })
  const tracing = await openTracing('payment-provider', settings)
  const server = buildServer({
    name: 'payment-provider',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('payment-provider', settings),
    metrics,
    ready: { postgres: async () => void (await pool.query('select 1')) },
  })
  paymentRoutes(server, { pool, faults })
  listRoutes(server, pool)
  return { server, loops: [], resources: [{ close: () => pool.end() }, tracing] }
}

const databaseOf = ({ DATABASE_URL, CREDENTIALS_FILE }: Settings) => ({
  url: DATABASE_URL,
  credentialsFile: CREDENTIALS_FILE,
})
