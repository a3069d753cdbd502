import { readFile, rm } from 'node:fs/promises'
import { writeCallers } from '@tenseams/identities/callers'
import type { Credentials } from '@tenseams/identities/credentials'
import {
  type IdentityName,
  type PostgresRole,
  postgresRoles,
} from '@tenseams/identities/identities'
import { completeStore, credentialsFileIn } from '@tenseams/identities/store'
import type { Paths } from '../host/paths.ts'

/** Where the instance's identities have their credentials. Only the parts of the instance may know what is in there. */
export type Secrets = {
  /** The passwords as they were when the instance was opened. */
  readonly postgresPasswords: Readonly<Record<PostgresRole, string>>
  /** The file of credentials of an identity: what a process is given. */
  readonly fileOf: (identity: IdentityName) => string
}

/**
 * Makes the files of credentials that the instance lacks and reads the passwords of Postgres. An instance of before there were
 * identities keeps its passwords; its old file is removed when all of them are in the new ones, so a crash loses none. Then it
 * tells the services whose tokens are whose.
 *
 * @throws CredentialsError for a file that cannot be used.
 */
export async function readOrMakeSecrets(paths: Paths): Promise<Secrets> {
  const store = { folder: paths.secrets }
  const all = await completeStore(store, await formerPasswords(paths.formerSecrets))
  await rm(paths.formerSecrets, { force: true })
  await writeCallers(paths.callers, all.values())
  return {
    postgresPasswords: passwordsIn([...all.values()]),
    fileOf: (identity) => credentialsFileIn(store, identity),
  }
}

function passwordsIn(all: readonly Credentials[]): Readonly<Record<PostgresRole, string>> {
  const known = Object.assign({}, ...all.map(({ postgres }) => postgres)) as Record<string, string>
  const passwords = postgresRoles.map((role) => [role, known[role] ?? ''] as const)
  return Object.fromEntries(passwords) as Record<PostgresRole, string>
}

async function formerPasswords(file: string): Promise<Readonly<Record<string, string>>> {
  try {
    const parsed: { readonly postgresPasswords?: Readonly<Record<string, string>> } = JSON.parse(
      await readFile(file, 'utf8'),
    )
    return parsed.postgresPasswords ?? {}
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}
