import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Paths } from '../host/paths.ts'

/** What Maven installed is not what was installed when the list was written. */
export class FilesDiffer extends Error {
  readonly code = 'FILES_DIFFER'
  readonly retriable = false
}

/** Made on this machine: our own Java, whose sources are in git, and the manifests of Connect's plugins. */
const madeHere = /^(?:tenseams-own|connect-plugin-path-shim-.*)\.jar$/

/**
 * The files of an artefact with their SHA-256, as `sha256sum` writes them. The pom pins only what it names: everything that
 * those need is chosen by their own poms, and all of it comes from whatever repository the user's Maven is set to.
 */
export function lockFileOf(paths: Paths, artefact: string): string {
  return join(paths.jvm, 'files', `${artefact}.sha256`)
}

/**
 * Compares an installed folder with its list. Without a list it is written: that is how a change of the pom is accepted.
 *
 * @throws FilesDiffer with the files that differ, and what to do.
 */
export function assertLocked(paths: Paths, artefact: string, folder: string): void {
  const file = lockFileOf(paths, artefact)
  const found = hashesOf(folder)
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, textOf(found))
    return
  }
  const differing = differences(parse(readFileSync(file, 'utf8')), found)
  if (differing.length === 0) return
  const few = differing.slice(0, 5).join(', ')
  const more = differing.length > 5 ? ` and ${differing.length - 5} more` : ''
  throw new FilesDiffer(
    `${artefact}: Maven installed other files than those in ${file}: ${few}${more}. ` +
      'After a change of pom.xml, delete that file, and the next start writes it anew; ' +
      'otherwise ask why the repository of your Maven has other files, and remove them from ~/.m2/repository.',
  )
}

type Hashes = ReadonlyMap<string, string>

/** Each file that is changed, missing or new. */
export function differences(expected: Hashes, found: Hashes): readonly string[] {
  const all = new Set([...expected.keys(), ...found.keys()])
  return [...all].toSorted().flatMap((path) => {
    const [was, is] = [expected.get(path), found.get(path)]
    if (was === is) return []
    if (was === undefined) return [`${path} is new`]
    return [is === undefined ? `${path} is missing` : `${path} has other contents`]
  })
}

function hashesOf(folder: string): Hashes {
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile() && !madeHere.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    files.map((file) => {
      const hash = createHash('sha256').update(readFileSync(file)).digest('hex')
      return [file.slice(folder.length + 1), hash]
    }),
  )
}

function textOf(hashes: Hashes): string {
  const lines = [...hashes].map(([path, hash]) => `${hash}  ${path}\n`)
  return lines.toSorted((one, other) => (one.slice(66) < other.slice(66) ? -1 : 1)).join('')
}

function parse(text: string): Hashes {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}
