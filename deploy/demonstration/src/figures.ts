import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import { Engine } from '@tenseams/iceberg/duckdb'
import { type LakePorts, queryLake } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { openKafka } from '@tenseams/kafka/client'
import type { Secrets } from '@tenseams/local/launcher/install/secrets'
import { type Endpoints, kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Admin } from 'kafkajs'
import pg from 'pg'

/** Money captured in one currency: how often, and how much in minor units. */
export type Money = { readonly currency: string; readonly payments: bigint; readonly minor: bigint }

export type TopicCount = {
  readonly topic: string
  readonly rows: bigint
  readonly distinct: bigint
}

export type TopicOffsets = { readonly topic: string; readonly records: bigint }

/** The topics whose events are counted in bronze. The first two come from Postgres, the last from fulfilment. */
export const eventTopics = [
  'orders.order.v1',
  'payments.payment.v1',
  'fulfilment.shipment.v1',
] as const

/** Orders by the type of their last event. */
export type OrderStates = Readonly<Record<string, number>>

/** True when the lifecycle of every order has ended: none waits for a payment or a shipment. */
export function areSettled(states: OrderStates): boolean {
  return (states.OrderPlaced ?? 0) + (states.OrderConfirmed ?? 0) === 0
}

/** Reads the counts of each stage. Every query has a timeout; nothing is written. */
export class Figures {
  readonly #pool: pg.Pool
  readonly #admin: Admin
  readonly #lake: LakePorts

  private constructor(pool: pg.Pool, admin: Admin, lake: LakePorts) {
    this.#pool = pool
    this.#admin = admin
    this.#lake = lake
  }

  static async open(endpoints: Endpoints, secrets: Secrets): Promise<Figures> {
    const pool = new pg.Pool({
      ...endpoints.postgres,
      user: 'postgres',
      password: secrets.postgresPasswords.postgres,
      database: 'shop',
      max: 2,
      connectionTimeoutMillis: 5_000,
      query_timeout: 15_000,
    })
    pool.on('error', () => {
      // The next query opens a new connection, or fails with the reason.
    })
    const kafka = openKafka({ ...kafkaAs(endpoints, 'reader'), clientId: 'demonstration' })
    const admin = kafka.admin()
    await admin.connect()
    const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    const catalog = new Catalog({
      url: endpoints.catalogUrl,
      login: endpoints.login,
      timeoutMs: 10_000,
    })
    return new Figures(pool, admin, { catalog, storage: fileStorage, engine })
  }

  async close(): Promise<void> {
    this.#lake.engine.close()
    await this.#admin.disconnect()
    await this.#pool.end()
  }

  /** Runs a query over the lake, in DuckDB's SQL. */
  async lake(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return queryLake(this.#lake, sql)
  }

  /** The number of orders by the type of their last event. */
  async orderStates(): Promise<OrderStates> {
    const { rows } = await this.#pool.query<{ type: string; orders: number }>(
      `select type, count(*)::int as orders from
         (select distinct on (stream_id) type from orders.events order by stream_id, version desc) as latest
        group by type order by type`,
    )
    return Object.fromEntries(rows.map(({ type, orders }) => [type, orders]))
  }

