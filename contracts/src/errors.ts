/** The contracts' files are invalid. The message lists every mistake, one per line. */
export class ContractError extends Error {
  readonly code = 'CONTRACT_INVALID'
  readonly retriable = false
}

/** The registry or the broker could not be made to agree with the contracts, or did not answer. */
export class PublishError extends Error {
  readonly code = 'PUBLISH_FAILED'
  readonly retriable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retriable: boolean }) {
    super(message, options)
    this.retriable = options.retriable
  }
}
