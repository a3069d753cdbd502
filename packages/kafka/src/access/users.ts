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
 * Lets a user log in with these credentials and no other: a mechanism that is not among them is removed. Idempotent: after a crash
 * in between, the former credential is still taken, and the next call removes it.
 *
 * @param access of somebody who may alter the cluster.
 */
export async function allowOnly(
  access: RawAccess,
  username: string,
  credentials: readonly UserCredential[],
): Promise<void> {
  // A broker takes one change of a user in a request.
  for (const each of credentials) await putUsers(access, [each])
  const kept = new Set<number>(credentials.map(({ mechanism }) => algorithms[mechanism].id))
  await withConnection(access, async (connection) => {
    const { results } = await describeUserScramCredentialsV0.api.async(connection, [
      { name: username },
    ])
    const former = results
      .flatMap(({ credentialInfos }) => credentialInfos)
      .filter(({ mechanism }) => !kept.has(mechanism))
      .map(({ mechanism }) => ({ name: username, mechanism }))
    if (former.length > 0) await alterUserScramCredentialsV0.api.async(connection, former, [])
  })
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
