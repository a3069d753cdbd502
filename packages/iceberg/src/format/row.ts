/**
 * A value of a row: `long` is a bigint, times are bigint microseconds (since 1970, or of the day), `date` days, `decimal` the
 * bigint without its point, `uuid` its text, `binary` bytes, a map a list of `{ key, value }`.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | null
  | readonly Value[]
  | { readonly [column: string]: Value }

export type Row = { readonly [column: string]: Value }
