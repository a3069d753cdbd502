import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's own files: path from the root, with forward slashes, to text. A rule is a function of it. */
export type Tree = ReadonlyMap<string, string>

/** The sentences that say where a rule is broken; none when it holds. */
export type Rule = (tree: Tree) => readonly string[]

export const repositoryFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Reads what git tracks or would track, so that a rule sees a file before its commit, and never what is ignored. */
export function readTree(folder = repositoryFolder): Tree {
  const listing = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: folder, encoding: 'utf8', timeout: 20_000, maxBuffer: 64 * 1024 * 1024 },
  )
  const paths = [...new Set(listing.split('\0'))].filter((path) => isFile(join(folder, path)))
  return new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

/** Whether the tree holds the file, or a file below the folder, of that path. */
export function holds(tree: Tree, path: string): boolean {
  const plain = path.replace(/\/$/, '')
  if (plain === '' || plain === '.' || tree.has(plain)) return true
  return [...tree.keys()].some((file) => file.startsWith(`${plain}/`))
}

export function filesNamed(tree: Tree, pattern: RegExp): readonly (readonly [string, string])[] {
  return [...tree].filter(([path]) => pattern.test(path))
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
