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

const NOT_KNOWN = 401

/**
 * Asks a server as somebody. When it does not know the token, and the file has another one by now, it asks once more: between the
 * reading of a file and the arrival of the request, a rotation may have ended. A server that answers 401 has done nothing.
 */
export async function askAs(
  login: HttpLogin,
  ask: (authorization: string) => Promise<Response>,
): Promise<Response> {
  const authorization = await login()
  const response = await ask(authorization)
  if (response.status !== NOT_KNOWN) return response
  const present = await login()
  if (present === authorization) return response
  await response.body?.cancel()
  return ask(present)
}
