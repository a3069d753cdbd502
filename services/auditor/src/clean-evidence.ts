import { eventTopics, ORDERS, PAYMENTS, SHIPMENTS } from './checks/check.ts'
import { type Row, type TableName, tables } from './evidence-tables.ts'

/** When the audit runs, and how old a missing effect must be to count as lost. */
export const NOW = 1_000_000_000n
export const GRACE = 60_000n

export const PRODUCTS = 'cdc.shop.catalogue.products'

export const tableNames = Object.keys(tables) as readonly TableName[]

/** The events of an order that was placed, paid, shipped and completed. */
const orderEvents = [
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

const stored = orderEvents.flatMap(([store, topic, version, type]) =>
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
  removals: [],
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
    ...orderEvents.map(([, topic, version, type]) => ({
      ...atOffset(topic, version),
      ...{ version, type, key: 'o-1', stream_id: 'o-1', event_id: idOf(type), fate: 'committed' },
      ...{ occurred_at: NOW - 500_000n, written_at: NOW - 500_000n, payload_hash: 'h' },
    })),
    { ...atOffset(ORDERS, 9n), fate: 'aborted', event_id: 'id-aborted', type: 'OrderPlaced' },
  ],
  ends: eventTopics.map((topic) => ({ topic, partition: 0n, next_offset: 10n })),
  dead_letters: [],
  malformed_dead_letters: [],
  committed: [
    ['payments', ORDERS],
    ['payments-shipments', SHIPMENTS],
    ['orders', PAYMENTS],
    ['orders-shipments', SHIPMENTS],
    ['fulfilment', ORDERS],
  ].map(([group_id = '', topic = '']) => ({ group_id, topic, partition: 0n, next_offset: 10n })),
  bronze: orderEvents.map(([, topic, version, type]) => ({
    ...atOffset(topic, version),
    ...{ version, type, stream_id: 'o-1', event_id: idOf(type) },
  })),
  chain: eventTopics.flatMap((topic) => [
    {
      table_name: topic,
      topic_partition: `${topic}-0`,
      sequence: 1n,
      start_offset: 0n,
      end_offset: 2n,
    },
    {
      table_name: topic,
      topic_partition: `${topic}-0`,
      sequence: 2n,
      start_offset: 2n,
      end_offset: 10n,
    },
  ]),
  snapshots: [1n, 2n].map((sequence) => ({
    ...{ table_name: ORDERS, sequence, operation: 'append', added: 3n, removed: 0n },
    ...{ total: 3n * sequence, accounted: 3n * sequence, has_offsets: true, is_repaired: false },
  })),
  topic_ids: eventTopics.map((topic) => ({ topic, in_kafka: topic, in_bronze: topic })),
  silver: [
    { topic: ORDERS, stream_id: 'o-1', version: 3n, status: 'completed', ...money },
    { topic: PAYMENTS, stream_id: 'o-1', version: 2n, status: 'captured', ...money },
    { topic: SHIPMENTS, stream_id: 'o-1', version: 1n, status: 'dispatched' },
  ],
  quarantine: [],
  dropped_barriers: [],
  progress: [...eventTopics, PRODUCTS].map((topic) => ({
    ...{ topic, partition: 0n, silver_end: 10n, quarantine_end: 10n },
  })),
  changes: [
    { ...atOffset(PRODUCTS, 1n), key: 'lamp', op: 'c', told_at: 1n, image: 'one' },
    { ...atOffset(PRODUCTS, 2n), key: 'lamp', op: 'u', told_at: 2n, image: 'two' },
  ],
  versions: [
    {
      ...{ topic: PRODUCTS, key: 'lamp', op: 'c', is_deleted: false, image: 'one' },
      ...{ valid_from_us: 1n, valid_to_us: 2n, first_offset: 1n, last_offset: 1n },
    },
    {
      ...{ topic: PRODUCTS, key: 'lamp', op: 'u', is_deleted: false, image: 'two' },
      ...{ valid_from_us: 2n, first_offset: 2n, last_offset: 2n },
    },
  ],
  gold: [{ kind: 'window', window_end: NOW - 400_000n, payments: 1n, ...money }],
  flink_jobs: [
    { name: 'revenue', state: 'RUNNING', checkpoint_at: NOW - 9_000n, failures: 0n, cause: '' },
  ],
}

/** Makes silver anew from bronze, so that a fault before silver is the only one. */
export const silverFromBronze = `
  delete from silver;
  insert into silver
    select topic, stream_id, version, status,
           case when topic = '${ORDERS}' or status = 'captured' then 500 end,
           case when topic = '${ORDERS}' or status = 'captured' then 'EUR' end from silver_due`
