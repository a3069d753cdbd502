import { statSync } from 'node:fs'
import { type Authorization, authorizationIn } from '@tenseams/identities/authorization'

/** @returns the header of now. */
export type OwnToken = () => Promise<Authorization>

/**
 * Opens the token of an identity, out of its file. The file is looked at for each request, which takes some microseconds, and read
 * again when it was replaced: so a replaced token is sent from the next request on, while the old one is still accepted.
 *
 * @throws CredentialsError when the file cannot be read or has no token. Later, the token of before is sent while that is so.
 */
export async function openOwnToken(file: string): Promise<OwnToken> {
  let version = versionOf(file)
  let known = await authorizationIn(file)
  return async () => {
    const present = versionOf(file)
    if (present === version) return known
    try {
      known = await authorizationIn(file)
      version = present
    } catch {
      // It is read again for the next request. If the token of before is refused by then, the refusal says so.
    }
    return known
  }
}

/** A file of credentials is replaced by another, never written in place. */
function versionOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`
}
