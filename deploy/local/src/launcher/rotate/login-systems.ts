import { postgresPasswords } from '@tenseams/identities/postgres-password'
import type { LoginSystem } from '@tenseams/identities/rotation'
import { setPasswords } from '@tenseams/postgres/passwords'
import { writeAllLogins } from '../install/server-logins.ts'
import type { Context } from '../plan/part.ts'

/**
 * Where the identities of an instance log in, each with how it learns of a rotation. A kind of secret whose system is not here
 * is not rotated: that of Kafka is missing as long as its brokers ask nobody for a login.
 */
export function loginSystems(context: Context): readonly LoginSystem[] {
  return [postgresLogins(context), tokens(context)]
}

/** One password a role: the next one replaces it in one statement, and a client that is refused with the one tries the other. */
function postgresLogins({ endpoints, secrets }: Context): LoginSystem {
  const adminPasswords = postgresPasswords(secrets.fileOf('admin'), 'postgres')
  return {
    kind: 'postgres',
    accept: ({ postgres = {}, next }) =>
      setPasswords({ ...endpoints.postgres, adminPasswords }, next?.postgres ?? postgres),
  }
}

/** Services and servers have hashes of tokens, in files that are made from everybody's: of both while a rotation is under way. */
function tokens(context: Context): LoginSystem {
  return {
    kind: 'token',
    accept: () => writeAllLogins(context),
  }
}
