import type pg from 'pg'
import { expect, test } from 'vitest'
import { Untold } from './told.ts'

/** Answers the two questions about a table's keys: all of them, and those that still exist. */
function tableOf(products: Set<string>) {
  const query = async (sql: string, values?: readonly [readonly string[]]) => {
    const keys = sql.includes('catalogue.products') ? [...products] : []
    const asked = values === undefined ? keys : keys.filter((key) => values[0].includes(key))
    return { rows: asked.map((key) => ({ key })) }
  }
  return { query } as unknown as Pick<pg.ClientBase, 'query'>
}

test('rows that were not sent are counted, and one of them is named', async () => {
  const told = new Set(['a'])
  const untold = new Untold((_, key) => told.has(key))
  const client = tableOf(new Set(['a', 'b', 'c']))
  expect(await untold.look(client)).toEqual([
    'catalogue.products: 2 of 3 rows were not sent, such as sku b',
  ])
  told.add('b').add('c')
  expect(await untold.look(client)).toEqual([])
})

test('rows that are written or deleted after the first look are not waited for', async () => {
  const products = new Set(['a', 'b'])
  const untold = new Untold((_, key) => key === 'a')
  const client = tableOf(products)
  expect(await untold.look(client)).toHaveLength(1)
  products.delete('b')
  products.add('new')
  expect(await untold.look(client)).toEqual([])
})
