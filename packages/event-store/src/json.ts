type RawJson = { rawJSON(text: string): object }

/** JSON text in which a bigint is a number with all its digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? rawNumber(part) : part,
  )
}

// ECMAScript's JSON.rawJSON is in Node 24, but not yet in TypeScript's own library.
const rawNumber = (value: bigint): object => (JSON as unknown as RawJson).rawJSON(value.toString())
