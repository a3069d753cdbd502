import { idempotencyKeysOf } from '@tenseams/event-store/guard-retention'
import { openPool } from '@tenseams/event-store/pool'
import { Retention } from '@tenseams/event-store/retention'
import { Provider } from '@tenseams/provider/client'
import { accessOf } from '@tenseams/service/access/open'
import { openOwnToken } from '@tenseams/service/access/own-token'
import { openApi } from '@tenseams/service/api'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { limitsOf } from '@tenseams/service/settings'
import { logOf } from '@tenseams/telemetry/log'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools, observeQueues } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import { cancellationRoutes } from './cancellation-routes.ts'
import { changeRoutes } from './change-routes.ts'
import { observeDue, workerMetrics } from './metrics.ts'
import { orderRoutes } from './order-routes.ts'
import type { OnChange } from './order-table.ts'
import { Orders } from './orders.ts'
import { countDue } from './payment-table.ts'
import { PaymentWorker } from './payment-worker.ts'
import { productRoutes } from './product-routes.ts'
import { SCHEMA } from './schema.ts'
import type { Settings } from './settings.ts'
import { Warehouse } from './warehouse.ts'

/** What the service is made of. Each part that is left out is made from the settings. */
export type LegacyParts = { readonly onChange?: OnChange }

/** The system before the log: orders are rows that are updated, and workers poll for what is to be done. */
export async function buildLegacy(settings: Settings, parts: LegacyParts = {}): Promise<App> {
  const { DATABASE_URL: url, CREDENTIALS_FILE: credentialsFile } = settings
  const pool = openPool({ url, credentialsFile }, 'legacy')
  const changesPool = openPool({ url, credentialsFile }, 'legacy-changes')
  const provider = new Provider({
    url: settings.PAYMENT_PROVIDER_URL,
    timeoutMs: settings.PAYMENT_PROVIDER_TIMEOUT_MS,
    authorization: await openOwnToken(credentialsFile),
    // Nobody freezes what it captures: the switch is of payments.
    mayCapture: async () => undefined,
  })
  const registry = openMetrics('legacy')
  observePools(registry, { shop: pool, changes: changesPool })
  observeQueues(registry, [provider.queue])
  // A scrape must not fail because Postgres does.
  observeDue(registry, () => countDue(pool).catch(() => Number.NaN))
  const tracing = await openTracing('legacy', settings)
  const server = buildServer({
    name: 'legacy',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('legacy', settings),
    metrics: registry,
    ready: { postgres: async () => void (await pool.query('select 1')) },
  })
  const orders = new Orders({ pool, ...parts })
  const working = {
    ...{ pool, orders, pollIntervalMs: settings.POLL_INTERVAL_MS },
    ...{ metrics: workerMetrics(registry), log: logOf(server) },
  }
  const retention = new Retention({
    expiring: [idempotencyKeysOf(pool, SCHEMA, settings.IDEMPOTENCY_KEY_LIFE_MS)],
    onError: (error, what) =>
      logOf(server).warn({ err: error, what }, 'old rows cannot be removed'),
  })

  changeRoutes(server, changesPool)
  await openApi(server, {
    title: 'Ten Seams: orders, before the log',
    description: 'Orders as rows that are updated.',
    version: '1',
    limits: limitsOf(settings),
  })
  productRoutes(server, pool)
  orderRoutes(server, { pool, orders })
  cancellationRoutes(server, { pool, orders })
  return {
    server,
    loops: [new PaymentWorker({ ...working, provider }), new Warehouse(working), retention],
    resources: [{ close: () => pool.end() }, { close: () => changesPool.end() }, tracing],
  }
}
