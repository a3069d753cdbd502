import { posix } from 'node:path'
import type { Tree } from './tree.ts'

/** Rooms without an owner. */
const ownerless = ['utils', 'util', 'common', 'helpers', 'shared', 'misc', 'lib']

/** What may lie in the root: what tools and readers look for there. */
const rootFiles = [
  '.editorconfig',
  '.gitattributes',
  '.gitignore',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'biome.json',
  'docker-compose.yml',
  'knip.json',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
]

/** Folders that hold rooms only. Each may have the manifest of a package and a page about itself. */
const hallways = ['test', 'test/seams', 'packages', 'services', 'deploy']
const ofAHallway = ['package.json', 'README.md']

/** More files than a reader takes in at once. A test beside its module does not count, nor do lists of like things. */
const MOST_FILES = 25
const listsOfLikeThings = /^(?:adr|runbooks)$|\/(?:cases|drills)$/

/** Folders whose names say nothing about where on the data's way they stand. */
export function ownerlessFolders(tree: Tree): readonly string[] {
  const folders = [...tree.keys()].flatMap((path) => path.split('/').slice(0, -1))
  return ownerless
    .filter((name) => folders.includes(name))
    .map((name) => `a folder is called ${name}: such a room has no owner`)
}

/** Files that lie in no room: in the root, or beside the rooms. */
export function looseFiles(tree: Tree): readonly string[] {
  return [...tree.keys()].flatMap((path) => {
    const folder = posix.dirname(path)
    const name = posix.basename(path)
    if (folder === '.' && !rootFiles.includes(name)) return [`${path} is loose in the root`]
    if (hallways.includes(folder) && !ofAHallway.includes(name)) {
      return [`${path} lies in no room of ${folder}`]
    }
    return []
  })
}

/** Rooms so full that nobody finds anything in them. */
export function crowdedFolders(tree: Tree): readonly string[] {
  const sizes = new Map<string, number>()
  for (const path of tree.keys()) {
    if (path.endsWith('.test.ts') && tree.has(path.replace(/\.test\.ts$/, '.ts'))) continue
    const folder = posix.dirname(path)
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1)
  }
  return [...sizes]
    .filter(([folder, size]) => size > MOST_FILES && !listsOfLikeThings.test(folder))
    .map(([folder, size]) => `${folder} has ${size} files: more than ${MOST_FILES} is no room`)
}
