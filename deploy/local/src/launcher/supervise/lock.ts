import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Identity, identify, isSameProcess } from '../host/procfs.ts'

/** Another process holds the lock. */
export class Locked extends Error {
  readonly code = 'LOCKED'
  readonly retriable = true
  readonly holder: Identity

  constructor(message: string, holder: Identity) {
    super(message)
    this.holder = holder
  }
}

/**
 * Takes a lock that ends with this process: a file with the identity of its holder. A file whose process is gone is
 * ignored.
 *
 * @returns a function that releases the lock.
 * @throws Locked while a running process holds it, this one included.
 */
export function takeLock(file: string, what: string): () => void {
  const own = identify(process.pid)
  if (own === undefined) throw new Error('this process is not in /proc')
  const holder = holderOf(file)
  if (holder !== undefined) {
    throw new Locked(`${what} is held by process ${holder.pid}`, holder)
  }
  mkdirSync(dirname(file), { recursive: true })
  rmSync(file, { force: true })
  // `wx` fails when another process has created the file since it was read above.
  writeFileSync(file, `${JSON.stringify(own)}\n`, { flag: 'wx' })
  return () => rmSync(file, { force: true })
}

/** The running process that holds the lock. */
export function holderOf(file: string): Identity | undefined {
  const holder = readIdentity(file)
  return holder !== undefined && isSameProcess(holder) ? holder : undefined
}

function readIdentity(file: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Identity
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    // The holder died while it wrote the file.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
