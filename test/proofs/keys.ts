import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { placeOrder, registerCustomers } from '@tenseams/demonstration/shop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { readTopics } from '../support/kafka.ts'
import { adminPool } from '../support/shop.ts'
import type { Claim, Verdict } from './claim.ts'
import { keyByAccount, keyByColumn } from './other-keys.ts'

const TOPIC = 'orders.order.v1'
const CUSTOMERS = 16
const ORDERS = 80
const LONGEST_LIST = 3

/** What keys and versions need of a record of the topic. */
export type KeyedRecord = {
  readonly orderId: string
  readonly version: bigint
  readonly partition: number
  readonly offset: string
}

/**
 * The key of a topic comes from the invariant that its readers rely on: all events of an order are in one partition, so
 * whoever reads the partition sees versions 1, 2, 3 … of the order.
 *
 * The provocation: while orders are under way, every two customer accounts are merged, which happens in every shop. The
 * id of an order never changes; its customer may.
 */
export const keys: Claim = {
  name: 'keys',
  says: 'versions 1..n are contiguous per order (I6), and an order is in one partition (I7)',
  breaks: {
    'random-key': 'the key is the event id',
    'customer-key': "the key is the customer's account",
  },
  only: ['connectors', 'orders', 'payments', 'payment-provider'],
  prove: async (stack, { broken, say }) => {
    const pool = adminPool(stack)
    try {
      await pool.query(
        'create table cdc.account_of (customer_id text primary key, account text not null)',
      )
      if (broken === 'random-key') await keyByColumn(stack, 'event_id')
      if (broken === 'customer-key') await keyByAccount(stack, pool)
      await provoke(stack, pool, say)
      return judge(await readRecords(stack, pool))
    } finally {
      await pool.end()
    }
  },
}

/** Payments is down while orders are placed and accounts are merged, so that each order has events before and after. */
async function provoke(stack: Stack, pool: pg.Pool, say: (line: string) => void): Promise<void> {
  const customers = await registerCustomers(stack.endpoints, CUSTOMERS)
  await stack.kill('payments')
  for (let index = 0; index < ORDERS; index += 1) {
    await placeOrder(stack.endpoints, customers, index)
  }
  say(`${ORDERS} orders of ${CUSTOMERS} customers are placed; now every two accounts are merged`)
  await mergeAccounts(pool, customers)
  await stack.restart('payments')
  const hasMoved = async () => {
    const { rows } = await pool.query<{ moved: string }>(
      'select count(*) as moved from orders.events where version = 2',
    )
    return Number(rows[0]?.moved) === ORDERS
  }
  await eventually(hasMoved, { timeoutMs: 90_000, what: 'each order to be confirmed or rejected' })
}

async function mergeAccounts(pool: pg.Pool, customers: readonly string[]): Promise<void> {
  for (let index = 1; index < customers.length; index += 2) {
    await pool.query('insert into cdc.account_of (customer_id, account) values ($1, $2)', [
      customers[index],
      customers[index - 1],
    ])
  }
}

async function readRecords(stack: Stack, pool: pg.Pool): Promise<readonly KeyedRecord[]> {
  const { kafkaBrokers, registryUrl } = stack.endpoints
  const reading = await readTopics(kafkaBrokers, [TOPIC])
  try {
    const codec = openCodec(registryUrl)
    const decoded = async () => {
      const records = await Promise.all(
        reading.records.map(async ({ value, partition, offset }) => {
          const { value: event } = await codec.decode<OrderEvent>(TOPIC, value)
          return { event, partition, offset }
        }),
      )
      return records
        .filter(({ event }) => event.type.startsWith('Order'))
        .map(({ event: { streamId, version }, partition, offset }) => ({
          ...{ orderId: streamId, version, partition, offset },
        }))
    }
    const isAll = async () => {
      const { rows } = await pool.query<{ count: string }>('select count(*) from orders.events')
      const records = await decoded()
      return records.length >= Number(rows[0]?.count) ? records : undefined
    }
    return await eventually(isAll, { timeoutMs: 60_000, what: 'all events in the topic' })
  } finally {
    await reading.close()
  }
}

/** Checks the invariants over what was read, each partition in order. */
export function judge(records: readonly KeyedRecord[]): Verdict {
  const orders = Map.groupBy(records, ({ orderId }) => orderId)
  const summary = `${orders.size} orders, ${records.length} events in ${TOPIC}`
  const grown = [...orders.values()].filter((events) => events.length > 1)
  if (grown.length < 10) {
    return { kind: 'undecided', lines: [summary, 'fewer than ten orders have two events'] }
  }
  const gaps = [...orders].flatMap(([orderId, events]) => gapOf(orderId, events))
  const torn = [...orders].flatMap(([orderId, events]) => tearOf(orderId, events))
  return {
    kind: gaps.length + torn.length === 0 ? 'holds' : 'refuted',
    lines: [
      summary,
      ...finding('I6 versions are contiguous per order', gaps),
      ...finding('I7 an order is in one partition', torn),
    ],
  }
}

/** Where a reader of one partition does not see versions 1, 2, 3 … of the order. */
function gapOf(orderId: string, events: readonly KeyedRecord[]): readonly string[] {
  for (const [partition, those] of Map.groupBy(events, (record) => record.partition)) {
    for (const [index, { version, offset }] of those.entries()) {
      if (version === BigInt(index) + 1n) continue
      const at = `partition ${partition}, offset ${offset}`
      return [`order ${orderId}: version ${version} at ${at}, where ${index + 1} was expected`]
    }
  }
  return []
}

function tearOf(orderId: string, events: readonly KeyedRecord[]): readonly string[] {
  const partitions = new Set(events.map(({ partition }) => partition))
  if (partitions.size === 1) return []
  const found = events.map(({ version, partition }) => `version ${version} in ${partition}`)
  return [`order ${orderId}: ${found.join(', ')}`]
}

function finding(name: string, offenders: readonly string[]): readonly string[] {
  if (offenders.length === 0) return [`ok       ${name}`]
  const listed = offenders.slice(0, LONGEST_LIST).map((offender) => `         ${offender}`)
  return [`BROKEN   ${name}: ${offenders.length} orders; the first:`, ...listed]
}
