/**
 * A value of a row. `long`: bigint; times: bigint microseconds (since 1970, or since midnight); `date`: days since 1970;
 * `decimal`: the unscaled bigint; `uuid`: text; `binary`: bytes; a map: a list of `{ key, value }`.
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
