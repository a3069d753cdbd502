import { readCredentials } from './credentials.ts'
import { CredentialsError } from './errors.ts'

/** What somebody puts into the header `Authorization`, asked for at each request. */
export type HttpLogin = () => Promise<string>

/**
 * The login of an identity at a server that knows basic authentication: the registry, Connect, Flink, the catalogue. It is
 * read out of the identity's file at each call, so that a rotation needs no restart.
 *
 * @throws CredentialsError at a call, when the file cannot be used or has no token.
 */
export function httpLogin(file: string): HttpLogin {
  return async () => {
    const { identity, token } = await readCredentials(file)
    if (token === undefined) {
      throw new CredentialsError(
        `${identity} has no token (${file}): set CREDENTIALS_FILE to the file of an identity that has one`,
      )
    }
    return `Basic ${Buffer.from(`${identity}:${token}`).toString('base64')}`
  }
}
