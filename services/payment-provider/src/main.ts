import { openPool } from '@tenseams/event-store/pool'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { Faults } from './faults.ts'
import { listRoutes } from './list-routes.ts'
import { paymentRoutes } from './payment-routes.ts'
import { readProviderSettings } from './settings.ts'

const settings = readProviderSettings()
const pool = openPool(settings.DATABASE_URL, 'payment-provider')
const server = buildServer({
  name: 'payment-provider',
  logLevel: settings.LOG_LEVEL,
  metrics: openMetrics('payment-provider'),
  ready: { postgres: async () => void (await pool.query('select 1')) },
})

paymentRoutes(server, { pool, faults: new Faults() })
listRoutes(server, pool)
await runService(server, settings, [{ close: () => pool.end() }])
