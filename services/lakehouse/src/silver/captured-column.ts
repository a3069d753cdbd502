import type { DerivedColumn } from './derived-table.ts'

/** A captured column, and what it must be in the JSON of a row image (`image`). */
export type CapturedColumn = DerivedColumn & {
  /** The type in Postgres that the column was promised to have. */
  readonly captured: CapturedType
  /** The value, as SQL over `image`; null when the value is not of the promised type, or does not fit. */
  readonly from: string
  /** The kind that `json_type` finds for a value of the promised type. */
  readonly kinds: readonly string[]
}

type CapturedType = keyof typeof types

/** A time with its zone and at most microseconds, as Debezium writes a `timestamptz`. */
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?(Z|[+-]\\d\\d:\\d\\d)'

/** Bytes are base64 in the JSON of a row image (`raw-change-table.ts`). */
const types = {
  text: { type: 'string', kinds: ['VARCHAR'], value: (text: string) => text },
  bytea: { type: 'binary', kinds: ['VARCHAR'], value: (text: string) => `from_base64(${text})` },
  bigint: {
    type: 'long',
    kinds: ['BIGINT', 'UBIGINT'],
    value: (text: string) => `TRY_CAST(${text} AS BIGINT)`,
  },
  timestamptz: {
    type: 'timestamptz',
    kinds: ['VARCHAR'],
    value: (text: string) =>
      `CASE WHEN regexp_full_match(${text}, '${TIME}') THEN TRY_CAST(${text} AS TIMESTAMPTZ) END`,
  },
} as const

/** A column that Postgres never leaves null. */
export function capturedColumn(name: string, captured: CapturedType): CapturedColumn {
  const { type, kinds, value } = types[captured]
  return { name, type, captured, kinds, from: value(`image->>'${name}'`) }
}

/**
 * SQL of the first way in which a row image breaks the contract of its columns; null when it breaks none. A column that was
 * renamed, dropped, made nullable or given another type must not become null or a rounded value: the change goes to
 * quarantine, and the metric of the reason counts it. Over `attempts` of the columns, `image` and `op`.
 */
export function brokenContract(columns: readonly CapturedColumn[]): string {
  const cases = columns.flatMap(({ name, kinds }) => {
    const kind = `json_type(image, '$."${name}"')`
    const expected = kinds.map((one) => `'${one}'`).join(', ')
    return [
      `WHEN ${kind} IS NULL THEN '${name}-is-missing'`,
      `WHEN ${kind} = 'NULL' THEN '${name}-is-null'`,
      `WHEN ${kind} NOT IN (${expected}) THEN '${name}-has-another-type'`,
    ]
  })
  return `CASE WHEN op = 'd' THEN NULL WHEN image IS NULL THEN 'no-image' ${cases.join(' ')} END`
}

/** SQL of the first column whose value has the promised type and does not fit; null when all do. */
export function misfit(columns: readonly CapturedColumn[]): string {
  const cases = columns.map(({ name }) => `WHEN ${name} IS NULL THEN '${name}-does-not-fit'`)
  return `CASE WHEN op = 'd' THEN NULL ${cases.join(' ')} END`
}
