import { readCredentials } from './credentials.ts'
import { CredentialsError } from './errors.ts'

/** The header with which somebody says to a control route who they are. */
export type Authorization = { readonly authorization: string }

/** @throws CredentialsError, also when the identity has no token. */
export async function authorizationIn(file: string): Promise<Authorization> {
  const { identity, token } = await readCredentials(file)
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  throw new CredentialsError(
    `${identity} has no token (${file}): name the file of an identity that has one`,
  )
}
