import { StoreUnavailableError, unavailable } from '@tenseams/event-store/errors'
import { CallBatches } from '@tenseams/service/call-batches'
import type pg from 'pg'

/** What one piece costs in one currency, and which of the product's prices in that currency it is. */
export type Price = {
  readonly currency: string
  readonly priceMinor: bigint
  readonly priceVersion: number
}

export type Product = {
  readonly sku: string
  readonly name: string
  readonly prices: readonly Price[]
}

/** A higher price is no price: no order could contain it. */
const LARGEST_PRICE_MINOR = 1_000_000_000

type PriceRow = {
  readonly sku: string
  readonly currency: string
  readonly price_minor: string
  readonly price_version: number
}

type Wanted = { readonly skus: readonly string[]; readonly currency: string }

/**
 * The prices of products in a currency, as they are now. A product that is not sold, or not in this currency, is missing.
 * Orders that come at the same time are priced by one statement; each sees what was committed before it came.
 *
 * @throws StoreUnavailableError
 */
export class Prices {
  readonly #reads: CallBatches<Wanted, ReadonlyMap<string, Price>>

  constructor(pool: pg.Pool) {
    this.#reads = new CallBatches({
      ...{ maxUnderWay: 2, maxBatch: 64, maxQueued: 10_000 },
      handle: (batch) => readPrices(pool, batch),
      concernsAll: (error) => error instanceof StoreUnavailableError,
      onFull: () => new StoreUnavailableError('too many orders wait for their prices'),
    })
  }

  of(skus: readonly string[], currency: string): Promise<ReadonlyMap<string, Price>> {
    return this.#reads.answer({ skus: [...new Set(skus)], currency })
  }
}

async function readPrices(
  pool: pg.Pool,
  batch: readonly Wanted[],
): Promise<readonly ReadonlyMap<string, Price>[]> {
  const wanted = batch.flatMap(({ skus, currency }) => skus.map((sku) => ({ sku, currency })))
  const distinct = new Map(wanted.map((one) => [nameOf(one), one])).values().toArray()
  try {
    const { rows } = await pool.query<PriceRow>({
      name: 'read-prices',
      text: `select newest.* from unnest($1::text[], $2::text[]) as w(sku, currency)
              cross join lateral (
                select sku, currency, price_minor, price_version from catalogue.prices
                 where sku = w.sku and currency = w.currency order by price_version desc limit 1) as newest
              where newest.price_minor <= ${LARGEST_PRICE_MINOR}`,
      values: [distinct.map(({ sku }) => sku), distinct.map(({ currency }) => currency)],
    })
    const found = new Map(rows.map((row) => [nameOf(row), priceOf(row)]))
    return batch.map(({ skus, currency }) => {
      const priced = skus.map((sku) => [sku, found.get(nameOf({ sku, currency }))] as const)
      return new Map(priced.flatMap(([sku, price]) => (price === undefined ? [] : [[sku, price]])))
    })
  } catch (error) {
    throw unavailable(error)
  }
}

/** A currency has three characters, so no two names are the same. */
const nameOf = ({ sku, currency }: { readonly sku: string; readonly currency: string }) =>
  `${currency} ${sku}`

/** A product with its prices; undefined when it is not sold at all. @throws StoreUnavailableError */
export async function readProduct(pool: pg.Pool, sku: string): Promise<Product | undefined> {
  try {
    const { rows } = await pool.query<PriceRow & { readonly name: string }>({
      name: 'read-product',
      text: `select sku, name, newest.currency, newest.price_minor, price_version from catalogue.products join (
               select distinct on (currency) sku, currency, price_minor, price_version from catalogue.prices
                where sku = $1 order by currency, price_version desc) as newest using (sku)
              where newest.price_minor <= ${LARGEST_PRICE_MINOR} order by newest.currency`,
      values: [sku],
    })
    const [first] = rows
    return first && { sku: first.sku, name: first.name, prices: rows.map(priceOf) }
  } catch (error) {
    throw unavailable(error)
  }
}

function priceOf({ currency, price_minor, price_version }: PriceRow): Price {
  return { currency, priceMinor: BigInt(price_minor), priceVersion: price_version }
}
