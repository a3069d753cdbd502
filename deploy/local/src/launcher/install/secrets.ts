import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { type Role, roles } from '@tenseams/postgres/roles'
import type { Paths } from '../host/paths.ts'

type Login = Role | 'postgres'

/** Only the parts of the instance may know these. */
export type Secrets = { readonly postgresPasswords: Readonly<Record<Login, string>> }

const logins: readonly Login[] = ['postgres', ...roles]

/**
 * Reads the instance's passwords and generates those that are missing. Only the owner can read the file. It is replaced
 * atomically: a crash leaves the old one or the new one.
 */
export async function readOrMakeSecrets(paths: Paths): Promise<Secrets> {
  const known = await readPasswords(paths.secrets)
  const passwords = logins.map((login) => [login, known[login] ?? newPassword()] as const)
  const secrets = { postgresPasswords: recordOf(passwords) }
  if (logins.every((login) => known[login] !== undefined)) return secrets
  const next = `${paths.secrets}.next`
  await writeFile(next, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  await chmod(next, 0o600)
  await rename(next, paths.secrets)
  return secrets
}

function recordOf(passwords: readonly (readonly [Login, string])[]): Record<Login, string> {
  return Object.fromEntries(passwords) as Record<Login, string>
}

/** Alphanumeric, since it is also used in URLs. */
function newPassword(): string {
  return randomBytes(18).toString('hex')
}

async function readPasswords(file: string): Promise<Partial<Record<Login, string>>> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as Partial<Secrets>
    return parsed.postgresPasswords ?? {}
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}
