import { faultOfStatus } from '@tenseams/service/fault'

/** The provider gave no usable answer in time: the money may or may not have moved. Retry with the same key. */
export class ProviderUnavailableError extends Error {
  readonly code = 'PROVIDER_UNAVAILABLE'
  readonly retriable = true
}

/** The provider refuses our request, with a status that says whose fault that is. */
export class ProviderRefusedError extends Error {
  readonly code = 'PROVIDER_REFUSED'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * What an answer of that status is thrown as; undefined when it is to be read. A conflict is an answer. A redirect is none: where
 * money moves, nobody is followed to another address.
 */
export function errorOf(status: number, text: string): Error | undefined {
  if (status < 300 || status === 409) return undefined
  const message = `payment provider answers ${status}`
  return status < 400 || faultOfStatus(status) === 'outage'
    ? new ProviderUnavailableError(message)
    : new ProviderRefusedError(status, `${message} ${text.slice(0, MOST_CHARACTERS)}`)
}

const MOST_CHARACTERS = 500
