import { randomUUID } from 'node:crypto'
import type { Codec } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import { routeRights } from '@tenseams/identities/routes'
import { Faults } from '@tenseams/payment-provider/faults'
import { listRoutes } from '@tenseams/payment-provider/list-routes'
import { paymentRoutes } from '@tenseams/payment-provider/payment-routes'
import { CaptureSwitch } from '@tenseams/payments/capture-switch'
import { handleOrders, handleShipments } from '@tenseams/payments/consumer'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from '@tenseams/payments/contract'
import { type PaymentLog, paymentStreams } from '@tenseams/payments/log'
import { applyFile } from '@tenseams/postgres/prepare'
import { Provider } from '@tenseams/provider/client'
import { buildServer } from '@tenseams/service/server'
import { accessInMemory } from '@tenseams/service/testing/access'
import { openMetrics } from '@tenseams/telemetry/metrics'
import type pg from 'pg'
import { adminPool, rolePool } from '../../support/shop.ts'
import type { TestStack } from '../../support/stack.ts'

/**
 * Payments and a provider for one test file, in this process: the real code on the real Postgres, in schemas that no
 * connector captures and no other service sees. So a test may redeliver records and provoke faults as it likes.
 */
export type OwnPayments = {
  readonly log: PaymentLog
  readonly codec: Codec
  readonly provider: Provider
  readonly providerUrl: string
  readonly faults: Faults
  readonly captures: CaptureSwitch
  /** With the service's own role. */
  readonly pool: pg.Pool
  readonly schema: string
  /** The provider's database, with a schema of this test file. */
  readonly providerPool: pg.Pool
  /** Delivers an event of an order to the consumer, as Kafka would. */
  readonly take: (event: OrderEvent) => Promise<void>
  /** Delivers the dispatch of an order. */
  readonly ship: (order: OrderEvent) => Promise<void>
  close(): Promise<void>
}

export async function openOwnPayments(stack: TestStack): Promise<OwnPayments> {
  const schema = `own_${schemaNameOf(randomUUID())}`
  const shopAdmin = adminPool(stack)
  const providerAdmin = adminPool(stack, 'provider')
  await prepareShop(shopAdmin, schema)
  await prepareProvider(providerAdmin, schema)
  const pool = poolOf(stack, 'payments_service', 'shop')
  const providerPool = poolOf(stack, 'provider_service', 'provider', schema)
  const { server, faults, url } = await startProvider(providerPool)
  const codec = openCodec(stack.endpoints.registryUrl)
  const log = await openTopicAggregate({ pool, codec, ...paymentStreams, schema })
  const captures = new CaptureSwitch({ pool, schema, log: silent })
  const provider = new Provider({
    ...{ url, timeoutMs: 1_000, authorization: async () => asPayments },
    mayCapture: () => captures.assertOpen(),
  })
  const { encode } = await codec.encoder<OrderEvent>(ORDERS_TOPIC)
  const shipments = await codec.encoder<ShipmentEvent>(SHIPMENTS_TOPIC)
  const handle = handleOrders({ log, codec, provider })
  const handleShipment = handleShipments({ log, codec, provider })
  return {
    ...{ log, codec, provider, providerUrl: url, faults, captures, pool, schema, providerPool },
    take: (event) => handle({ ...fixedRecord, topic: ORDERS_TOPIC, value: encode(event) }),
    ship: ({ streamId }) => {
      const value = shipments.encode(dispatchOf(streamId))
      return handleShipment({ ...fixedRecord, topic: SHIPMENTS_TOPIC, value })
    },
    close: async () => {
      await server.close()
      await Promise.all([pool.end(), providerPool.end()])
      await shopAdmin.query(`drop schema ${schema} cascade`)
      await providerAdmin.query(`drop schema ${schema} cascade`)
      await Promise.all([shopAdmin.end(), providerAdmin.end()])
    },
  }
}

const silent = { info: () => undefined, warn: () => undefined }
const fixedRecord = { partition: 0, offset: '0', timestampMs: 0, key: null, headers: {} }

/** A name of a to p only, because a schema's name is not quoted. */
const schemaNameOf = (id: string): string =>
  id.replaceAll('-', '').replaceAll(/\d/g, (digit) => String.fromCharCode(103 + Number(digit)))

async function prepareShop(admin: pg.Pool, schema: string): Promise<void> {
  const client = await admin.connect()
  try {
    await client.query(`create schema ${schema}`)
    const values = { schema, role: 'payments_service' }
    await applyFile(client, '../../../packages/event-store/schema.sql', values)
    await applyFile(client, '../ledger.sql', values)
  } finally {
    client.release()
  }
}

async function prepareProvider(admin: pg.Pool, schema: string): Promise<void> {
  const client = await admin.connect()
  try {
    await client.query(
      `create schema ${schema}; grant usage on schema ${schema} to provider_service`,
    )
    await client.query(`set search_path to ${schema}`)
    await applyFile(client, '../provider.sql')
  } finally {
    client.release(true)
  }
}

function poolOf(
  stack: TestStack,
  role: 'payments_service' | 'provider_service',
  database: string,
  searchPath?: string,
): pg.Pool {
  const options = searchPath === undefined ? {} : { options: `-csearch_path=${searchPath}` }
  return rolePool(stack, role, { database, ...options })
}

const callers = { 'token-of-payments': { identity: 'payments' } }
/** What the provider takes for a request of payments. */
export const asPayments = { authorization: 'Bearer token-of-payments' }

async function startProvider(pool: pg.Pool) {
  const faults = new Faults()
  const metrics = openMetrics('payment-provider')
  const server = buildServer({
    ...{ name: 'payment-provider', logLevel: 'fatal', metrics },
    access: accessInMemory({ rights: routeRights['payment-provider'], callers }),
    ready: {},
  })
  paymentRoutes(server, { pool, faults })
  listRoutes(server, pool)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { server, faults, url }
}

const noBranch = {
  ...{ placed: null, confirmed: null, rejected: null },
  ...{ cancelled: null, completed: null, refunded: null },
}

/** An order's first event. */
export function placedOrder(changes: { readonly paymentMethod?: string } = {}): OrderEvent {
  return {
    ...noBranch,
    eventId: randomUUID(),
    streamId: randomUUID(),
    version: 1n,
    type: 'OrderPlaced',
    occurredAt: Date.now(),
    traceparent: null,
    placed: {
      customerId: randomUUID(),
      currency: 'EUR',
      totalMinor: 9_800n,
      paymentMethod: changes.paymentMethod ?? 'card',
      lines: [{ sku: 'lamp-01', quantity: 2, priceMinor: 4_900n }],
    },
  }
}

/** Its end before completion. */
export function cancelled(order: OrderEvent, paymentId: string | null = null): OrderEvent {
  return {
    ...{ ...order, ...noBranch, eventId: randomUUID(), version: order.version + 1n },
    type: 'OrderCancelled',
    cancelled: { reason: 'changed-mind', paymentId },
  }
}

/** With ids derived from the order, as fulfilment derives them: the same event however often it is delivered. */
function dispatchOf(streamId: string): ShipmentEvent {
  return {
    ...{ eventId: streamId, streamId, version: 1n },
    ...{ type: 'ShipmentDispatched', occurredAt: BigInt(Date.now()), traceparent: null },
    dispatched: { shipmentId: streamId, paymentId: 'as in the order' },
    recalled: null,
  }
}
