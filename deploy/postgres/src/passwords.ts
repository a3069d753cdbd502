import { connectWith } from '@tenseams/event-store/login'
import type { PostgresPasswords } from '@tenseams/identities/postgres-password'
import type pg from 'pg'
import { scramVerifier } from './scram.ts'

export type AdminAccess = {
  readonly host: string
  readonly port: number
  /** Of the role `postgres`. */
  readonly adminPasswords: PostgresPasswords
}

/**
 * Sets passwords of roles, all of them or none. Sessions that are open stay open; a login from then on needs the new one.
 * A role that has its password already gets it again, so it can be repeated.
 */
export async function setPasswords(
  { host, port, adminPasswords }: AdminAccess,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  const client = await connectWith(
    {
      ...{ host, port, user: 'postgres', database: 'postgres' },
      connectionTimeoutMillis: 10_000,
      statement_timeout: 10_000,
      query_timeout: 12_000,
    },
    adminPasswords,
  )
  try {
    await client.query('begin')
    for (const [role, password] of Object.entries(passwords)) {
      await client.query(passwordStatement(client, role, password))
    }
    await client.query('commit')
  } finally {
    await client.end()
  }
}

/** With a verifier in the place of the password, which is then in no log. */
export function passwordStatement(
  client: Pick<pg.Client, 'escapeIdentifier' | 'escapeLiteral'>,
  role: string,
  password: string,
): string {
  const verifier = client.escapeLiteral(scramVerifier(password))
  return `alter role ${client.escapeIdentifier(role)} password ${verifier}`
}
