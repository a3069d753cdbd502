import type pg from 'pg'
import { expect, test } from 'vitest'
import { Prices } from './catalogue.ts'

test('orders that come at the same time are priced by one statement, each in its own currency', async () => {
  const asked: (readonly (readonly string[])[])[] = []
  const rows = [
    { sku: 'mug', currency: 'EUR', price_minor: '1250', price_version: 1 },
    { sku: 'mug', currency: 'CHF', price_minor: '1190', price_version: 3 },
  ]
  const query = async ({ values }: { readonly values: readonly (readonly string[])[] }) => {
    asked.push(values)
    const [skus = [], currencies = []] = values
    const isWanted = ({ sku, currency }: (typeof rows)[number]) =>
      skus.some((one, index) => one === sku && currencies[index] === currency)
    return { rows: rows.filter(isWanted) }
  }
  const prices = new Prices({ query } as unknown as pg.Pool)
  const wanted = [
    ...([['mug'], ['mug'], ['mug', 'lamp', 'mug']] as const).map((skus) => prices.of(skus, 'EUR')),
    ...([['mug'], ['lamp']] as const).map((skus) => prices.of(skus, 'CHF')),
  ]
  const euros = { currency: 'EUR', priceMinor: 1_250n, priceVersion: 1 }
  const francs = { currency: 'CHF', priceMinor: 1_190n, priceVersion: 3 }
  expect((await Promise.all(wanted)).map((priced) => Object.fromEntries(priced))).toEqual([
    ...[{ mug: euros }, { mug: euros }, { mug: euros }, { mug: francs }, {}],
  ])
  expect(asked).toEqual([
    [['mug'], ['EUR']],
    [
      ['mug', 'lamp', 'mug', 'lamp'],
      ['EUR', 'EUR', 'CHF', 'CHF'],
    ],
  ])
})
