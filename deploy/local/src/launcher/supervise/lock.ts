import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Identity, identify, isSameProcess } from '../host/procfs.ts'

/** Somebody else has it. */
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
 * Takes a lock that dies with this process: it is a file with our identity, and one whose process is gone counts for
 * nothing.
 *
 * @returns a function that gives it back.
 * @throws Locked while another process that lives has it, or this one has it already.
 */
export function takeLock(file: string, what: string): () => void {
  const own = identify(process.pid)
  if (own === undefined) throw new Error('/proc does not know this process')
  const holder = holderOf(file)
  if (holder !== undefined) {
    throw new Locked(`${what} is in the hands of process ${holder.pid}`, holder)
  }
  mkdirSync(dirname(file), { recursive: true })
  rmSync(file, { force: true })
  // `wx` fails if somebody was faster between the lines above and this one.
  writeFileSync(file, `${JSON.stringify(own)}\n`, { flag: 'wx' })
  return () => rmSync(file, { force: true })
}

/** The living process that has the lock. */
export function holderOf(file: string): Identity | undefined {
  const holder = readIdentity(file)
  return holder !== undefined && isSameProcess(holder) ? holder : undefined
}

function readIdentity(file: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Identity
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    // A lock that was being written when its process died.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
