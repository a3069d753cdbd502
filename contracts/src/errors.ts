/** Contracts that cannot be used as they are written. The message lists every mistake, one a line. */
export class ContractError extends Error {
  readonly code = 'CONTRACT_INVALID'
  readonly retriable = false
}

/** The registry or the broker did not do what a contract asks for. */
export class PublishError extends Error {
  readonly code = 'PUBLISH_FAILED'
  readonly retriable: boolean

  constructor(message: string, options: ErrorOptions & { readonly retriable: boolean }) {
    super(message, options)
    this.retriable = options.retriable
  }
}
