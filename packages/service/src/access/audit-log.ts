import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** One use of a control route. No header, query or body is in it, since each may be a secret. */
export type Use = {
  /** UTC */
  readonly at: string
  readonly service: string
  /** Null without a token that is known. */
  readonly identity: string | null
  readonly role: string | null
  readonly method: string
  readonly route: string | null
  readonly path: string
  readonly outcome: 'allowed' | 'refused'
  readonly status: number
  /** Why it was refused: the type of the problem. */
  readonly reason: string | null
  readonly from: string
  readonly requestId: string
}

export type AuditLog = { write(use: Use): void; close(): void }

export type AuditFileOptions = {
  readonly file: string
  readonly mostBytes?: number
  /** How many full files are kept beside the current one. */
  readonly mostKept?: number
}

const MOST_BYTES = 4 * 1024 * 1024
const MOST_KEPT = 4

/**
 * A file with one line of JSON a use. When it is full it becomes `<file>.1`, the one before `<file>.2`, and the oldest is removed:
 * so it has a bound. Only its owner can read it.
 *
 * A line is written before the request is answered. A crash after the effect and before the line leaves a use without a
 * line, whose caller got no answer either.
 */
export class AuditFile {
  readonly #file: string
  readonly #mostBytes: number
  readonly #mostKept: number
  #descriptor: number
  #bytes: number

  /** @throws Error of the system when the file cannot be written. */
  constructor({ file, mostBytes = MOST_BYTES, mostKept = MOST_KEPT }: AuditFileOptions) {
    this.#file = file
    this.#mostBytes = mostBytes
    this.#mostKept = mostKept
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    this.#descriptor = openSync(file, 'a', 0o600)
    this.#bytes = fstatSync(this.#descriptor).size
  }

  /** @throws Error of the system */
  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#mostBytes) this.#rotate()
    writeSync(this.#descriptor, bytes)
    this.#bytes += bytes.length
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** From the oldest on, so that a crash between two of them loses none but the oldest. */
  #rotate(): void {
    closeSync(this.#descriptor)
    const names = Array.from({ length: this.#mostKept }, (_, index) => `${this.#file}.${index + 1}`)
    rmSync(names.at(-1) ?? this.#file, { force: true })
    for (const [older, newer] of pairs([...names.toReversed(), this.#file])) moveOver(newer, older)
    this.#descriptor = openSync(this.#file, 'a', 0o600)
    this.#bytes = fstatSync(this.#descriptor).size
  }
}

function pairs(names: readonly string[]): readonly (readonly [string, string])[] {
  return names.slice(1).map((name, index) => [names[index] ?? name, name])
}

function moveOver(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

/**
 * The uses of those who are known in one file, what strangers try in another: strangers can fill only their own, and so remove
 * no line about anybody else.
 *
 * @param onError gets a line that cannot be written.
 */
export function openAuditLog(file: string, onError: (error: unknown, use: Use) => void): AuditLog {
  const known = new AuditFile({ file })
  const strangers = new AuditFile({ file: strangersFileOf(file) })
  return {
    write: (use) => {
      try {
        const to = use.identity === null ? strangers : known
        to.append(JSON.stringify(use))
      } catch (error) {
        onError(error, use)
      }
    },
    close: () => {
      known.close()
      strangers.close()
    },
  }
}

/** `audit/orders.log` → `audit/orders.strangers.log` */
export function strangersFileOf(file: string): string {
  return file.replace(/(?:\.log)?$/, '.strangers.log')
}
