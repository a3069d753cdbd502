import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'

/** Waits until no order needs a payment or a shipment, and no money is held for an order that has ended. */
export async function untilAllEnded(shop: pg.Pool): Promise<void> {
  const haveEnded = async () => {
    const { rowCount } = await shop.query(
      `select from (
         select distinct on (stream_id) type from orders.events order by stream_id, version desc
       ) as orders where type in ('OrderPlaced', 'OrderConfirmed')
       union all
       select from (
         select distinct on (stream_id) type from payments.events order by stream_id, version desc
       ) as payments where type = 'PaymentAuthorised' limit 1`,
    )
    return rowCount === 0
  }
  await eventually(haveEnded, { timeoutMs: 240_000, what: 'every order and payment to end' })
}
