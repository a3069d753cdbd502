import { Codec } from '@tenseams/codec/codec'
import { currentSchema } from '@tenseams/contracts/schemas'
import { openPool } from '@tenseams/event-store/pool'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { Control, controlPlaces } from './control.ts'
import { readPulseSettings } from './settings.ts'
import { Ticker } from './ticker.ts'

const settings = readPulseSettings()
const metrics = openMetrics('pulse')
const pool = openPool(settings.DATABASE_URL, 'pulse')
const codec = new Codec({
  registryUrl: settings.SCHEMA_REGISTRY_URL,
  timeoutMs: 5_000,
  contractOf: currentSchema,
})
const control = await Control.open(pool, codec)

const server = buildServer({
  name: 'pulse',
  logLevel: settings.LOG_LEVEL,
  metrics,
  ready: { postgres: async () => void (await pool.query('select 1')) },
})
server.post('/barriers', async (_request, reply) =>
  reply.code(201).send({ rows: await control.write('barrier', controlPlaces()) }),
)

const ticker = new Ticker({
  control,
  intervalMs: settings.TICK_INTERVAL_MS,
  metrics,
  log: server.log,
})
ticker.start()
await runService(server, settings, [ticker, { close: () => pool.end() }])
