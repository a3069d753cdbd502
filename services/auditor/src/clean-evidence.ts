import { eventTopics } from './checks/check.ts'
import type { Row, TableName } from './evidence.ts'

/** When the audit of it is, and what is older than that by this counts as lost. */
export const NOW = 1_000_000_000n
export const GRACE = 60_000n

export const [ORDERS, PAYMENTS, SHIPMENTS] = eventTopics

export const tableNames: readonly TableName[] = [
  ...(['events', 'inbox', 'answers', 'entries', 'operations', 'records', 'ends'] as const),
  ...(['letters', 'committed', 'bronze', 'chain', 'gold'] as const),
]

/** An order that was placed, paid, shipped and completed, as every place tells it. */
const life = [
  ['orders', ORDERS, 1n, 'OrderPlaced'],
  ['payments', PAYMENTS, 1n, 'PaymentAuthorised'],
  ['orders', ORDERS, 2n, 'OrderConfirmed'],
  [undefined, SHIPMENTS, 1n, 'ShipmentDispatched'],
  ['orders', ORDERS, 3n, 'OrderCompleted'],
  ['payments', PAYMENTS, 2n, 'PaymentCaptured'],
] as const

const idOf = (type: string): string => `id-${type}`
const money = { amount_minor: 500n, currency: 'EUR' }
const atOffset = (topic: string, version: bigint) => ({ topic, partition: 0n, offset: version })

const stored = life.flatMap(([store, topic, version, type]) =>
  store === undefined ? [] : [{ store, topic, version, type }],
)

const transfers = [
  ['t-1', 'PaymentAuthorised', 'customer', 'held'],
  ['t-2', 'PaymentCaptured', 'held', 'merchant'],
] as const

export const clean: { readonly [Table in TableName]: readonly Row<Table>[] } = {
  events: stored.map(({ store, topic, version, type }) => ({
    ...{ store, topic, version, type, event_id: idOf(type), stream_id: 'o-1', must: true },
    ...{ transaction_id: `${store}${version}`, payload_hash: 'h', recorded_at: NOW - 500_000n },
    ...money,
  })),
  inbox: [
    { store: 'payments', event_id: idOf('OrderPlaced') },
    { store: 'orders', event_id: idOf('PaymentAuthorised') },
    { store: 'orders', event_id: idOf('ShipmentDispatched') },
  ],
  answers: [{ key: 'k-1', order_id: 'o-1', status: 201n, amount_minor: 500n }],
  entries: transfers.flatMap(([transfer_id, type, debit, credit]) => [
    { transfer_id, order_id: 'o-1', event_id: idOf(type), account: debit, side: 'debit', ...money },
    {
      transfer_id,
      order_id: 'o-1',
      event_id: idOf(type),
      account: credit,
      side: 'credit',
      ...money,
    },
  ]),
  operations: ['authorised', 'captured'].map((kind) => ({
    ...{ payment_id: 'p-1', order_id: 'o-1', kind, recorded_at: NOW - 500_000n },
    ...money,
  })),
  records: [
    ...life.map(([, topic, version, type]) => ({
      ...atOffset(topic, version),
      ...{ version, type, key: 'o-1', stream_id: 'o-1', event_id: idOf(type), fate: 'committed' },
      ...{ occurred_at: NOW - 500_000n, written_at: NOW - 500_000n, payload_hash: 'h' },
    })),
    { ...atOffset(ORDERS, 9n), fate: 'aborted', event_id: 'id-aborted', type: 'OrderPlaced' },
  ],
  ends: eventTopics.map((topic) => ({ topic, partition: 0n, next_offset: 10n })),
  letters: [],
  committed: [
    ['payments', ORDERS],
    ['payments-shipments', SHIPMENTS],
    ['orders', PAYMENTS],
    ['orders-shipments', SHIPMENTS],
    ['fulfilment', ORDERS],
  ].map(([group_id = '', topic = '']) => ({ group_id, topic, partition: 0n, next_offset: 10n })),
  bronze: life.map(([, topic, version, type]) => ({
    ...atOffset(topic, version),
    ...{ version, type, stream_id: 'o-1', event_id: idOf(type) },
  })),
  chain: eventTopics.flatMap((topic) => [
    { table_name: topic, place: `${topic}-0`, sequence: 1n, start_offset: 0n, end_offset: 2n },
    { table_name: topic, place: `${topic}-0`, sequence: 2n, start_offset: 2n, end_offset: 10n },
  ]),
  gold: [{ kind: 'window', window_end: NOW - 400_000n, payments: 1n, ...money }],
}
