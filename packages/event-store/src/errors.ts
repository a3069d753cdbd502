/** Postgres gave no answer, or none that settles the matter. What was asked may or may not have happened. */
export class StoreUnavailableError extends Error {
  readonly code = 'STORE_UNAVAILABLE'
  readonly retriable = true
}

// Classes of SQLSTATE that a later try may not meet: connection, resources, operator, and a lock that was not to be had.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const PASSING = /^(08|53|57|55P03|40)/

/**
 * What a failed statement means: a refusal by Postgres that would come again stays as it is (a broken assumption), all
 * else is an outage. Errors without an SQLSTATE come from the connection.
 */
export function unavailable(error: unknown): Error {
  if (!(error instanceof Error)) return new StoreUnavailableError(String(error))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const lasting = /^[0-9A-Z]{5}$/.test(code) && !PASSING.test(code)
  return lasting ? error : new StoreUnavailableError(`Postgres: ${error.message}`, { cause: error })
}
