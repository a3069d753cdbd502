import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { idempotencyKeysOf, inboxOf } from '@tenseams/event-store/guard-retention'
import { openPool } from '@tenseams/event-store/pool'
import { Projection } from '@tenseams/event-store/projection'
import { Retention } from '@tenseams/event-store/retention'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import { type NeededRights, requireRights } from '@tenseams/kafka/access/rights'
import { kafkaAccess, openKafka } from '@tenseams/kafka/client'
import { Consumption, type ConsumptionOptions } from '@tenseams/kafka/consume'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { accessOf } from '@tenseams/service/access/open'
import { openApi } from '@tenseams/service/api'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { limitsOf } from '@tenseams/service/settings'
import { logOf } from '@tenseams/telemetry/log'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools, observeQueues } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import type pg from 'pg'
import { cancellationRoutes } from './cancellation-routes.ts'
import { observeCompletions } from './completion.ts'
import { handlePayments } from './consumer.ts'
import { PAYMENTS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { customerRoutes } from './customer-routes.ts'
import { listRoutes } from './list-routes.ts'
import { orderStreams, SCHEMA } from './log.ts'
import { orderListProjection } from './order-list.ts'
import { orderRoutes } from './order-routes.ts'
import { productRoutes } from './product-routes.ts'
import { readModelRoutes } from './read-model-routes.ts'
import type { Settings } from './settings.ts'
import { handleShipments } from './shipment-consumer.ts'

/** What the service is made of. Each part that is left out is made from the settings. */
export type OrderParts = {
  readonly shop?: pg.Pool
  readonly vault?: pg.Pool
  readonly codec?: Codec
  readonly handleShipment?: ConsumptionOptions['handle']
}

/** What the service does in Kafka. Its own events reach their topic through the outbox. */
const rights: NeededRights = {
  reads: [PAYMENTS_TOPIC, SHIPMENTS_TOPIC],
  writes: [PAYMENTS_TOPIC, SHIPMENTS_TOPIC].map(deadLetterTopicOf),
  groups: ['orders', 'orders-shipments'],
  transactionalIds: [],
}

export const openShop = ({ DATABASE_URL: url, CREDENTIALS_FILE }: Settings): pg.Pool =>
  openPool({ url, credentialsFile: CREDENTIALS_FILE }, 'orders')

const openVault = ({ VAULT_DATABASE_URL: url, CREDENTIALS_FILE }: Settings): pg.Pool =>
  openPool({ url, credentialsFile: CREDENTIALS_FILE }, 'orders')

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError, RightRefusedError */
export async function buildOrders(settings: Settings, parts: OrderParts = {}): Promise<App> {
  const { shop = openShop(settings), codec = openCodec(settings.SCHEMA_REGISTRY_URL) } = parts
  const { vault = openVault(settings) } = parts
  const metrics = openMetrics('orders')
  await codec.requirePublished([PAYMENTS_TOPIC, SHIPMENTS_TOPIC])
  const log = await openTopicAggregate({
    ...{ pool: shop, codec, ...orderStreams },
    onAppended: () => orderList.wake(),
  })
  observePools(metrics, { shop, vault })
  observeQueues(metrics, log.queues)
  const onCompleted = observeCompletions(metrics)
  const { handleShipment = handleShipments(log, codec, { onCompleted }) } = parts

  const access = { ...kafkaAccess(settings), clientId: 'orders' }
  const kafka = openKafka(access)
  const deadLetters = new DeadLetters(kafka)
  const tracing = await openTracing('orders', settings)
  const server = buildServer({
    name: 'orders',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('orders', settings),
    metrics,
    ready: {
      postgres: async () => void (await shop.query('select 1')),
      payments: () => payments.assertReady(),
      shipments: () => shipments.assertReady(),
    },
  })
  await requireRights({ ...access, log: server.log }, rights)
  const consuming = { kafka, deadLetters, metrics, log: server.log, keyField: 'orderId' } as const
  const payments = new Consumption({
    ...consuming,
    groupId: 'orders',
    topics: [PAYMENTS_TOPIC],
    handle: handlePayments(log, codec),
  })
  const shipments = new Consumption({
    ...consuming,
    groupId: 'orders-shipments',
    topics: [SHIPMENTS_TOPIC],
    handle: handleShipment,
  })
  const orderList = new Projection({
    ...orderListProjection(codec),
    pool: shop,
    schema: SCHEMA,
    onError: (error) => logOf(server).warn({ err: error }, 'the order list waits'),
  })
  const retention = new Retention({
    expiring: [
      inboxOf(shop, SCHEMA, settings.INBOX_LIFE_MS),
      idempotencyKeysOf(shop, SCHEMA, settings.IDEMPOTENCY_KEY_LIFE_MS),
    ],
    onError: (error, what) =>
      logOf(server).warn({ err: error, what }, 'old rows cannot be removed'),
  })

  readModelRoutes(server, orderList)
  await openApi(server, {
    title: 'Ten Seams: orders',
    description: 'Orders, and the customers that they are of.',
    version: '1',
    limits: limitsOf(settings),
  })
  productRoutes(server, shop)
  orderRoutes(server, { pool: shop, log })
  listRoutes(server, shop)
  cancellationRoutes(server, { pool: shop, log })
  customerRoutes(server, { shop, vault })
  return {
    server,
    loops: [payments, shipments, orderList, retention],
    resources: [deadLetters, { close: () => shop.end() }, { close: () => vault.end() }, tracing],
  }
}
