import { describe, expect, it } from 'vitest'
import { LakehouseError } from '../errors.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import { pinnedBy, readSources, sourcesProperty, writeSources } from './sources.ts'

const bronze = { namespace: 'bronze', name: 'orders_order_v1' }

describe('the sources of a table', () => {
  it('are read as they were written, in any order, with all digits', () => {
    const sources = { 'bronze.b': 9_223_372_036_854_775_807n, 'bronze.a': 1n }
    const text = writeSources(sources)
    expect(text).toBe('{"bronze.a":"1","bronze.b":"9223372036854775807"}')
    expect(readSources({ [sourcesProperty]: text })).toEqual(sources)
  })

  it('are empty for a table that is made from none', () => {
    expect(readSources({ other: 'property' })).toEqual({})
  })

  it.each(['', 'null', '[]', '{"a":1}', '{"a":"-1"}', '{"a":"x"}', '{"a":null}'])(
    'are refused when they are %j',
    (text) => {
      expect(() => readSources({ [sourcesProperty]: text })).toThrow(sourcesProperty)
    },
  )
})

describe('the snapshots that other tables pin', () => {
  it('are those that they name, each once, and none of other tables', async () => {
    const catalog = catalogOf({
      'bronze.orders_order_v1': {},
      'silver.orders': { 'bronze.orders_order_v1': 7n, 'bronze.payments_payment_v1': 9n },
      'silver.order_lines': { 'bronze.orders_order_v1': 7n },
      'gold.funnel': { 'bronze.orders_order_v1': 5n, 'silver.orders': 11n },
    })
    expect(await pinnedBy(catalog, bronze)).toEqual([7n, 5n])
  })

  it('exclude those of a table that was dropped meanwhile', async () => {
    const catalog = catalogOf({ 'silver.orders': new LakehouseError('CATALOG_NOT_FOUND', 'gone') })
    expect(await pinnedBy(catalog, bronze)).toEqual([])
  })

  it('are unknown while one of the tables cannot be read', async () => {
    const down = new LakehouseError('CATALOG_UNAVAILABLE', 'down')
    const catalog = catalogOf({ 'silver.a': { 'bronze.orders_order_v1': 7n }, 'silver.b': down })
    await expect(pinnedBy(catalog, bronze)).rejects.toBe(down)
  })
})

function catalogOf(tables: Readonly<Record<string, Readonly<Record<string, bigint>> | Error>>) {
  const names = Object.keys(tables).map((name) => name.split('.') as [string, string])
  return {
    listNamespaces: async () => [...new Set(names.map(([namespace]) => namespace))],
    listTables: async (namespace: string) =>
      names.filter(([one]) => one === namespace).map(([, name]) => ({ namespace, name })),
    loadTable: async ({ namespace, name }: TableIdentifier) => {
      const sources = tables[`${namespace}.${name}`]
      if (sources instanceof Error) throw sources
      const properties = { [sourcesProperty]: writeSources(sources ?? {}) }
      return { properties } as Partial<TableMetadata> as TableMetadata
    },
  }
}
