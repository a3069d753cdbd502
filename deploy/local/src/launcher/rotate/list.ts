import { statSync } from 'node:fs'
import { type Credentials, readCredentials } from '@tenseams/identities/credentials'
import { type Identity, identities } from '@tenseams/identities/identities'
import type { Secrets } from '../install/secrets.ts'

const HEAD = ['identity', 'kind', 'Kafka', 'Postgres', 'HTTP', 'since (UTC)']

/** A line for each identity: what it logs in with and since when, and no secret. */
export async function listLines(secrets: Secrets): Promise<readonly string[]> {
  const rows = await Promise.all(
    identities.map(async (identity) => {
      const file = secrets.fileOf(identity.name)
      return rowOf(identity, await readCredentials(file), statSync(file).mtime)
    }),
  )
  return aligned([HEAD, ...rows])
}

/** A rotation that was interrupted is said instead of the time. */
export function rowOf(
  { name, kind, http, postgres }: Identity,
  { kafka, next, retiring }: Credentials,
  changedAt: Date,
): readonly string[] {
  const isUnderWay = next !== undefined || retiring === true
  return [
    ...[name, kind, kafka?.mechanism ?? '-', postgres.join(' ') || '-', http ?? '-'],
    isUnderWay
      ? `rotation not finished: run \`npm run secrets -- rotate ${name}\` again`
      : changedAt.toISOString().slice(0, 19).replace('T', ' '),
  ]
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
