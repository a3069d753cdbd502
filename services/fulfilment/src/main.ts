import { Codec } from '@tenseams/codec/codec'
import type { ShipmentEvent } from '@tenseams/contracts/generated/fulfilment.shipment.v1'
import { currentSchema } from '@tenseams/contracts/schemas'
import { openKafka } from '@tenseams/kafka/client'
import type { Place } from '@tenseams/kafka/ownership'
import { TransactionalLoop } from '@tenseams/kafka/transactional-loop'
import { runService } from '@tenseams/service/run'
import { buildServer } from '@tenseams/service/server'
import { openMetrics } from '@tenseams/telemetry/metrics'
import { ORDERS_TOPIC, SHIPMENTS_TOPIC } from './contract.ts'
import { slowAt } from './drill.ts'
import { readFulfilmentSettings } from './settings.ts'
import { shipOrders } from './transform.ts'
import { takeoversWithout } from './without-guards.ts'

const settings = readFulfilmentSettings()
const metrics = openMetrics('fulfilment')
const codec = new Codec({
  registryUrl: settings.SCHEMA_REGISTRY_URL,
  timeoutMs: 5_000,
  contractOf: currentSchema,
})
await codec.requirePublished([ORDERS_TOPIC])
const { encode } = await codec.encoder<ShipmentEvent>(SHIPMENTS_TOPIC)

const kafka = openKafka({ brokers: settings.KAFKA_BROKERS, clientId: 'fulfilment' })
const server = buildServer({
  name: 'fulfilment',
  logLevel: settings.LOG_LEVEL,
  metrics,
  ready: { kafka: () => orders.assertReady() },
})
const { BROKEN_GUARD, DRILL_PAUSE_AT: pauseAt, DRILL_PAUSE_MS: pauseMs } = settings
const transactionTimeoutMs = settings.TRANSACTION_TIMEOUT_MS
const onStep = pauseAt && slowAt({ pauseAt, pauseMs, log: server.log })
const onHalfTaken = (place: Place) => onStep?.('half-taken', place)
const orders = new TransactionalLoop({
  kafka,
  groupId: 'fulfilment',
  topics: [ORDERS_TOPIC],
  transform: shipOrders({ codec, encode, now: Date.now }),
  metrics,
  log: server.log,
  sessionTimeoutMs: settings.SESSION_TIMEOUT_MS,
  transactionTimeoutMs,
  ...(onStep && { onStep }),
  ...(BROKEN_GUARD && {
    takeOver: takeoversWithout[BROKEN_GUARD]({ kafka, transactionTimeoutMs, onHalfTaken }),
  }),
})

orders.start()
await runService(server, settings, [orders])
