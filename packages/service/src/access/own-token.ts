import { type Authorization, authorizationIn } from '@tenseams/identities/authorization'

export type OwnTokenOptions = {
  readonly lookEveryMs?: number
  readonly now?: () => number
}

/** @returns the header of now. */
export type OwnToken = () => Promise<Authorization>

/**
 * Opens the token of an identity, out of its file. It is read again after a second, so that a replaced token is sent while the old
 * one is still accepted, and a caller that asks thousands of times a second reads it once.
 *
 * @throws CredentialsError when the file cannot be read or has no token. Later, the token of before is sent while that is so.
 */
export async function openOwnToken(file: string, options: OwnTokenOptions = {}): Promise<OwnToken> {
  const { lookEveryMs = 1_000, now = () => performance.now() } = options
  let known = await authorizationIn(file)
  let lookAt = now() + lookEveryMs
  return async () => {
    if (now() < lookAt) return known
    lookAt = now() + lookEveryMs
    known = await authorizationIn(file).catch(() => known)
    return known
  }
}
