import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { alterUserScramCredentialsV0, describeUserScramCredentialsV0 } from '@platformatic/kafka'
import type { Login } from './login.ts'
import { type RawAccess, withConnection } from './raw-connection.ts'

/** One of a user's two credentials. Each mechanism has its own password, so a rotation writes the one that is not in use. */
export type UserCredential = Omit<Login, 'mechanism'> & {
  readonly mechanism: Exclude<Login['mechanism'], 'plain'>
}

/** Kafka's least. The password is random and long, so that more rounds would only make logins slower. */
const ITERATIONS = 4_096
const SALT_BYTES = 24

const algorithms = {
  'scram-sha-256': { id: 1, digest: 'sha256', bytes: 32 },
  'scram-sha-512': { id: 2, digest: 'sha512', bytes: 64 },
} as const

// The keys of the record.
const mechanisms = Object.keys(algorithms) as readonly UserCredential['mechanism'][]

/**
 * Makes users that can log in with these credentials, or gives those that exist these passwords. The brokers get salted hashes,
 * never a password. Idempotent; connections that are open stay open.
 *
 * @param access of somebody who may alter the cluster.
 */
export async function putUsers(
  access: RawAccess,
  credentials: readonly UserCredential[],
): Promise<void> {
  const upserts = await Promise.all(credentials.map(salted))
  await withConnection(access, (connection) =>
    alterUserScramCredentialsV0.api.async(connection, [], upserts),
  )
}

/**
 * Lets a user log in with these credentials and no other: the credential of a mechanism that is not among them gets a password that
 * nobody knows. It is not removed, because our Kafka forgets every credential of a mechanism when it reads such a removal again at
 * its next start (adr/0049). Idempotent: after a crash in between, the former one is still taken, and the next call replaces it.
 *
 * @param access of somebody who may alter the cluster.
 */
export async function allowOnly(
  access: RawAccess,
  username: string,
  credentials: readonly UserCredential[],
): Promise<void> {
  const unknown = mechanisms
    .filter((mechanism) => credentials.every((each) => each.mechanism !== mechanism))
    .map((mechanism) => ({ username, mechanism, password: randomBytes(24).toString('base64url') }))
  // A broker takes one change of a user in a request.
  for (const each of [...credentials, ...unknown]) await putUsers(access, [each])
}

/** The names of all users that can log in. */
export async function userNames(access: RawAccess): Promise<readonly string[]> {
  const { results } = await withConnection(access, (connection) =>
    describeUserScramCredentialsV0.api.async(connection, null),
  )
  return results.map(({ user }) => user)
}

const derive = promisify(pbkdf2)

async function salted({ username, password, mechanism }: UserCredential) {
  const { id, digest, bytes } = algorithms[mechanism]
  const salt = randomBytes(SALT_BYTES)
  const saltedPassword = await derive(password, salt, ITERATIONS, bytes, digest)
  return { name: username, mechanism: id, iterations: ITERATIONS, salt, saltedPassword }
}
