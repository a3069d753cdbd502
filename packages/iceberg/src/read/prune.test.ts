import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine, quoteName } from '../duckdb.ts'
import type { Value } from '../format/row.ts'
import type { StructType } from '../format/schema.ts'
import { fileStorage } from '../storage.ts'
import { dataFile } from '../testing/memory-table.ts'
import { writeParquet } from '../write/parquet.ts'
import { type Comparison, type Condition, type FilterValue, pruner } from './prune.ts'
import { scanSql } from './scan-sql.ts'

const types = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'string',
  'date',
  'timestamptz',
] as const
type Kind = (typeof types)[number]

const schema: StructType = {
  type: 'struct',
  fields: [
    ...types.map((type, index) => ({ id: index + 1, name: type, required: false, type })),
    {
      id: 20,
      name: 'inside',
      required: false,
      type: { type: 'struct', fields: [{ id: 21, name: 'long', required: false, type: 'long' }] },
    },
  ],
}

const comparisons: readonly Comparison[] = ['=', '<', '<=', '>', '>=']

describe('pruning', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prune-'))
  let engine: Engine

  beforeAll(async () => {
    engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  })

  afterAll(() => {
    engine.close()
    rmSync(folder, { recursive: true })
  })

  it('never leaves out a file with a row that DuckDB finds, and leaves out most of the others', async () => {
    const random = randomOf(7)
    let [without, pruned] = [0, 0]
    for (let round = 0; round < 40; round++) {
      const rows = Array.from({ length: 1 + random(3) }, () => ({
        ...Object.fromEntries(types.map((type) => [type, valueOrNull(type, random)])),
        inside: random(4) === 0 ? null : { long: valueOrNull('long', random) },
      }))
      const uri = `file://${folder}/${round}.parquet`
      const ports = { engine, storage: fileStorage }
      const file = await writeParquet(ports, { uri, schema, rows })
      const conditions = Array.from({ length: 60 }, () => conditionOf(random))
      const source = await scanSql(ports, { files: [file] }, schema)
      const counts = conditions.map((one) => `count(*) FILTER (WHERE ${sqlOf(one)})`)
      const found = await engine.using(async (connection) => {
        await connection.run("SET TimeZone = 'UTC'")
        const reader = await connection.runAndReadAll(
          `SELECT ${counts.join(', ')} FROM (${source})`,
        )
        return reader.getRowsJS()[0] ?? []
      })
      for (const [index, condition] of conditions.entries()) {
        const mayHold = pruner(schema, [condition])(file)
        if (found[index] !== 0n) expect([condition, rows, mayHold]).toEqual([condition, rows, true])
        else {
          without++
          if (!mayHold) pruned++
        }
      }
    }
    expect(without).toBeGreaterThan(500)
    expect(pruned / without).toBeGreaterThan(0.5)
  })

  const one = (type: string): StructType => ({
    type: 'struct',
    fields: [{ id: 1, name: 'value', required: false, type }],
  })
  const bounded = (lower: string, upper: string) =>
    dataFile('a', {
      lower_bounds: [{ key: 1, value: Buffer.from(lower, 'hex') }],
      upper_bounds: [{ key: 1, value: Buffer.from(upper, 'hex') }],
      value_counts: [{ key: 1, value: 2n }],
      null_value_counts: [{ key: 1, value: 0n }],
    })
  const holds = (
    type: string,
    file: ReturnType<typeof dataFile>,
    op: Comparison,
    value: FilterValue,
  ) => pruner(one(type), [{ column: 'value', op, value }])(file)

  it.each<[string, string, string, FilterValue, FilterValue]>([
    ['long', '01000000', '05000000', 5n, 6n], // written as int
    ['double', '0000803f', '00000040', 2, 2.5], // written as float
    ['decimal(9,2)', 'ff38', '04d2', '12.34', '12.35'],
    ['decimal(9,2)', 'ff38', '04d2', '12.340', '12.341'],
    ['binary', '00', 'ff', new Uint8Array([255]), new Uint8Array([255, 0])],
    ['time', '0000000000000000', '0100000000000000', 1n, 2n],
  ])('knows the bounds of %s', (type, lower, upper, inside, outside) => {
    expect(holds(type, bounded(lower, upper), '=', inside)).toBe(true)
    expect(holds(type, bounded(lower, upper), '=', outside)).toBe(false)
    expect(holds(type, bounded(lower, upper), '<=', outside)).toBe(true)
  })

  it('treats NaN as above all numbers, unless there is none', () => {
    const file = bounded('0000803f', '00000040')
    expect(holds('float', file, '>', 9)).toBe(true)
    expect(holds('float', { ...file, nan_value_counts: [{ key: 1, value: 0n }] }, '>', 9)).toBe(
      false,
    )
    expect(holds('float', file, '=', Number.NaN)).toBe(true)
  })

  it('leaves out nothing without statistics, or for types whose bounds it does not know', () => {
    for (const op of comparisons) {
      expect(holds('long', dataFile('a'), op, 1n)).toBe(true)
      expect(holds('uuid', bounded('00', 'ff'), op, 'f')).toBe(true)
    }
    expect(pruner(one('long'), [{ column: 'value', op: 'is-null' }])(dataFile('a'))).toBe(true)
    expect(pruner(one('long'), [{ column: 'value', op: 'not-null' }])(dataFile('a'))).toBe(true)
  })

  it('does not rely on how writers count a member whose struct is null', () => {
    const file = dataFile('a', { null_value_counts: [{ key: 21, value: 0n }] })
    expect(pruner(schema, [{ column: 'inside.long', op: 'is-null' }])(file)).toBe(true)
  })

  it('needs all conditions, and any of the values', () => {
    const file = bounded('01000000', '05000000')
    const filter = (...conditions: readonly Condition[]) => pruner(one('int'), conditions)(file)
    expect(filter({ column: 'value', op: 'in', value: [0, 9] })).toBe(false)
    expect(filter({ column: 'value', op: 'in', value: [0, 3] })).toBe(true)
    expect(filter()).toBe(true)
    const [low, high] = [0, 3].map((value) => ({ column: 'value', op: '<=', value }) as const)
    if (low === undefined || high === undefined) throw new Error('no conditions')
    expect(filter(high, low)).toBe(false)
    expect(filter({ column: 'value', op: 'is-null' })).toBe(false)
  })

  it('refuses a value that no row can be compared with', () => {
    expect(() => pruner(one('int'), [{ column: 'valeu', op: '=', value: 1 }])).toThrow(
      'no column valeu',
    )
    expect(() => pruner(one('int'), [{ column: 'value', op: '=', value: '1' }])).toThrow(
      'value (int)',
    )
    expect(() => pruner(schema, [{ column: 'inside', op: '=', value: 1 }])).toThrow('(struct)')
    expect(() => pruner(schema, [{ column: 'inside.none', op: 'is-null' }])).toThrow('no column')
  })
})

