import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'

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

type PriceRow = {
  readonly sku: string
  readonly currency: string
  readonly price_minor: string
  readonly price_version: number
}

/** A higher price is no price: no order could contain it. */
const LARGEST_PRICE_MINOR = 1_000_000_000

/**
 * The prices of products in a currency, as they are now. A product that is not sold, or not in this currency, is missing.
 *
 * @throws StoreUnavailableError
 */
export async function readPrices(
  pool: pg.Pool,
  skus: readonly string[],
  currency: string,
): Promise<ReadonlyMap<string, Price>> {
  try {
    const { rows } = await pool.query<PriceRow>({
      name: 'read-prices',
      text: `select newest.* from unnest($1::text[]) as w(sku) cross join lateral (
               select sku, currency, price_minor, price_version from catalogue.prices
                where sku = w.sku and currency = $2 order by price_version desc limit 1) as newest
              where newest.price_minor <= ${LARGEST_PRICE_MINOR}`,
      values: [[...new Set(skus)], currency],
    })
    return new Map(rows.map((row) => [row.sku, priceOf(row)]))
  } catch (error) {
    throw unavailable(error)
  }
}

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
