import { listOf } from './derived-table.ts'
import { type EventTable, once, status, timeOf, updatedAt } from './event-table.ts'

const orders: EventTable = {
  name: 'orders',
  topic: 'orders.order.v1',
  key: 'order_id',
  columns: [
    ...status({
      OrderPlaced: 'placed',
      OrderConfirmed: 'confirmed',
      OrderRejected: 'rejected',
      OrderCancelled: 'cancelled',
      OrderCompleted: 'completed',
      OrderRefunded: 'refunded',
    }),
    updatedAt(),
    once('customer_id', 'string', 'placed.customer_id'),
    once('currency', 'string', 'placed.currency'),
    once('total_minor', 'long', 'placed.total_minor'),
    once('payment_method', 'string', 'placed.payment_method'),
    once('lines', listOf({ sku: 'string', quantity: 'int', price_minor: 'long' }), 'placed.lines'),
    once('payment_id', 'string', 'confirmed.payment_id'),
    once('shipment_id', 'string', 'completed.shipment_id'),
    once('reason', 'string', 'coalesce(rejected.reason, cancelled.reason)'),
    once('refunded_minor', 'long', 'refunded.amount_minor'),
    timeOf('placed_at', 'OrderPlaced'),
    timeOf('confirmed_at', 'OrderConfirmed'),
    timeOf('rejected_at', 'OrderRejected'),
    timeOf('cancelled_at', 'OrderCancelled'),
    timeOf('completed_at', 'OrderCompleted'),
    timeOf('refunded_at', 'OrderRefunded'),
  ],
  branches: {
    OrderPlaced: 'placed',
    OrderConfirmed: 'confirmed',
    OrderRejected: 'rejected',
    OrderCancelled: 'cancelled',
    OrderCompleted: 'completed',
    OrderRefunded: 'refunded',
  },
  gates: [
    { reason: 'placed-without-lines', rejects: `type = 'OrderPlaced' AND len(placed.lines) = 0` },
    {
      reason: 'total-is-not-its-lines',
      rejects: `type = 'OrderPlaced' AND placed.total_minor
                <> list_sum(list_transform(placed.lines, lambda line: line.quantity::HUGEINT * line.price_minor))`,
    },
    { reason: 'negative-money', rejects: 'placed.total_minor < 0 OR refunded.amount_minor < 0' },
    { reason: 'no-currency', rejects: `NOT regexp_full_match(placed.currency, '[A-Z]{3}')` },
  ],
}

const payments: EventTable = {
  name: 'payments',
  topic: 'payments.payment.v1',
  key: 'order_id',
  columns: [
    ...status({
      PaymentAuthorised: 'authorised',
      PaymentDeclined: 'declined',
      PaymentCaptured: 'captured',
      PaymentVoided: 'voided',
      PaymentRefunded: 'refunded',
    }),
    updatedAt(),
    once('payment_id', 'string', 'coalesce(authorised.payment_id, captured.payment_id)'),
    once(
      'method',
      'string',
      'coalesce(authorised.method, captured.method, declined.method, voided.method)',
    ),
    once('currency', 'string', 'coalesce(authorised.currency, captured.currency)'),
    once('amount_minor', 'long', 'authorised.amount_minor'),
    once('captured_minor', 'long', 'captured.amount_minor'),
    once('refunded_minor', 'long', 'refunded.amount_minor'),
    once('reason', 'string', 'declined.reason'),
    {
      ...{
        name: 'returned',
        type: listOf({ version: 'long', amount_minor: 'long' }),
        fold: 'each',
      },
      doc: 'Surplus captures that the provider returned, an entry each.',
      from: `CASE WHEN returned.amount_minor IS NOT NULL
             THEN [struct_pack(version := version, amount_minor := returned.amount_minor)] END`,
    },
    timeOf('authorised_at', 'PaymentAuthorised'),
    timeOf('captured_at', 'PaymentCaptured'),
    timeOf('declined_at', 'PaymentDeclined'),
    timeOf('voided_at', 'PaymentVoided'),
    timeOf('refunded_at', 'PaymentRefunded'),
  ],
  branches: {
    PaymentAuthorised: 'authorised',
    PaymentDeclined: 'declined',
    PaymentCaptured: 'captured',
    PaymentVoided: 'voided',
    PaymentRefunded: 'refunded',
    SurplusReturned: 'returned',
  },
  gates: [
    {
      reason: 'negative-money',
      rejects: `least(authorised.amount_minor, captured.amount_minor, voided.amount_minor,
                refunded.amount_minor, returned.amount_minor) < 0`,
    },
  ],
}

/** The Protobuf contract's time is a number of milliseconds. */
const protobufTime = 'make_timestamptz(occurred_at * 1000)'

const shipments: EventTable = {
  name: 'shipments',
  topic: 'fulfilment.shipment.v1',
  key: 'order_id',
  columns: [
    ...status({ ShipmentDispatched: 'dispatched', ShipmentRecalled: 'recalled' }),
    updatedAt(protobufTime),
    once('shipment_id', 'string', 'coalesce(dispatched.shipment_id, recalled.shipment_id)'),
    once('payment_id', 'string', 'dispatched.payment_id'),
    once('reason', 'string', 'recalled.reason'),
    timeOf('dispatched_at', 'ShipmentDispatched', protobufTime),
    timeOf('recalled_at', 'ShipmentRecalled', protobufTime),
  ],
  branches: { ShipmentDispatched: 'dispatched', ShipmentRecalled: 'recalled' },
  gates: [],
}

/** The streams whose latest state silver holds. */
export const eventTables: readonly EventTable[] = [orders, payments, shipments]
