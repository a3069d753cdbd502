import { Codec } from '@tenseams/codec/codec'
import { currentSchema } from '@tenseams/contracts/schemas'
import { openPool } from '@tenseams/event-store/pool'
import { openKafka } from '@tenseams/kafka/client'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { handleOrders, handleShipments } from './consumer.ts'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { openPaymentLog, PAYMENTS_SCHEMA as schema } from './log.ts'
import { mender } from './mender.ts'
import { reconciledPayments } from './metrics.ts'
import { Provider } from './provider.ts'
import { Reconciler } from './reconciler.ts'
import { readPaymentSettings } from './settings.ts'

const settings = readPaymentSettings()
const metrics = openMetrics('payments')
const pool = openPool(settings.DATABASE_URL, 'payments')
const codec = new Codec({
  registryUrl: settings.SCHEMA_REGISTRY_URL,
  timeoutMs: 5_000,
  contractOf: currentSchema,
})
await codec.requirePublished([ORDERS_TOPIC, SHIPMENTS_TOPIC])
const log = await openPaymentLog(pool, codec)

const provider = new Provider({
  url: settings.PAYMENT_PROVIDER_URL,
  timeoutMs: settings.PAYMENT_PROVIDER_TIMEOUT_MS,
})
const kafka = openKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'payments' })
const deadLetters = new DeadLetters(kafka)
const server = buildServer({
  name: 'payments',
  logLevel: settings.LOG_LEVEL,
  metrics,
  ready: {
    postgres: async () => void (await pool.query('select 1')),
    orders: () => orders.assertReady(),
    shipments: () => shipments.assertReady(),
  },
})
const commit = settings.BROKEN_GUARD === 'auto-commit' ? 'on-receipt' : 'after-effect'
const consuming = { kafka, deadLetters, metrics, log: server.log, commit } as const
const orders = new Consumption({
  ...consuming,
  groupId: 'payments',
  topics: [ORDERS_TOPIC],
  handle: handleOrders({ log, codec, provider }),
})
const shipments = new Consumption({
  ...consuming,
  groupId: 'payments-shipments',
  topics: [SHIPMENTS_TOPIC],
  handle: handleShipments({ log, codec, provider }),
})

const graceMs = settings.RECONCILE_GRACE_MS
const reconciler = new Reconciler({
  ...{ pool, schema, provider, graceMs },
  mend: mender({ pool, schema, log, provider, graceMs }),
  intervalMs: settings.RECONCILE_INTERVAL_MS,
  horizonMs: settings.RECONCILE_HORIZON_MS,
  reconciled: reconciledPayments(metrics),
  log: server.log,
})

orders.start()
shipments.start()
reconciler.start()
await runService(server, settings, [
  orders,
  shipments,
  reconciler,
  deadLetters,
  { close: () => pool.end() },
])
