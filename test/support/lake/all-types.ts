import type { Row, Value } from '@tenseams/iceberg/format/row'
import { decimalOf, type Field, type PrimitiveType } from '@tenseams/iceberg/format/schema'

/** A column's values and their type; null is added to each. */
export type Sample = { readonly type: PrimitiveType; readonly values: readonly Value[] }

const DAY_MICROS = 86_400_000_000n

/** Every primitive type that the library writes, with boundary values of the type and of its text form. */
export const samples: Readonly<Record<string, Sample>> = {
  flag: { type: 'boolean', values: [true, false, true] },
  small: { type: 'int', values: [-2_147_483_648, 0, 2_147_483_647] },
  large: { type: 'long', values: [-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n] },
  ratio: { type: 'float', values: [-0, 1.5, Number.NaN] },
  rate: { type: 'double', values: [Number.NEGATIVE_INFINITY, 0.1, Number.NaN] },
  price: { type: 'decimal(9, 2)', values: [-999_999_999n, 0n, 1_420n] },
  total: { type: 'decimal(18, 3)', values: [-(10n ** 18n - 1n), -1n, 10n ** 18n - 1n] },
  huge: { type: 'decimal(38, 4)', values: [-(10n ** 38n - 1n), 1n, 10n ** 38n - 1n] },
  day: { type: 'date', values: [-719_162, -1, 2_932_896] },
  hour: { type: 'time', values: [0n, 81_068_000_001n, DAY_MICROS - 1n] },
  local: { type: 'timestamp', values: [-1n, 0n, 1_700_000_000_123_456n] },
  at: { type: 'timestamptz', values: [-DAY_MICROS - 1n, 1n, 1_700_000_000_123_457n] },
  name: { type: 'string', values: ['', 'Größe ⟂ 😀', `long ${'x'.repeat(40)}`] },
  key: {
    type: 'uuid',
    values: [
      '00000000-0000-0000-0000-000000000000',
      'a79c3e09-677c-4bbd-a479-3f349cb785e7',
      'ffffffff-ffff-4fff-bfff-ffffffffffff',
    ],
  },
  raw: { type: 'binary', values: [bytes(''), bytes('00ff'), bytes('ff'.repeat(20))] },
}

/** Nested columns. */
export const nestedFields: readonly Field[] = [
  { id: 1, name: 'id', required: true, type: 'long' },
  {
    id: 2,
    name: 'line',
    required: false,
    type: {
      type: 'struct',
      fields: [
        { id: 3, name: 'product', required: false, type: 'string' },
        { id: 4, name: 'quantity', required: false, type: 'int' },
      ],
    },
  },
  {
    id: 5,
    name: 'tags',
    required: false,
    type: { type: 'list', 'element-id': 6, element: 'string', 'element-required': false },
  },
  {
    id: 7,
    name: 'counts',
    required: false,
    type: {
      type: 'map',
      'key-id': 8,
      key: 'string',
      'value-id': 9,
      value: 'int',
      'value-required': false,
    },
  },
]

export const nestedRows: readonly Row[] = [
  {
    id: 1n,
    line: { product: 'tea', quantity: 2 },
    tags: ['a', null],
    counts: [{ key: 'x', value: 1 }],
  },
  { id: 2n, line: { product: null, quantity: null }, tags: [], counts: [] },
  { id: 3n, line: null, tags: null, counts: null },
]

/** Ids from 1 in the order of the names. */
export function fieldsOf(of: Readonly<Record<string, Sample>> = samples): readonly Field[] {
  return Object.entries(of).map(([name, { type }], index) => ({
    id: index + 1,
    name,
    required: false,
    type,
  }))
}

/** One row per value, and one of nulls. */
export function rowsOf(of: Readonly<Record<string, Sample>> = samples): readonly Row[] {
  const row = (at: number) =>
    Object.fromEntries(Object.entries(of).map(([name, { values }]) => [name, values[at] ?? null]))
  return [row(0), row(1), row(2), row(3)]
}

/** Rows as `tables.py` has them. */
export type TextRow = Readonly<Record<string, unknown>>

export function textRows(fields: readonly Field[], rows: readonly Row[]): readonly TextRow[] {
  return rows.map((row) =>
    Object.fromEntries(fields.map(({ name, type }) => [name, textOf(type, row[name] ?? null)])),
  )
}

/** A value in the exchange format; numbers, days and microseconds may be number or bigint. */
function textOf(type: Field['type'], value: Value): unknown {
  if (value === null) return value
  if (typeof type !== 'string') return type.type === 'map' ? objectOf(value) : value
  const decimal = decimalOf(type)
  if (decimal !== undefined) return pointed(value as bigint, decimal.scale)
  switch (type) {
    case 'boolean':
    case 'string':
    case 'uuid':
      return value
    case 'float':
    case 'double':
      return numberText(value as number)
    case 'binary':
      return Buffer.from(value as Uint8Array).toString('hex')
    default:
      return `${value}`
  }
}

function objectOf(map: Value): object {
  const entries = map as readonly { readonly key: string; readonly value: Value }[]
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]))
}

function pointed(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : ''
  const digits = `${unscaled < 0n ? -unscaled : unscaled}`.padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** A floating-point number, exact. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const eight = Buffer.alloc(8)
  eight.writeDoubleBE(value)
  return eight.toString('hex')
}
