import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credentials, readCredentials, type Secrets } from './credentials.ts'
import { type Identity, type IdentityName, identities } from './identities.ts'

/** The files of an instance's identities: one a name, in a folder that only its owner enters. */
export type Store = { readonly folder: string }

export function credentialsFileIn({ folder }: Store, name: IdentityName): string {
  return join(folder, `${name}.json`)
}

/** 192 random bits. Hexadecimal, so that it is the same in an address, a header, a properties file and JSON. */
export function newSecret(): string {
  return randomBytes(24).toString('hex')
}

/** Everything that the identity needs, generated. */
export function newSecrets({ name, kafka, postgres, http }: Identity): Secrets {
  return {
    ...(kafka && {
      kafka: { username: name, password: newSecret(), mechanism: 'scram-sha-512' as const },
    }),
    ...(postgres.length > 0 && {
      postgres: Object.fromEntries(postgres.map((role) => [role, newSecret()])),
    }),
    ...(http !== undefined && { token: newSecret() }),
  }
}

/**
 * Makes the files that are missing, and adds what an identity has got since its file was made. What a file has is never
 * changed. After a crash each file is whole or missing, so it can be repeated; of two processes that make the same file at once,
 * the first one's stays, and both read it.
 *
 * @param known passwords of roles that were made elsewhere, which a new file takes over.
 * @throws CredentialsError for a file that is there and cannot be used.
 */
export async function completeStore(
  store: Store,
  known: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<IdentityName, Credentials>> {
  await mkdir(store.folder, { recursive: true, mode: 0o700 })
  await chmod(store.folder, 0o700)
  const all = identities.map(async (identity) => {
    return [identity.name, await complete(store, identity, known)] as const
  })
  return new Map(await Promise.all(all))
}

async function complete(
  store: Store,
  identity: Identity,
  known: Readonly<Record<string, string>>,
): Promise<Credentials> {
  const file = credentialsFileIn(store, identity.name)
  const fresh = freshCredentials(identity, known)
  if (!existsSync(file)) await createOnce(file, fresh)
  const present = await readCredentials(file)
  const lacking = addedTo(present, fresh)
  if (lacking === undefined) return present
  await replaceCredentials(file, lacking)
  return readCredentials(file)
}

function freshCredentials(
  identity: Identity,
  known: Readonly<Record<string, string>>,
): Credentials {
  const made = newSecrets(identity)
  const passwords = Object.entries(made.postgres ?? {}).map(([role, password]) => [
    ...[role, known[role] ?? password],
  ])
  return {
    identity: identity.name,
    ...made,
    ...(made.postgres && { postgres: Object.fromEntries(passwords) }),
  }
}

/** The file's content with what it lacks; undefined when it lacks nothing. */
function addedTo(present: Credentials, fresh: Credentials): Credentials | undefined {
  const postgres = { ...fresh.postgres, ...present.postgres }
  const all = { ...fresh, ...present, ...(fresh.postgres && { postgres }) }
  const count = ({ kafka, token, postgres: passwords = {} }: Credentials) =>
    [kafka, token, ...Object.keys(passwords)].filter((each) => each !== undefined).length
  return count(all) === count(present) ? undefined : all
}

/** Replaces a file atomically: a crash leaves the old one or the new one. */
export async function replaceCredentials(file: string, content: Credentials): Promise<void> {
  const unfinished = await writeUnfinished(file, content)
  await rename(unfinished, file)
}

/** A link, other than a new name, does not replace a file that another process has made meanwhile. */
async function createOnce(file: string, content: Credentials): Promise<void> {
  const unfinished = await writeUnfinished(file, content)
  try {
    await link(unfinished, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function writeUnfinished(file: string, content: Credentials): Promise<string> {
  const unfinished = `${file}.${randomUUID()}.unfinished`
  await writeFile(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return unfinished
}