  /** Events in Postgres, by topic. */
  async storedEvents(): Promise<readonly TopicCount[]> {
    const { rows } = await this.#pool.query<{ topic: string; rows: string }>(
      `select topic, count(*) as rows from
         (select topic from orders.events union all select topic from payments.events) as events
        where topic = any($1) group by topic order by topic`,
      [eventTopics],
    )
    return rows.map((row) => ({
      topic: row.topic,
      rows: BigInt(row.rows),
      distinct: BigInt(row.rows),
    }))
  }

  /**
   * The events that must exist according to Postgres: its own, and one of a shipment for each confirmation and for each
   * cancellation after one. Fulfilment itself has no store to read.
   */
  async dueEvents(): Promise<readonly TopicCount[]> {
    const { rows } = await this.#pool.query<{ shipments: string }>(
      `select count(*) as shipments from orders.events
        where type = 'OrderConfirmed' or (type = 'OrderCancelled' and data->>'paymentId' is not null)`,
    )
    const shipments = BigInt(rows[0]?.shipments ?? 0)
    const due = { topic: eventTopics[2], rows: shipments, distinct: shipments }
    return [...(await this.storedEvents()), due]
  }

  /** Money captured, according to the payments' event store. */
  async captured(): Promise<readonly Money[]> {
    const { rows } = await this.#pool.query<{ currency: string; payments: string; minor: string }>(
      `select data->>'currency' as currency, count(*) as payments, sum((data->>'amountMinor')::bigint) as minor
         from payments.events where type = 'PaymentCaptured' group by 1 order by 1`,
    )
    return rows.map(({ currency, payments, minor }) => moneyOf(currency, payments, minor))
  }

  /** High watermarks, summed over a topic's partitions: records, ticks and transaction markers. */
  async offsets(topics: readonly string[]): Promise<readonly TopicOffsets[]> {
    const counted: TopicOffsets[] = []
    for (const topic of topics) {
      const partitions = await this.#admin.fetchTopicOffsets(topic)
      const records = partitions.reduce(
        (sum, { high, low }) => sum + BigInt(high) - BigInt(low),
        0n,
      )
      counted.push({ topic, records })
    }
    return counted
  }

  /** Events in bronze; barriers are rows there too, but not events. */
  async bronze(): Promise<readonly TopicCount[]> {
    const counted: TopicCount[] = []
    for (const topic of eventTopics) {
      const [row] = await queryLake(
        this.#lake,
        `select count(*) as n, count(distinct event_id) as d from bronze.${bronzeTableNameOf(topic)} where type <> 'barrier'`,
      )
      counted.push({ topic, rows: integer(row?.n), distinct: integer(row?.d) })
    }
    return counted
  }

  /**
   * Closed windows and late payments in gold, together: every captured payment is in one of them. One that was sent again after
   * its window had closed is late then, and was counted before (adr/0024).
   */
  async gold(): Promise<{ readonly windows: readonly Money[]; readonly late: readonly Money[] }> {
    const windows = await queryLake(
      this.#lake,
      `select currency, sum(delta_payments) as payments, sum(delta_minor) as minor
         from gold.revenue_per_minute group by currency order by currency`,
    )
    const late = await queryLake(
      this.#lake,
      `select currency, count(*) as payments, sum(amount_minor) as minor
         from gold.revenue_per_minute_late as late
        where not exists (
                select 1 from bronze.${bronzeTableNameOf('payments.payment.v1')} as earlier
                 where earlier.event_id = late.event_id and earlier.kafka_offset < late.kafka_offset)
        group by currency order by currency`,
    )
    return { windows: windows.map(moneyOfRow), late: late.map(moneyOfRow) }
  }

  /** The newest windows, newest first. */
  async newestWindows(limit: number): Promise<readonly Window[]> {
    const rows = await queryLake(
      this.#lake,
      `select strftime(window_start, '%H:%M:%S') as starts, strftime(window_end, '%H:%M:%S') as ends, currency,
              sum(delta_payments) as payments, sum(delta_minor) as minor
         from gold.revenue_per_minute group by window_start, window_end, currency
        order by window_start desc, currency limit ${limit}`,
    )
    return rows.map((row) => ({
      starts: String(row.starts),
      ends: String(row.ends),
      ...moneyOfRow(row),
    }))
  }

  /** The number of orders by state according to silver, with the names of `orderStates`. */
  async silverOrders(): Promise<OrderStates> {
    const rows = await queryLake(
      this.#lake,
      `select 'Order' || upper(status[1]) || status[2:] as type, count(*) as orders from silver.orders
        group by 1 order by 1`,
    )
    return Object.fromEntries(rows.map(({ type, orders }) => [String(type), Number(orders)]))
  }

  /** Money captured, according to the gold table that is derived from silver. */
  async orderToCash(): Promise<readonly Money[]> {
    const rows = await queryLake(
      this.#lake,
      `select currency, sum(captured) as payments, sum(captured_minor) as minor from gold.order_to_cash
        group by 1 having sum(captured) > 0 order by 1`,
    )
    return rows.map(moneyOfRow)
  }

  /** The best sellers, one line each. */
  async bestSellers(limit: number): Promise<readonly string[]> {
    const rows = await queryLake(
      this.#lake,
      `select day::varchar as day, product, segment, currency, orders, pieces, revenue_minor from gold.daily_revenue
        order by revenue_minor desc, day, product, segment, currency limit ${limit}`,
    )
    return rows.map((row) => Object.values(row).map(String).join('  '))
  }

  /** Whether the event that placed this order is in bronze. */
  async isInBronze(orderId: string): Promise<boolean> {
    const rows = await queryLake(
      this.#lake,
      `select 1 as found from bronze.${bronzeTableNameOf(eventTopics[0])} where stream_id = '${orderId}' limit 1`,
    )
    return rows.length > 0
  }
}

export type Window = Money & { readonly starts: string; readonly ends: string }

const moneyOf = (currency: string, payments: string, minor: string): Money => ({
  currency,
  payments: BigInt(payments),
  minor: BigInt(minor),
})

function moneyOfRow(row: Readonly<Record<string, unknown>>): Money {
  return {
    currency: String(row.currency),
    payments: integer(row.payments),
    minor: integer(row.minor),
  }
}

/** DuckDB returns counts and sums as bigints (a sum of bigints as HUGEINT) or, where they fit, as numbers. */
function integer(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(value)
  throw new TypeError(`not an integer: ${String(value)}`)
}
