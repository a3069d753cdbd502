import { faultOfSqlState, isProgrammingError, isSqlState } from '@tenseams/service/fault'

/** Postgres gave no answer, or none that decides the outcome. The request may or may not have been carried out. */
export class StoreUnavailableError extends Error {
  readonly code = 'STORE_UNAVAILABLE'
  readonly retriable = true
}

/**
 * Classifies a failed statement by the table of faults. What is no outage is returned as it is: a refusal by Postgres, an
 * error of our own code, and what has been classified before. Other errors without an SQLSTATE come from the connection.
 */
export function unavailable(error: unknown): Error {
  if (!(error instanceof Error)) return new StoreUnavailableError(String(error))
  if ('retriable' in error || isProgrammingError(error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isRefusal = isSqlState(code) && faultOfSqlState(code) !== 'outage'
  return isRefusal
    ? error
    : new StoreUnavailableError(`Postgres: ${error.message}`, { cause: error })
}
