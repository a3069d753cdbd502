/** A file of credentials is missing, cannot be read, is malformed or can be read by others. The message says the next step. */
export class CredentialsError extends Error {
  readonly code = 'CREDENTIALS_INVALID'
  readonly retriable = false
}
