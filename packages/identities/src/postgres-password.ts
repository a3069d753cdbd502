import { readCredentials } from './credentials.ts'
import { CredentialsError } from './errors.ts'

/** The passwords with which a role may log in now: one, or two while a rotation is under way. */
export type PostgresPasswords = () => Promise<readonly string[]>

/**
 * The passwords of a role out of an identity's file, read anew at each call.
 *
 * @throws CredentialsError, also when the identity has no such role.
 */
export function postgresPasswords(file: string, role: string): PostgresPasswords {
  return async () => {
    const { identity, postgres, next } = await readCredentials(file)
    const known = [postgres?.[role], next?.postgres?.[role]].filter((each) => each !== undefined)
    if (known.length > 0) return known
    throw new CredentialsError(
      `${identity} has no role ${role} in Postgres (${file}): set CREDENTIALS_FILE to the file of the identity that has it, or correct the user in the database's address`,
    )
  }
}
