import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { batchBytes, recordBytes } from './record-size.ts'

const shop = await readFile(new URL('../../postgres/shop.sql', import.meta.url), 'utf8')

test('every captured text has a bound, so that a row fits into a record twice', () => {
  const bounds = [...shop.matchAll(/add constraint \w+_fit_a_record check \(([^;]*)\) not valid/g)]
  expect(bounds).toHaveLength(3)
  const rows = bounds.map(([, text = '']) =>
    [...text.matchAll(/octet_length\((\w+)\) <= (\d+)/g)].reduce(
      (sum, [, , n]) => sum + Number(n),
      0,
    ),
  )
  expect(2 * Math.max(...rows)).toBeLessThan(recordBytes / 2)
  const bounded = new Set([...shop.matchAll(/octet_length\((\w+)\) <=/g)].map(([, name]) => name))
  for (const table of ['catalogue.customers', 'catalogue.products', 'cdc.signal']) {
    const columns =
      new RegExp(`create table if not exists ${table} \\(([^;]*)\\);`).exec(shop)?.[1] ?? ''
    const texts = [...columns.matchAll(/^ {2}(\w+) +(?:text|bytea)/gm)].map(([, name]) => name)
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.filter((name) => !bounded.has(name))).toEqual([])
  }
})

test('the broker takes what a connector may send, and as a dead letter with its headers', () => {
  expect(batchBytes).toBeGreaterThan(recordBytes + 524_288)
})
