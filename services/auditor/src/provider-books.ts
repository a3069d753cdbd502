import type pg from 'pg'
import type { Evidence } from './evidence.ts'
import { forget, inOneSnapshot, integerOf, type Mark, markOf, pages, textOf } from './reading.ts'

/** Loads the payment provider's own ledger: another company's books. @param since as for `loadStores`. */
export async function loadProvider(pool: pg.Pool, evidence: Evidence, since?: Mark): Promise<Mark> {
  return inOneSnapshot(pool, async (client) => {
    const mark = await markOf(client)
    const changed = `select payment_id from operations where transaction_id >= '${since?.xmin ?? 0n}'`
    await forget(client, evidence, 'operations', 'payment_id', since && changed)
    const text = `select o.payment_id, p.reference as order_id, o.kind, o.amount_minor, p.currency,
                         (extract(epoch from o.recorded_at) * 1000)::bigint as recorded_at
                    from operations o join payments p using (payment_id)
                   ${since === undefined ? '' : `where o.payment_id in (${changed})`}`
    await pages(client, text, (rows) =>
      evidence.load(
        'operations',
        rows.map((row) => ({
          payment_id: textOf(row.payment_id),
          order_id: textOf(row.order_id),
          kind: textOf(row.kind),
          amount_minor: integerOf(row.amount_minor),
          currency: textOf(row.currency),
          recorded_at: integerOf(row.recorded_at),
        })),
      ),
    )
    return mark
  })
}
