/** Postgres gave no answer, or none that decides the outcome. The request may or may not have been carried out. */
export class StoreUnavailableError extends Error {
  readonly code = 'STORE_UNAVAILABLE'
  readonly retriable = true
}

// Classes of SQLSTATE that a retry may not meet: connection, resources, operator intervention, and a lock that was not available.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const TRANSIENT = /^(08|53|57|55P03|40)/

/**
 * Classifies a failed statement. A refusal by Postgres that a retry would meet again is returned as it is (a broken
 * assumption); everything else is an outage. Errors without an SQLSTATE come from the connection.
 */
export function unavailable(error: unknown): Error {
  if (!(error instanceof Error)) return new StoreUnavailableError(String(error))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isPermanent = /^[0-9A-Z]{5}$/.test(code) && !TRANSIENT.test(code)
  return isPermanent
    ? error
    : new StoreUnavailableError(`Postgres: ${error.message}`, { cause: error })
}
