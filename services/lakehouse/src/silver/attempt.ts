import { sqlType } from '@tenseams/iceberg/duckdb'
import type { DerivedColumn } from './derived-table.ts'
import { type Gate, rejectedBy } from './gate.ts'

/** A column and its value, as SQL over a row of the source. */
export type ValueColumn = DerivedColumn & { readonly from: string }

/**
 * What is selected of a row's values: expressions that may fail for some rows (an overflow, a text that is no time). A
 * failing row must not fail the query, or one record would stop its table for ever. So each value and the gates are tried for
 * each row: a list of one when it could be computed, null when it could not.
 */
export function attempts(columns: readonly ValueColumn[], gates: readonly Gate[]): string {
  const values = columns.map(
    ({ name, type, from }) => `TRY([(${from})::${sqlType(type)}]) AS ${tried(name)}`,
  )
  return [`TRY([${rejectedBy(gates)}]) AS ${tried('gates')}`, ...values].join(', ')
}

/** The values of `attempts`, null where they could not be computed. */
export function valuesOf(columns: readonly DerivedColumn[]): string {
  return columns.map(({ name }) => `${tried(name)}[1] AS ${name}`).join(', ')
}

/** The reason for which a row of `attempts` must not pass; null for a row that passes. */
export function reasonOf(columns: readonly DerivedColumn[]): string {
  const value = (name: string) => `${tried(name)}[1]`
  const cases = columns.flatMap(({ name, type, required }) => [
    `WHEN ${tried(name)} IS NULL THEN '${name}-does-not-fit'`,
    ...(type === 'timestamptz'
      ? [`WHEN ${value(name)} NOT BETWEEN ${EARLIEST} AND ${LATEST} THEN '${name}-does-not-fit'`]
      : []),
    ...(required === true ? [`WHEN ${value(name)} IS NULL THEN '${name}-is-missing'`] : []),
  ])
  return `CASE WHEN ${tried('gates')} IS NULL THEN 'gate-failed'
               WHEN ${value('gates')} IS NOT NULL THEN ${value('gates')} ${cases.join(' ')} END`
}

/** Years that every reader of the lake can hold: Python's end with 9999. */
const EARLIEST = `'0001-01-01 00:00:00+00'::TIMESTAMPTZ`
const LATEST = `'9999-12-31 23:59:59.999999+00'::TIMESTAMPTZ`

const tried = (name: string): string => `tried_${name}`
