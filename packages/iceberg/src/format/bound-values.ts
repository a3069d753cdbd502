import { decimalOf } from './schema.ts'

/** A bound or a filter's value, in a form in which values of one column can be compared. */
export type Comparable = number | bigint | Buffer | Decimal

/** unscaled · 10^-scale */
export type Decimal = { readonly unscaled: bigint; readonly scale: number }

/**
 * Decodes a bound from Iceberg's binary form (spec, appendix D). A widened column has the narrower form in older files; the
 * length tells them apart.
 *
 * @returns undefined for an unknown form, which bounds nothing.
 */
export function decodeBound(type: string, bytes: Buffer): Comparable | undefined {
  const decimal = decimalOf(type)
  if (decimal !== undefined) return { unscaled: bigEndian(bytes), scale: decimal.scale }
  const { length } = bytes
  switch (type) {
    case 'boolean':
      return length === 1 ? bytes.readUInt8() : undefined
    case 'int':
    case 'date':
      return length === 4 ? bytes.readInt32LE() : undefined
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      if (type === 'long' && length === 4) return bytes.readInt32LE()
      return length === 8 ? bytes.readBigInt64LE() : undefined
    case 'float':
    case 'double':
      if (length === 4) return number(bytes.readFloatLE())
      return length === 8 ? number(bytes.readDoubleLE()) : undefined
    case 'string':
    case 'binary':
      return bytes
    default:
      return undefined
  }
}

/** Negative, zero or positive; texts and bytes by their bytes, as DuckDB and Iceberg compare them. */
export function compare(left: Comparable, right: Comparable): number | undefined {
  if (Buffer.isBuffer(left) || Buffer.isBuffer(right)) {
    return Buffer.isBuffer(left) && Buffer.isBuffer(right) ? left.compare(right) : undefined
  }
  if (typeof left === 'object' || typeof right === 'object') {
    if (typeof left !== 'object' || typeof right !== 'object') return undefined
    const scale = Math.max(left.scale, right.scale)
    return order(unscaledTo(left, scale), unscaledTo(right, scale))
  }
  return order(left, right)
}

function order(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1
  return left > right ? 1 : 0
}

function unscaledTo({ unscaled, scale }: Decimal, to: number): bigint {
  return unscaled * 10n ** BigInt(to - scale)
}

/** Two's complement of any length. */
function bigEndian(bytes: Buffer): bigint {
  return bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/** Engines order NaN differently, so as a bound it means nothing. */
function number(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}
