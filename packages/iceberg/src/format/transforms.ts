import { LakehouseError } from '../errors.ts'
import { murmur3 } from './murmur3.ts'
import type { Value } from './row.ts'
import type { PrimitiveType } from './schema.ts'

/** Derives a partition value from a column's value (Iceberg spec, "Partition Transforms"), and its type. */
export type Transform = {
  readonly resultType: PrimitiveType
  /** Null for null; otherwise a value of `resultType`, integers for times and buckets. */
  readonly apply: (value: Value) => Value
  /** True when a greater value never gives a smaller partition, so that a range of values is a range of partitions. */
  readonly keepsOrder: boolean
}

const MICROS_A_HOUR = 3_600_000_000n
const MICROS_A_DAY = 24n * MICROS_A_HOUR
const MS_A_DAY = 86_400_000

/**
 * @param name as a partition spec has it: `identity`, `bucket[16]`, `truncate[10]`, `year`, `month`, `day`, `hour`, `void`.
 * @throws LakehouseError FORMAT_UNSUPPORTED for an unknown transform, or one that does not apply to the type.
 */
export function transformOf(name: string, type: PrimitiveType): Transform {
  const [, kind = name, parameter] = /^(bucket|truncate)\[(\d+)\]$/.exec(name) ?? []
  switch (kind) {
    case 'identity':
      return transform(type, (value) => value, true)
    case 'void':
      return transform(type, () => null, false)
    case 'bucket':
      return bucket(Number(parameter), type)
    case 'truncate':
      return truncate(Number(parameter), type)
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return timed(kind, type)
    default:
      return unknown(name, type)
  }
}

function transform(
  resultType: PrimitiveType,
  of: (value: NonNullable<Value>) => Value,
  keepsOrder: boolean,
): Transform {
  return { resultType, apply: (value) => (value === null ? null : of(value)), keepsOrder }
}

function bucket(count: number, type: PrimitiveType): Transform {
  const bytesOf = hashedBytes(type) ?? unknown(`bucket[${count}]`, type)
  const bucketOf = (value: NonNullable<Value>) => (murmur3(bytesOf(value)) & 0x7fffffff) % count
  return transform('int', bucketOf, false)
}

/** The bytes of a value to hash (spec, appendix B): numbers and times as int64, so that a widened column keeps its buckets. */
function hashedBytes(type: PrimitiveType): ((value: NonNullable<Value>) => Uint8Array) | undefined {
  if (type.startsWith('decimal(')) return (value) => twosComplement(value as bigint)
  if (type.startsWith('fixed[') || type === 'binary') return (value) => value as Uint8Array
  if (['int', 'long', 'date', 'time', 'timestamp', 'timestamptz'].includes(type)) {
    return (value) => int64(BigInt(value as number | bigint))
  }
  if (type === 'string') return (value) => Buffer.from(value as string)
  if (type === 'uuid') return (value) => Buffer.from((value as string).replaceAll('-', ''), 'hex')
  return undefined
}

function truncate(width: number, type: PrimitiveType): Transform {
  if (type === 'string') {
    return transform(
      type,
      (value) =>
        Array.from(value as string)
          .slice(0, width)
          .join(''),
      true,
    )
  }
  if (type === 'binary') {
    return transform(type, (value) => (value as Uint8Array).subarray(0, width), true)
  }
  if (type === 'int')
    return transform(type, (value) => Number(floor(BigInt(value as number), width)), true)
  if (type === 'long' || type.startsWith('decimal(')) {
    return transform(type, (value) => floor(value as bigint, width), true)
  }
  return unknown(`truncate[${width}]`, type)
}

function floor(value: bigint, width: number): bigint {
  return floorDivide(value, BigInt(width)) * BigInt(width)
}

type TimeUnit = 'year' | 'month' | 'day' | 'hour'

/** Whole units since 1970, negative before 1970. */
function timed(unit: TimeUnit, type: PrimitiveType): Transform {
  const isTime = type === 'timestamp' || type === 'timestamptz'
  if (!isTime && (type !== 'date' || unit === 'hour')) return unknown(unit, type)
  const micros = (value: NonNullable<Value>): bigint =>
    isTime ? (value as bigint) : BigInt(value as number) * MICROS_A_DAY
  const resultType = unit === 'day' ? 'date' : 'int'
  return transform(resultType, (value) => unitsSince1970(unit, micros(value)), true)
}

function unitsSince1970(unit: TimeUnit, micros: bigint): number {
  if (unit === 'hour') return Number(floorDivide(micros, MICROS_A_HOUR))
  const days = Number(floorDivide(micros, MICROS_A_DAY))
  if (unit === 'day') return days
  const date = new Date(days * MS_A_DAY)
  const years = date.getUTCFullYear() - 1970
  return unit === 'year' ? years : years * 12 + date.getUTCMonth()
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}

function int64(value: bigint): Uint8Array {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64LE(value)
  return buffer
}

/** The shortest big-endian form. */
export function twosComplement(value: bigint): Uint8Array {
  let bytes = 1
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0')
  return Buffer.from(hex, 'hex')
}

function unknown(name: string, type: PrimitiveType): never {
  throw new LakehouseError('FORMAT_UNSUPPORTED', `no partition transform ${name} of ${type}`)
}
