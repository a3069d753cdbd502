import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { type NeededRights, requireRights } from '@tenseams/kafka/access/rights'
import { kafkaAccess, openKafka } from '@tenseams/kafka/client'
import { deadLetterTopicOf } from '@tenseams/kafka/dead-letter'
import {
  TransactionalLoop,
  type TransactionalLoopOptions,
} from '@tenseams/kafka/transactional-loop'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { openTracing } from '@tenseams/telemetry/tracing/open'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import type { Settings } from './settings.ts'
import { shipOrders } from './transform.ts'

/** What the service is made of. Each part that is left out is made from the settings, or is the loop's own. */
export type FulfilmentParts = {
  readonly codec?: Codec
} & Partial<Pick<TransactionalLoopOptions, 'kafka' | 'takeOver' | 'onStep'>>

export const connectKafka = (settings: Settings) =>
  openKafka({ ...kafkaAccess(settings), clientId: 'fulfilment' })

/** What the service does in Kafka. */
const rights: NeededRights = {
  reads: [ORDERS_TOPIC],
  writes: [SHIPMENTS_TOPIC, deadLetterTopicOf(ORDERS_TOPIC)],
  groups: ['fulfilment'],
  transactionalIds: ['fulfilment-'],
}

/** @throws ContractNotPublishedError, RegistryUnavailableError, RightRefusedError */
export async function buildFulfilment(
  settings: Settings,
  parts: FulfilmentParts = {},
): Promise<App> {
  const {
    codec = openCodec(settings.SCHEMA_REGISTRY_URL),
    kafka = connectKafka(settings),
    takeOver,
    onStep,
  } = parts
  const metrics = openMetrics('fulfilment')
  await codec.requirePublished([ORDERS_TOPIC])
  const { encode } = await codec.encoder<ShipmentEvent>(SHIPMENTS_TOPIC)
  const tracing = await openTracing('fulfilment', settings)
  const server = buildServer({
    name: 'fulfilment',
    tracing,
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('fulfilment', settings),
    metrics,
    ready: { kafka: () => orders.assertReady() },
  })
  await requireRights({ ...kafkaAccess(settings), clientId: 'fulfilment', log: server.log }, rights)
  const orders = new TransactionalLoop({
    kafka,
    groupId: 'fulfilment',
    topics: [ORDERS_TOPIC],
    transform: shipOrders({ codec, encode, now: Date.now }),
    metrics,
    log: server.log,
    keyField: 'orderId',
    sessionTimeoutMs: settings.SESSION_TIMEOUT_MS,
    transactionTimeoutMs: settings.TRANSACTION_TIMEOUT_MS,
    ...(takeOver && { takeOver }),
    ...(onStep && { onStep }),
  })
  return { server, loops: [orders], resources: [tracing] }
}