type Random = (below: number) => number

/** The same numbers each time, so that a failure can be repeated. */
function randomOf(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const characters = ['a', 'b', 'ä', '\u{10ffff}', '\u{d7ff}', '😀', 'z', '']
const stem = 'fourteen chars'
const numbers = [0, -0, 1, -1, 0.1, -0.1, 1e30, Number.POSITIVE_INFINITY, Number.NaN, 0.1 + 0.2]

function valueOrNull(type: Kind, random: Random): Value {
  return random(5) === 0 ? null : someValue(type, random)
}

function someValue(type: Kind, random: Random): FilterValue {
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item
  switch (type) {
    case 'boolean':
      return random(2) === 0
    case 'int':
      return pick([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), random(100)])
    case 'date':
      return pick([0, -1, 20_000, random(100)])
    case 'long':
      return pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + BigInt(random(3))])
    case 'timestamptz':
      return pick([0n, -1n, 1_700_000_000_123_456n, BigInt(random(3_000_000))])
    case 'float':
      return Math.fround(pick(numbers))
    case 'double':
      return pick(numbers)
    case 'string': {
      const text = Array.from({ length: random(5) }, () => pick(characters)).join('')
      return pick(['', stem]) + text
    }
  }
}

function conditionOf(random: Random): Condition {
  const kind = types[random(types.length)] ?? 'int'
  const nested = kind === 'long' && random(2) === 0
  const column = nested ? 'inside.long' : kind
  const which = random(comparisons.length + 3)
  if (which === 0) return { column, op: 'is-null' }
  if (which === 1) return { column, op: 'not-null' }
  if (which === 2)
    return { column, op: 'in', value: [someValue(kind, random), someValue(kind, random)] }
  return { column, op: comparisons[which - 3] ?? '=', value: someValue(kind, random) }
}

function sqlOf(condition: Condition): string {
  const column = condition.column.split('.').map(quoteName).join('.')
  if (condition.op === 'is-null') return `${column} IS NULL`
  if (condition.op === 'not-null') return `${column} IS NOT NULL`
  const type = condition.column.replace('inside.', '')
  if (condition.op !== 'in') return `${column} ${condition.op} ${literal(type, condition.value)}`
  return `${column} IN (${condition.value.map((value) => literal(type, value)).join(', ')})`
}

function literal(type: string, value: FilterValue): string {
  if (type === 'string') return `decode('${hexOf(String(value))}'::BLOB)`
  if (type === 'boolean') return String(value)
  if (type === 'float' || type === 'double')
    return `CAST('${Object.is(value, -0) ? '-0' : value}' AS ${type.toUpperCase()})`
  if (type === 'date') return `DATE '1970-01-01' + CAST(${value} AS INTEGER)`
  if (type === 'timestamptz') return `make_timestamptz(CAST(${value} AS BIGINT))`
  return `CAST('${value}' AS ${type === 'int' ? 'INTEGER' : 'BIGINT'})`
}

function hexOf(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}
