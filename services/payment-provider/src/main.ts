import { openPool } from '@tenseams/event-store/pool'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { Faults } from './faults.ts'
import { chargeRoutes } from './routes.ts'
import { readProviderSettings } from './settings.ts'

const settings = readProviderSettings()
const pool = openPool(settings.DATABASE_URL, 'payment-provider')
const server = buildServer({
  name: 'payment-provider',
  logLevel: settings.LOG_LEVEL,
  metrics: openMetrics('payment-provider'),
  ready: { postgres: async () => void (await pool.query('select 1')) },
})

chargeRoutes(server, { pool, faults: new Faults() })
await runService(server, settings, [{ close: () => pool.end() }])
