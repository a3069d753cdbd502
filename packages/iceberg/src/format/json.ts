/**
 * JSON with exact integers. Iceberg's snapshot ids and sequence numbers are int64; `JSON.parse` alone rounds the
 * ids that Java engines and pyiceberg write (2^53 and above), and a rounded id names no snapshot.
 */
type SourceAwareParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

const parseWithSource = JSON.parse as SourceAwareParse
// In Node 24, not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source
const rawJson = Reflect.get(JSON, 'rawJSON') as (text: string) => unknown

/** Parses JSON; an integer that a double cannot hold exactly becomes a bigint, every other number stays a number. */
export function parseJson(text: string): unknown {
  return parseWithSource(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isWideInteger(value, source)
      ? BigInt(source)
      : value,
  )
}

/** Writes JSON; bigints become plain integers, not strings. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? rawJson(part.toString()) : part,
  )
}

function isWideInteger(value: number, source: string): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
}
