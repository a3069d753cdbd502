import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Credentials } from './credentials.ts'
import { type HttpRole, identities } from './identities.ts'

/**
 * What a service knows of those who call it: hashes only, so whoever reads it can be nobody. A token has 192 random bits, which
 * cannot be guessed from a hash without salt.
 */
export type CallersContent = {
  readonly callers: readonly {
    readonly identity: string
    readonly role?: HttpRole
    /** SHA-256, hexadecimal. Two while a rotation is under way: both tokens are accepted. */
    readonly tokenHashes: readonly string[]
  }[]
}

export function tokenHashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** @param all the credentials of every identity */
export function callersOf(all: Iterable<Credentials>): CallersContent {
  const callers = [...all].flatMap(({ identity, token, next }) => {
    const tokens = [token, next?.token].filter((each) => each !== undefined)
    const role = identities.find(({ name }) => name === identity)?.http
    if (tokens.length === 0) return []
    return [{ identity, ...(role && { role }), tokenHashes: tokens.map(tokenHashOf) }]
  })
  return { callers }
}

/**
 * Writes the file of callers anew when it says something else. Services read it again without a restart: so a rotation writes it
 * with both tokens before anybody sends the new one, and without the old one when nobody sends that any more. It is replaced
 * atomically; after a crash it may be behind the credentials, until the next call.
 */
export async function writeCallers(file: string, all: Iterable<Credentials>): Promise<void> {
  const text = `${JSON.stringify(callersOf(all), null, 2)}\n`
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === text) return
  await mkdir(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}.unfinished`
  await writeFile(unfinished, text, { mode: 0o600 })
  await rename(unfinished, file)
}
