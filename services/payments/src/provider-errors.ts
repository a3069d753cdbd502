/** The provider gave no usable answer in time: the money may or may not have moved. Retry with the same key. */
export class ProviderUnavailableError extends Error {
  readonly code = 'PROVIDER_UNAVAILABLE'
  readonly retriable = true
}

/** The provider says that our request is invalid; a retry would change nothing. */
export class ProviderRefusedError extends Error {
  readonly code = 'PROVIDER_REFUSED'
  readonly retriable = false
}
