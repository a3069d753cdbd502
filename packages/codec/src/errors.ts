/** The bytes are not what their topic promises. Trying again is of no use: they belong in the dead letter topic. */
export class UndecodableError extends Error {
  readonly code = 'UNDECODABLE'
  readonly retriable = false
}

/** A value that does not fit its contract: a mistake of the writer, refused before anything is written. */
export class UnencodableError extends Error {
  readonly code = 'UNENCODABLE'
  readonly retriable = false
}

/** The registry gave no answer in time. Nothing is known about the bytes. */
export class RegistryUnavailableError extends Error {
  readonly code = 'REGISTRY_UNAVAILABLE'
  readonly retriable = true
}

/** The service's own contract is not in the registry. It must not start: `npm run contracts -- publish` comes first. */
export class ContractNotPublishedError extends Error {
  readonly code = 'CONTRACT_NOT_PUBLISHED'
  readonly retriable = false
}

/** The registry answered, but not with what was asked for. `retriable` says whether the same request may succeed later. */
export class RegistryError extends Error {
  readonly code = 'REGISTRY_FAILED'
  readonly retriable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retriable: boolean }) {
    super(message, options)
    this.retriable = options.retriable
  }
}
