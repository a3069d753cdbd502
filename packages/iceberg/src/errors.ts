/** Stable names of what can go wrong; callers branch on these, people read the message. */
export type LakehouseErrorCode =
  /** No answer, or one that leaves the outcome open (5xx, time-out, lost connection). */
  | 'CATALOG_UNAVAILABLE'
  /** The catalogue understood and said no. */
  | 'CATALOG_REFUSED'
  | 'CATALOG_CONFLICT'
  | 'CATALOG_NOT_FOUND'
  | 'CATALOG_ANSWER_UNREADABLE'
  | 'STORAGE_FAILED'
  /** A file or a type that this library does not read or write. */
  | 'FORMAT_UNSUPPORTED'
  /** A batch does not begin where the table ends: a mistake of the caller, nothing was written. */
  | 'OFFSETS_NOT_CONTIGUOUS'
  /** A file that a change takes out has left the table meanwhile. */
  | 'FILES_NOT_LIVE'
  /** A replacement would change how many rows there are. */
  | 'ROWS_NOT_EQUAL'
  /** A table cannot become what a writer wants it to be without making older rows unreadable. */
  | 'SCHEMA_INCOMPATIBLE'
  /** A snapshot that is to be read has expired, was rolled back or never was. */
  | 'SNAPSHOT_UNKNOWN'
  | 'QUERY_INVALID'
  /** What was asked of the care of a table could harm it; nothing was done. */
  | 'CARE_REFUSED'

const retriableCodes: ReadonlySet<LakehouseErrorCode> = new Set([
  'CATALOG_UNAVAILABLE',
  'CATALOG_CONFLICT',
  'STORAGE_FAILED',
])

/** A broken outside, or a request that cannot be served. `retriable` says whether the same call may succeed later. */
export class LakehouseError extends Error {
  readonly code: LakehouseErrorCode
  readonly retriable: boolean

  constructor(code: LakehouseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retriable = retriableCodes.has(code)
  }
}

export function hasCode(error: unknown, code: LakehouseErrorCode): error is LakehouseError {
  return error instanceof LakehouseError && error.code === code
}
