import { unavailable } from '@tenseams/event-store/errors'
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

/**
 * The prices of these products in a currency, as they are now. A product that is not sold, or not in this currency, is
 * missing.
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
      text: `select * from (
               select distinct on (sku) sku, currency, price_minor, price_version from catalogue.prices
                where sku = any($1) and currency = $2 order by sku, price_version desc) as newest
              where price_minor <= ${LARGEST_PRICE_MINOR}`,
      values: [skus, currency],
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
