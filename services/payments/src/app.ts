import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import { inboxOf } from '@tenseams/event-store/guard-retention'
import { openPool } from '@tenseams/event-store/pool'
import { readCategory } from '@tenseams/event-store/read-category'
import { Retention } from '@tenseams/event-store/retention'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import { type NeededRights, requireRights } from '@tenseams/kafka/access/rights'
import { kafkaAccess, openKafka } from '@tenseams/kafka/client'
import { Consumption, type ConsumptionOptions } from '@tenseams/kafka/consume'
import { DeadLetters, deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import { Provider, type ProviderOptions } from '@tenseams/provider/client'
import { accessOf } from '@tenseams/service/access/open'
import { type OwnToken, openOwnToken } from '@tenseams/service/access/own-token'
import type { App } from '@tenseams/service/run'
import { buildServer, type Server } from '@tenseams/service/server'
import { logOf } from '@tenseams/telemetry/log'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { observePools, observeQueues } from '@tenseams/telemetry/readings'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import type pg from 'pg'
import { agreeingWith } from './agreeing.ts'
import { captureRoutes } from './capture-routes.ts'
import { CaptureSwitch } from './capture-switch.ts'
import { handleOrders, handleShipments, type PaymentHandling } from './consumer.ts'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { paymentStreams, SCHEMA as schema } from './log.ts'
import { frozenCaptures, reconciledPayments } from './metrics.ts'
import { findOrderAt } from './order-lookup.ts'
import { Reconciler } from './reconciler.ts'
import { progressIn } from './reconciler-progress.ts'
import { repairWith } from './repair.ts'
import type { Settings } from './settings.ts'

/**
 * Two readers with four partitions each, so at most 64 records at once: as many as the provider's bulkhead lets wait
 * (provider.ts). A call that it turned away would count as an outage.
 */
const RECORDS_AT_ONCE = 8

/** What the service is made of. Each part that is left out is made from the settings. */
export type PaymentParts = {
  readonly pool?: pg.Pool
  readonly codec?: Codec
  readonly provider?: Provider
  readonly openConsumption?: (options: ConsumptionOptions) => Consumption
}

/** What the service does in Kafka. Its own events reach their topic through the outbox. */
const rights: NeededRights = {
  reads: [ORDERS_TOPIC, SHIPMENTS_TOPIC],
  writes: [ORDERS_TOPIC, SHIPMENTS_TOPIC].map(deadLetterTopicOf),
  groups: ['payments', 'payments-shipments'],
  transactionalIds: [],
}

/** @throws ContractNotPublishedError, RegistryUnavailableError, StoreUnavailableError, RightRefusedError */
export async function buildPayments(settings: Settings, parts: PaymentParts = {}): Promise<App> {
  const { pool = openPool(databaseOf(settings), 'payments') } = parts
  const authorization = await openOwnToken(settings.CREDENTIALS_FILE)
  const { codec = openCodec(settings.SCHEMA_REGISTRY_URL) } = parts
  const mayCapture = () => captures.assertOpen()
  const { provider = openProvider(settings, { authorization, mayCapture }) } = parts
  const { openConsumption = (options: ConsumptionOptions) => new Consumption(options) } = parts
  const metrics = openMetrics('payments')
  await codec.requirePublished([ORDERS_TOPIC, SHIPMENTS_TOPIC])
  const log = await openTopicAggregate({ pool, codec, ...paymentStreams })
  observePools(metrics, { shop: pool })
  observeQueues(metrics, [...log.queues, provider.queue])

  const access = { ...kafkaAccess(settings), clientId: 'payments' }
  const kafka = openKafka(access)
  const deadLetters = new DeadLetters(kafka)
  const tracing = await openTracing('payments', settings)
  const server = buildServer({
    name: 'payments',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('payments', settings),
    metrics,
    ready: {
      postgres: async () => void (await pool.query('select 1')),
      orders: () => orders.assertReady(),
      shipments: () => shipments.assertReady(),
    },
  })
  const captures = new CaptureSwitch({ pool, schema, log: server.log })
  captureRoutes(server, captures)
  frozenCaptures(metrics, captures)
  await requireRights({ ...access, log: server.log }, rights)
  const reading = { log: server.log, keyField: 'orderId', atOnce: RECORDS_AT_ONCE } as const
  const consuming = { kafka, deadLetters, metrics, ...reading }
  const handling = { log, codec, provider }
  const orders = openConsumption({
    ...consuming,
    groupId: 'payments',
    topics: [ORDERS_TOPIC],
    handle: handleOrders(handling),
  })
  const shipments = openConsumption({
    ...consuming,
    groupId: 'payments-shipments',
    topics: [SHIPMENTS_TOPIC],
    handle: handleShipments(handling),
  })
  const reconciler = openReconciler(settings, handling, { pool, metrics, server, authorization })
  const retention = new Retention({
    expiring: [inboxOf(pool, schema, settings.INBOX_LIFE_MS)],
    onError: (error, what) =>
      logOf(server).warn({ err: error, what }, 'old rows cannot be removed'),
  })
  return {
    server,
    loops: [orders, shipments, reconciler, retention],
    resources: [deadLetters, { close: () => pool.end() }, tracing],
  }
}

function openProvider(
  settings: Settings,
  asked: Pick<ProviderOptions, 'authorization' | 'mayCapture'>,
): Provider {
  return new Provider({
    url: settings.PAYMENT_PROVIDER_URL,
    timeoutMs: settings.PAYMENT_PROVIDER_TIMEOUT_MS,
    ...asked,
  })
}

function openReconciler(
  settings: Settings,
  { log, provider }: PaymentHandling,
  { pool, metrics, server, authorization }: Reporting,
): Reconciler {
  const graceMs = settings.RECONCILE_GRACE_MS
  const findOrder = findOrderAt(settings.ORDERS_URL, authorization)
  return new Reconciler({
    ...{ provider, graceMs },
    readOurs: (reading) => readCategory(pool, schema, reading),
    progress: progressIn(pool, schema),
    agreeing: agreeingWith({ pool, schema, log, graceMs }),
    repair: repairWith({ pool, schema, log, provider, findOrder, graceMs }),
    intervalMs: settings.RECONCILE_INTERVAL_MS,
    horizonMs: settings.RECONCILE_HORIZON_MS,
    reconciled: reconciledPayments(metrics),
    log: server.log,
  })
}

type Reporting = {
  readonly authorization: OwnToken
  readonly pool: pg.Pool
  readonly metrics: ReturnType<typeof openMetrics>
  readonly server: Server
}

const databaseOf = ({ DATABASE_URL, CREDENTIALS_FILE }: Settings) => ({
  url: DATABASE_URL,
  credentialsFile: CREDENTIALS_FILE,
})
