import { openCodec } from '@tenseams/contracts/codec'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import type pg from 'pg'
import type { ReadRecord } from '../../support/kafka.ts'
import { topics } from '../eos/provocations/scene.ts'
import { differences, type Keyed } from './comparison.ts'

/** Silver's latest states are those of the event stores and the topic, its current rows those of the captured tables. */
export async function silverEqualsPostgres(
  ports: LakePorts,
  shop: pg.Pool,
  shipments: readonly Keyed[],
): Promise<readonly string[]> {
  const found = await tablesEqual(ports, shop, [...streams, ...captured])
  const held = await inSilver(
    ports,
    'shipments',
    `SELECT order_id AS key, status || ' ' || version AS text FROM rows`,
  )
  found.push(...differences('I15 silver.shipments', shipments, held))
  return found
}

/** The current rows of silver's histories are those of the captured tables. */
export function silverEqualsCaptured(ports: LakePorts, shop: pg.Pool): Promise<string[]> {
  return tablesEqual(ports, shop, captured)
}

type Comparison = { readonly name: string; readonly postgres: string; readonly lake: string }

async function tablesEqual(
  ports: LakePorts,
  shop: pg.Pool,
  comparisons: readonly Comparison[],
): Promise<string[]> {
  const found: string[] = []
  for (const { name, postgres, lake } of comparisons) {
    const { rows: wanted } = await shop.query<Keyed>(postgres)
    const held = await inSilver(ports, name, lake)
    found.push(...differences(`I15 silver.${name}`, wanted, held))
  }
  return found
}

async function inSilver(ports: LakePorts, name: string, sql: string): Promise<readonly Keyed[]> {
  const table = { namespace: 'silver', name }
  const rows = await queryTable(ports, table, sql)
  return rows.map(({ key, text }) => ({ key: String(key), text: String(text) }))
}

/** The newest event of each stream whose type leads to a status; what one event told is taken from that one. */
const latestOf = (schema: 'orders' | 'payments', passing: string) => `
  select distinct on (stream_id) stream_id, type,
         max(version) over (partition by stream_id) as version
    from ${schema}.events where type not in ('tick', 'barrier'${passing})
   order by stream_id, ${schema}.events.version desc`

const streams: readonly Comparison[] = [
  {
    name: 'orders',
    postgres: `with latest as (${latestOf('orders', '')})
      select latest.stream_id as key, concat_ws('|', lower(substr(latest.type, 6)), latest.version,
             placed.data->>'customerId', placed.data->>'currency', placed.data->>'totalMinor') as text
        from latest join orders.events placed on placed.stream_id = latest.stream_id and placed.version = 1`,
    lake: `SELECT order_id AS key, concat_ws('|', status, version, customer_id, currency, total_minor) AS text FROM rows`,
  },
  {
    name: 'payments',
    postgres: `with latest as (${latestOf('payments', `, 'SurplusReturned'`)})
      select latest.stream_id as key, concat_ws('|', lower(substr(latest.type, 8)),
             coalesce(captured.data->>'amountMinor', '0')) as text
        from latest left join payments.events captured
          on captured.stream_id = latest.stream_id and captured.type = 'PaymentCaptured'`,
    lake: `SELECT order_id AS key, concat_ws('|', status, coalesce(captured_minor, 0)) AS text FROM rows`,
  },
]

const captured: readonly Comparison[] = [
  {
    name: 'customers',
    postgres: `select customer_id as key, concat_ws('|', segment, encode(name_cipher, 'hex'), encode(email_cipher, 'hex'),
             round(extract(epoch from updated_at) * 1000000)::bigint) as text from catalogue.customers`,
    lake: `SELECT customer_id AS key, concat_ws('|', segment, lower(hex(name_cipher)), lower(hex(email_cipher)), epoch_us(updated_at))
           AS text FROM rows WHERE customer_id IS NOT NULL AND valid_to IS NULL AND NOT is_deleted`,
  },
  {
    name: 'products',
    postgres: `select sku as key, concat_ws('|', name, price_minor, currency,
             round(extract(epoch from updated_at) * 1000000)::bigint) as text from catalogue.products`,
    lake: `SELECT sku AS key, concat_ws('|', name, price_minor, currency, epoch_us(updated_at))
           AS text FROM rows WHERE sku IS NOT NULL AND valid_to IS NULL AND NOT is_deleted`,
  },
]

type Shipment = { readonly streamId: string; readonly version: bigint; readonly type: string }

/** The state of each shipment by its topic, which is the only source of it. */
export async function shipmentsIn(
  registryUrl: string,
  records: readonly ReadRecord[],
): Promise<readonly Keyed[]> {
  const codec = openCodec(registryUrl, 10_000)
  const latest = new Map<string, Shipment>()
  for (const { value } of records.filter(({ topic }) => topic === topics.shipments)) {
    const { value: event } = await codec.decode<Shipment>(topics.shipments, value)
    if (event.version > (latest.get(event.streamId)?.version ?? 0n))
      latest.set(event.streamId, event)
  }
  return [...latest].map(([key, { type, version }]) => ({
    key,
    text: `${type === 'ShipmentDispatched' ? 'dispatched' : 'recalled'} ${version}`,
  }))
}
