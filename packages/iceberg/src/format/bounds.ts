import type { Value } from './row.ts'
import { decimalOf } from './schema.ts'
import { twosComplement } from './transforms.ts'

const DAY_MS = 86_400_000
/** Iceberg's default metrics mode, `truncate(16)`: a bound only prunes files, so it need not be the value. */
const TEXT_BOUND_LENGTH = 16

/**
 * Iceberg's binary form of a bound (spec, appendix D), from DuckDB's text form of a column statistic.
 *
 * @returns undefined when the bound would be doubtful: no bound is safer.
 */
export function lowerBound(type: string, text: string): Buffer | undefined {
  if (type === 'string') return Buffer.from(characters(text).slice(0, TEXT_BOUND_LENGTH).join(''))
  return fixedBound(type, isZero(type, text) ? '-0.0' : text)
}

/** As `lowerBound`. A long text is truncated and its last character raised, so that the bound stays above the text. */
export function upperBound(type: string, text: string): Buffer | undefined {
  if (type !== 'string') return fixedBound(type, isZero(type, text) ? '0.0' : text)
  const all = characters(text)
  if (all.length <= TEXT_BOUND_LENGTH) return Buffer.from(text)
  const raised = raiseLast(all.slice(0, TEXT_BOUND_LENGTH))
  return raised === undefined ? undefined : Buffer.from(raised.join(''))
}

/** A value in that form. @throws RangeError for a type without one. */
export function encodeBound(type: string, value: Value): Buffer {
  switch (type) {
    case 'boolean':
      return Buffer.from([value === true ? 1 : 0])
    case 'int':
    case 'date':
      return int32(value as number)
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return int64(value as bigint)
    case 'float':
      return float32(value as number)
    case 'double':
      return float64(value as number)
    case 'string':
      return Buffer.from(value as string)
    case 'binary':
      return Buffer.from(value as Uint8Array)
    case 'uuid':
      return uuid(value as string)
    default:
      if (decimalOf(type) !== undefined) return Buffer.from(twosComplement(value as bigint))
      throw new RangeError(`no bound of ${type}`)
  }
}

function fixedBound(type: string, text: string): Buffer | undefined {
  if (decimalOf(type) !== undefined) {
    return Buffer.from(twosComplement(BigInt(text.replace('.', ''))))
  }
  const encode = encoders[type]
  return encode?.(text)
}

/** Iceberg orders -0.0 below 0.0, for DuckDB they are equal: a bound of zero must hold for both. */
function isZero(type: string, text: string): boolean {
  return (type === 'float' || type === 'double') && Number(text) === 0
}

function uuid(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex')
}

const encoders: Readonly<Record<string, (text: string) => Buffer | undefined>> = {
  // DuckDB writes 1 and 0.
  boolean: (text) => Buffer.from([text === 'true' || text === '1' ? 1 : 0]),
  int: (text) => int32(Number(text)),
  long: (text) => int64(BigInt(text)),
  float: (text) => finite(text, (value) => float32(value)),
  double: (text) => finite(text, (value) => float64(value)),
  date: (text) => int32(Math.round(Date.parse(`${text}T00:00:00Z`) / DAY_MS)),
  time: (text) => microseconds(`1970-01-01 ${text}`),
  uuid,
  timestamp: (text) => microseconds(text),
  timestamptz: (text) => microseconds(text),
}

/** `2026-01-02 03:04:05.678901+00`, the zone always UTC. */
function microseconds(text: string): Buffer | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text)
  if (match === null) return undefined
  const [, date, time, fraction = ''] = match
  const wholeSeconds = BigInt(Date.parse(`${date}T${time}Z`)) * 1_000n
  return int64(wholeSeconds + BigInt(fraction.padEnd(6, '0')))
}

function finite(text: string, encode: (value: number) => Buffer): Buffer | undefined {
  const value = Number(text)
  return Number.isNaN(value) ? undefined : encode(value)
}

/** The smallest text, not longer than this one, that is greater than all texts with this prefix. */
function raiseLast(text: readonly string[]): readonly string[] | undefined {
  for (let index = text.length - 1; index >= 0; index--) {
    const raised = raise(text[index]?.codePointAt(0) ?? 0)
    if (raised !== undefined) return [...text.slice(0, index), raised]
  }
  return undefined
}

function raise(codePoint: number): string | undefined {
  if (codePoint >= 0x10ffff) return undefined
  const next = codePoint + 1
  // Surrogates are not characters.
  return String.fromCodePoint(next >= 0xd800 && next <= 0xdfff ? 0xe000 : next)
}

function characters(text: string): readonly string[] {
  return Array.from(text)
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32LE(value)
  return buffer
}

function int64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64LE(value)
  return buffer
}

function float32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeFloatLE(value)
  return buffer
}

function float64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return buffer
}
