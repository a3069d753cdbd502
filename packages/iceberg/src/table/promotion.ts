import { decimalOf, type PrimitiveType } from '../format/schema.ts'

/**
 * True when every value of `from` is a value of `to` and hashes alike (Iceberg spec, "Schema Evolution"). Only then may a
 * column's type change, because files keep the type they were written with. `date` to `timestamp` belongs to format v3 and
 * is not supported.
 */
export function isPromotion(from: PrimitiveType, to: PrimitiveType): boolean {
  if (from === 'int') return to === 'long'
  if (from === 'float') return to === 'double'
  const [narrow, wide] = [decimalOf(from), decimalOf(to)]
  if (narrow === undefined || wide === undefined) return false
  return narrow.scale === wide.scale && narrow.precision < wide.precision
}

/** Engines write `decimal(9,2)` and `decimal(9, 2)`; both are one type. */
export function isSameType(left: PrimitiveType, right: PrimitiveType): boolean {
  return left.replaceAll(' ', '') === right.replaceAll(' ', '')
}
