import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { callersOf, writeCallers } from '@tenseams/identities/callers'
import { type Credentials, readCredentials } from '@tenseams/identities/credentials'
import { type IdentityName, identities } from '@tenseams/identities/identities'
import { type ServerName, whoLogsIn } from '@tenseams/identities/server-rights'
import type { Paths } from '../host/paths.ts'
import { propertiesText } from './properties.ts'
import { writeSecretFile } from './secret-file.ts'
import type { Secrets } from './secrets.ts'

type Instance = { readonly paths: Paths; readonly secrets: Pick<Secrets, 'fileOf'> }

/** The servers that ask tenseams.login.Logins, and read its file again when it has changed. */
const readingAgain = [
  'connect',
  'flink',
  'sql-gateway',
  'catalog',
] as const satisfies readonly ServerName[]

type ReadingAgain = (typeof readingAgain)[number]

/** The file of those who may log in to a server: hashes only. */
export function loginsFileOf(paths: Paths, server: ReadingAgain): string {
  return join(paths.run, 'logins', server)
}

/**
 * Writes who may log in to a server: a line `<SHA-256 of a token> <identity>` for each token, which are two of an identity while
 * a rotation of it is under way. The server reads the file again, so this is also how a new token becomes known.
 *
 * @throws CredentialsError when an identity's file cannot be used.
 */
export async function writeLogins({ paths, secrets }: Instance, server: ReadingAgain) {
  const all = await credentialsOf({ secrets }, whoIsKnownTo(server))
  const lines = callersOf(all).callers.flatMap(({ identity, tokenHashes }) =>
    tokenHashes.map((hash) => `${hash} ${identity}\n`),
  )
  await writeSecretFile(loginsFileOf(paths, server), lines.join(''))
}

/** The catalogue knows everybody with a token: so it tells those who may do nothing there that it is not their work. */
function whoIsKnownTo(server: ReadingAgain): readonly IdentityName[] {
  if (server !== 'catalog') return whoLogsIn(server)
  return identities.filter(({ http }) => http !== undefined).map(({ name }) => name)
}

/** The same for all of them and for our own services, after each step of a rotation. */
export async function writeAllLogins(instance: Instance): Promise<void> {
  for (const server of readingAgain) await writeLogins(instance, server)
  const everybody = identities.map(({ name }) => name)
  await writeCallers(instance.paths.callers, await credentialsOf(instance, everybody))
}

/** The group of the registry in which Connect registers what it captures, and nobody else; contracts are in `default`. */
export const rawChangeGroup = 'cdc'

/** The realm that is part of the hash of a user's password; Quarkus fixes it when the registry is built. */
const REALM = 'Quarkus'

/**
 * Settings of the registry by which it asks for a login itself: users of Quarkus, which knows their passwords as hashes, and the
 * registry's own roles. Reading needs none. `connect` has a role that may do nothing, but for one address it stands for a developer's:
 * that by which an artefact is registered in its own group.
 *
 * The registry reads them once: it knows those only that may do more than read, and is started again after a rotation of theirs.
 */
export function registryAccess(all: readonly Credentials[]): Readonly<Record<string, string>> {
  const users = all.flatMap(({ identity, token }) =>
    token === undefined
      ? []
      : [
          [`quarkus.security.users.embedded.users.${identity}`, hashedPassword(identity, token)],
          [`quarkus.security.users.embedded.roles.${identity}`, roleOf(identity)],
        ],
  )
  const policy = 'quarkus.http.auth.policy.raw-changes'
  const path = `/apis/registry/v2/groups/${rawChangeGroup}/artifacts`
  const registering = 'quarkus.http.auth.permission.raw-changes'
  const others = 'quarkus.http.auth.permission.raw-changes-others'
  return {
    'quarkus.http.auth.basic': 'true',
    'quarkus.security.users.embedded.algorithm': 'digest-sha-256',
    ...Object.fromEntries(users),
    'apicurio.auth.role-based-authorization': 'true',
    'apicurio.auth.anonymous-read-access.enabled': 'true',
    'apicurio.auth.authenticated-read-access.enabled': 'true',
    [`${policy}.roles-allowed`]: '**',
    [`${policy}.roles.connect`]: 'sr-developer',
    [`${registering}.policy`]: 'raw-changes',
    [`${registering}.methods`]: 'POST',
    [`${registering}.paths`]: path,
    // A second wall, for what the registry may have forgotten to annotate with a role: no reading needs these methods.
    'quarkus.http.auth.policy.administrator.roles-allowed': 'sr-admin',
    'quarkus.http.auth.permission.changes.policy': 'administrator',
    'quarkus.http.auth.permission.changes.methods': 'PUT,DELETE,PATCH',
    'quarkus.http.auth.permission.changes.paths': '/apis/*',
    'quarkus.http.auth.permission.others.policy': 'permit',
    'quarkus.http.auth.permission.others.methods': 'GET,HEAD,OPTIONS,POST',
    'quarkus.http.auth.permission.others.paths': '/apis/*',
    // A path with a rule for one method refuses every other: these are left to the registry's own roles.
    [`${others}.policy`]: 'permit',
    [`${others}.methods`]: 'GET,HEAD,DELETE',
    [`${others}.paths`]: path,
  }
}

const roleOf = (identity: string) => (identity === 'publisher' ? 'sr-admin' : identity)

function hashedPassword(identity: string, token: string): string {
  return sha256(`${identity}:${REALM}:${token}`)
}

/** Credentials, from their files. */
export function credentialsOf(
  { secrets }: Pick<Instance, 'secrets'>,
  names: readonly IdentityName[],
): Promise<readonly Credentials[]> {
  return Promise.all(names.map((name) => readCredentials(secrets.fileOf(name))))
}

/** Writes a properties file that only its owner can read. */
export async function writeSecretProperties(
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await writeSecretFile(file, propertiesText(settings))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
