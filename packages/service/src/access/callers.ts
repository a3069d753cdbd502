import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Caller } from './rights.ts'

/** Knows whose token a token is. */
export type Callers = { callerOf(token: string): Caller | undefined }

/** As `writeCallers` of packages/identities writes it. */
const FileContent = Type.Object({
  callers: Type.Array(
    Type.Object({
      identity: Type.String({ minLength: 1 }),
      role: Type.Optional(Type.Enum(['reader', 'operator', 'admin'])),
      /** SHA-256, hexadecimal. Two while a rotation is under way: the old token and the new one. */
      tokenHashes: Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    }),
  ),
})
type FileContent = Static<typeof FileContent>

/** The file of callers is missing or malformed. */
export class CallersError extends Error {
  readonly code = 'CALLERS_INVALID'
  readonly retriable = false
}

const digestOf = (token: string) => createHash('sha256').update(token).digest()

export type CallersFileOptions = {
  readonly file: string
  /** The file cannot be read now: those of before are still known. */
  readonly onError: (error: unknown) => void
  /** How long a token that was taken away may still be accepted. */
  readonly lookEveryMs?: number
  readonly now?: () => number
}

type Known = { readonly caller: Caller; readonly digest: Buffer }

/**
 * The callers of a file that has hashes only, so whoever reads it learns no token. It is read again when it has changed: at most
 * a second after, and at once when a token is not known, so that a new token is accepted as soon as the file has it.
 */
export class CallersFile implements Callers {
  readonly #options: CallersFileOptions
  #known: readonly Known[]
  #version: string
  #lookAgainAt: number

  /** @throws CallersError */
  constructor(options: CallersFileOptions) {
    this.#options = options
    this.#version = versionOf(options.file)
    this.#known = readKnown(options.file)
    this.#lookAgainAt = this.#now() + this.#lookEveryMs
  }

  callerOf(token: string): Caller | undefined {
    if (this.#now() >= this.#lookAgainAt) this.#look()
    const digest = digestOf(token)
    const caller = callerIn(this.#known, digest)
    if (caller !== undefined) return caller
    return this.#look() ? callerIn(this.#known, digest) : undefined
  }

  /** True when the file has changed. */
  #look(): boolean {
    const { file, onError } = this.#options
    this.#lookAgainAt = this.#now() + this.#lookEveryMs
    try {
      const version = versionOf(file)
      if (version === this.#version) return false
      this.#known = readKnown(file)
      this.#version = version
      return true
    } catch (error) {
      onError(error)
      return false
    }
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }

  get #lookEveryMs(): number {
    return this.#options.lookEveryMs ?? 1_000
  }
}

/** All are compared, each in constant time, so that the time of an answer says nothing about a token. */
function callerIn(known: readonly Known[], digest: Buffer): Caller | undefined {
  let found: Caller | undefined
  for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.caller
  return found
}

/** The file is replaced by another, never written in place. */
function versionOf(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file)
    return `${ino} ${mtimeMs} ${size}`
  } catch (cause) {
    throw new CallersError(missing(file), { cause })
  }
}

function readKnown(file: string): readonly Known[] {
  return readCallers(file).callers.flatMap(({ identity, role, tokenHashes }) =>
    tokenHashes.map((hash) => ({ caller: { identity, role }, digest: Buffer.from(hash, 'hex') })),
  )
}

/** @throws CallersError */
function readCallers(file: string): FileContent {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new CallersError(missing(file), { cause })
  }
  if (Value.Check(FileContent, content)) return content
  throw new CallersError(`${file} is no file of callers: \`npm run stack -- up\` writes it anew`)
}

const missing = (file: string) =>
  `the file of callers ${file} cannot be read: \`npm run stack -- up\` writes it; elsewhere set CALLERS_FILE to the file with the hashes of everybody's tokens`
