/** Stable error codes. Callers branch on the code, people read the message. */
export type LakehouseErrorCode =
  /** No answer, or one that leaves the outcome open (5xx, time-out, lost connection). */
  | 'CATALOG_UNAVAILABLE'
  /** The catalogue refused the request for certain. */
  | 'CATALOG_REFUSED'
  /** The catalogue does not know who asks, or they may not do it; nothing was done. */
  | 'CATALOG_NOT_PERMITTED'
  | 'CATALOG_CONFLICT'
  | 'CATALOG_NOT_FOUND'
  | 'CATALOG_ANSWER_UNREADABLE'
  | 'STORAGE_FAILED'
  /** A file or a type that this library does not read or write. */
  | 'FORMAT_UNSUPPORTED'
  /** A batch does not begin at the table's offsets: a mistake of the caller; nothing was written. */
  | 'OFFSETS_NOT_CONTIGUOUS'
  /** Rows of another log than the one that the table's offsets belong to; nothing was written. */
  | 'LOG_DIFFERS'
  /** The table has rows that its offsets do not account for: another program wrote them. */
  | 'ROWS_UNEXPLAINED'
  /** A file that a change removes is no longer in the table. */
  | 'FILES_NOT_LIVE'
  /** A replacement would change the number of rows. */
  | 'ROWS_NOT_EQUAL'
  /** The wanted schema would make older rows unreadable. */
  | 'SCHEMA_INCOMPATIBLE'
  /** The snapshot to read has expired, was rolled back, or never existed. */
  | 'SNAPSHOT_UNKNOWN'
  | 'QUERY_INVALID'
  /** The requested maintenance could harm the table; nothing was done. */
  | 'CARE_REFUSED'

const retriableCodes: ReadonlySet<LakehouseErrorCode> = new Set([
  'CATALOG_UNAVAILABLE',
  'CATALOG_CONFLICT',
  'STORAGE_FAILED',
])

/** A failed dependency, or a request that cannot be served. `retriable`: the same call may succeed later. */
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
