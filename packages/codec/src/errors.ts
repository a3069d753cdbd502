/** The bytes do not fit their topic's contract. A retry cannot succeed: the record belongs in the dead letter topic. */
export class UndecodableError extends Error {
  readonly code = 'UNDECODABLE'
  readonly retriable = false
}

/** The value does not fit its contract: a bug of the writer, refused before anything is written. */
export class UnencodableError extends Error {
  readonly code = 'UNENCODABLE'
  readonly retriable = false
}

/** The registry did not answer in time, so whether the bytes can be decoded is unknown. */
export class RegistryUnavailableError extends Error {
  readonly code = 'REGISTRY_UNAVAILABLE'
  readonly retriable = true
}

/** The registry does not have the service's contract. The service must not start before `npm run contracts -- publish`. */
export class ContractNotPublishedError extends Error {
  readonly code = 'CONTRACT_NOT_PUBLISHED'
  readonly retriable = false
}

/** The registry failed to answer or refused the request. `retriable` is true when the same request may succeed later. */
export class RegistryError extends Error {
  readonly code = 'REGISTRY_FAILED'
  readonly retriable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retriable: boolean }) {
    super(message, options)
    this.retriable = options.retriable
  }
}

/** What an error says; of what was thrown and is no error, its text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
