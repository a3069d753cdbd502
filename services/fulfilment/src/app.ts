import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { openKafka } from '@tenseams/kafka/client'
import {
  TransactionalLoop,
  type TransactionalLoopOptions,
} from '@tenseams/kafka/transactional-loop'
import { accessOf } from '@tenseams/service/access/open'
import type { App } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import type { Settings } from './settings.ts'
import { shipOrders } from './transform.ts'

/** What the service is made of. Each part that is left out is made from the settings, or is the loop's own. */
export type FulfilmentParts = {
  readonly codec?: Codec
} & Partial<Pick<TransactionalLoopOptions, 'kafka' | 'takeOver' | 'onStep'>>

export const connectKafka = ({ KAFKA_BROKERS }: Settings) =>
  openKafka({ brokers: KAFKA_BROKERS, clientId: 'fulfilment' })

/** @throws ContractNotPublishedError, RegistryUnavailableError */
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
  const server = buildServer({
    name: 'fulfilment',
    logLevel: settings.LOG_LEVEL,
    allowedHosts: settings.ALLOWED_HOSTS,
    access: accessOf('fulfilment', settings),
    metrics,
    ready: { kafka: () => orders.assertReady() },
  })
  const orders = new TransactionalLoop({
    kafka,
    groupId: 'fulfilment',
    topics: [ORDERS_TOPIC],
    transform: shipOrders({ codec, encode, now: Date.now }),
    metrics,
    log: server.log,
    sessionTimeoutMs: settings.SESSION_TIMEOUT_MS,
    transactionTimeoutMs: settings.TRANSACTION_TIMEOUT_MS,
    ...(takeOver && { takeOver }),
    ...(onStep && { onStep }),
  })
  return { server, loops: [orders], resources: [] }
}
