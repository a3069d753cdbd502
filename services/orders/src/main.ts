import { Codec } from '@tenseams/codec/codec'
import { currentSchema } from '@tenseams/contracts/schemas'
import { openPool } from '@tenseams/event-store/pool'
import { Projection } from '@tenseams/event-store/projection'
import { openKafka } from '@tenseams/kafka/client'
import { Consumption } from '@tenseams/kafka/consume'
import { DeadLetters } from '@tenseams/kafka/dead-letter'
import { openApi } from '@tenseams/service/api'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { cancellationRoutes } from './cancellation-routes.ts'
import { handlePayments } from './consumer.ts'
import { PAYMENTS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { customerRoutes } from './customer-routes.ts'
import { listRoutes } from './list-routes.ts'
import { openOrderLog, SCHEMA } from './log.ts'
import { orderListProjection } from './order-list.ts'
import { orderRoutes } from './order-routes.ts'
import { readModelRoutes } from './read-model-routes.ts'
import { readOrderSettings } from './settings.ts'
import { handleShipments } from './shipment-consumer.ts'
import { forgetfulDecider, identities } from './without-guards.ts'

const settings = readOrderSettings()
const metrics = openMetrics('orders')
const shop = openPool(settings.DATABASE_URL, 'orders')
const vault = openPool(settings.VAULT_DATABASE_URL, 'orders')
const codec = new Codec({
  registryUrl: settings.SCHEMA_REGISTRY_URL,
  timeoutMs: 5_000,
  contractOf: currentSchema,
})
await codec.requirePublished([PAYMENTS_TOPIC, SHIPMENTS_TOPIC])
const orderLog = await openOrderLog(shop, codec)

const kafka = openKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'orders' })
const deadLetters = new DeadLetters(kafka)
const server = buildServer({
  name: 'orders',
  logLevel: settings.LOG_LEVEL,
  metrics,
  ready: {
    postgres: async () => void (await shop.query('select 1')),
    payments: () => payments.assertReady(),
    shipments: () => shipments.assertReady(),
  },
})
const bare = settings.BROKEN_GUARD
const shipmentLog = bare ? await openOrderLog(shop, codec, forgetfulDecider) : orderLog
const consuming = { kafka, deadLetters, metrics, log: server.log }
const payments = new Consumption({
  ...consuming,
  groupId: 'orders',
  topics: [PAYMENTS_TOPIC],
  handle: handlePayments(orderLog, codec),
})
const shipments = new Consumption({
  ...consuming,
  groupId: 'orders-shipments',
  topics: [SHIPMENTS_TOPIC],
  handle: handleShipments(shipmentLog, codec, bare && identities[bare]),
})

const orderList = new Projection({
  ...orderListProjection(codec),
  pool: shop,
  schema: SCHEMA,
  onError: (error) => server.log.warn({ err: error }, 'the order list waits'),
})

readModelRoutes(server, orderList)
await openApi(server, {
  title: 'Ten Seams: orders',
  description: 'Orders, and the customers that they are of.',
  version: '1',
  rateLimit: {
    maxRequests: settings.RATE_LIMIT_REQUESTS,
    windowMs: settings.RATE_LIMIT_WINDOW_MS,
  },
})
orderRoutes(server, { pool: shop, log: orderLog })
listRoutes(server, shop)
cancellationRoutes(server, { pool: shop, log: orderLog })
customerRoutes(server, { shop, vault })
payments.start()
shipments.start()
orderList.start()
await runService(server, settings, [
  payments,
  shipments,
  orderList,
  deadLetters,
  { close: () => shop.end() },
  { close: () => vault.end() },
])
