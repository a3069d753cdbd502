import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTopics } from '../topics.ts'
import {
  type ContractSet,
  contractSetOf,
  folders,
  topicsFile,
  UndecidedError,
} from './contract-set.ts'
import { openRepository, type Repository, textOf } from './git.ts'
import type { CheckedTopic } from './schemas-kept.ts'

/** What is compared: the contracts as they lie in the working tree, and as they were. */
export type Comparison = {
  readonly base: ContractSet
  readonly tree: ContractSet
  /** The working tree's topics, read strictly, as whoever publishes reads them; a base may be of an older form. */
  readonly topics: readonly CheckedTopic[]
  /** Whether the base is the last state that somebody else may have relied on, or only our best guess at it. */
  readonly isGuessed: boolean
}

/**
 * Reads both states.
 *
 * @param root the project's folder.
 * @param baseName a commit, branch or tag; without it, the base is found as `chooseBase` has it.
 * @throws UndecidedError or ContractError when one of them cannot be had.
 */
export function readComparison(root: string, baseName?: string): Comparison {
  const repository = openRepository(root)
  const files = treeFiles(root)
  const tree = contractSetOf('the working tree', 'HEAD', files)
  const topics = parseTopics(files.get(topicsFile) ?? '')
  const { commit, why, isGuessed } = chooseBase(repository, files, baseName)
  const name = `${repository.describe(commit)} (${why})`
  const then = repository.filesOf(commit, [...folders, topicsFile])
  return { base: contractSetOf(name, commit, then), tree, topics, isGuessed }
}

type Base = { readonly commit: string; readonly why: string; readonly isGuessed: boolean }

/** Where the state that others rely on may be found, the likeliest first. */
const mainBranches = ['refs/remotes/origin/HEAD', 'refs/remotes/origin/main', 'refs/heads/main']

/**
 * The commit to compare with:
 * 1. the one that is named: where its history and ours part, so that what was merged there since is not held against us;
 * 2. where this branch left main;
 * 3. HEAD, when the working tree differs from it;
 * 4. the state before the newest version of a schema came. In a clone of main without any change nothing tells what the
 *    last landing was, and comparing HEAD with itself would find nothing, whatever had been merged.
 */
function chooseBase(
  repository: Repository,
  files: ReadonlyMap<string, string>,
  baseName: string | undefined,
): Base {
  const head = repository.commitOf('HEAD')
  if (head === undefined) throw new UndecidedError('the repository has no commit yet')
  if (baseName !== undefined) return namedBase(repository, head, baseName)
  for (const branch of mainBranches) {
    const tip = repository.commitOf(branch)
    const parting: string | undefined =
      tip === undefined ? undefined : repository.mergeBase(tip, head)
    if (parting === undefined || parting === head) continue
    const why = `where this branch left ${branch.replace(/^refs\/\w+\//, '')}`
    return { commit: parting, why, isGuessed: false }
  }
  const committed = repository.filesOf(head, [...folders, topicsFile])
  if (!isSame(committed, files)) return { commit: head, why: 'HEAD', isGuessed: false }
  const addition = repository.newestAddition('contracts/events')
  const before = addition === undefined ? undefined : repository.commitOf(`${addition}^`)
  const why = 'nothing differs from main, so: before the newest version of a schema came'
  if (before !== undefined) return { commit: before, why, isGuessed: true }
  return { commit: head, why: 'HEAD itself: its history has no earlier state', isGuessed: true }
}

function namedBase(repository: Repository, head: string, name: string): Base {
  const tip = repository.commitOf(name)
  if (tip === undefined) {
    throw new UndecidedError(
      `there is no commit, branch or tag ${name} in this clone. \`git branch --all\` lists what is there; \`git fetch origin ${name}\` gets what isn't`,
    )
  }
  const parting = repository.mergeBase(tip, head)
  if (parting === undefined) {
    throw new UndecidedError(`${name} and HEAD have no common history`)
  }
  const why = parting === tip ? name : `where HEAD and ${name} part`
  return { commit: parting, why, isGuessed: false }
}

function isSame(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([path, text]) => right.get(path) === text)
}

/** The files as they lie there, committed or not. */
function treeFiles(root: string): ReadonlyMap<string, string> {
  const paths = [topicsFile, ...folders.flatMap((folder) => pathsBelow(root, folder))]
  return new Map(paths.map((path) => [path, readText(root, path)]))
}

function pathsBelow(root: string, folder: string): readonly string[] {
  // Whoever has no records yet has none to lose.
  if (folder === 'contracts/records' && !existsSync(join(root, folder))) return []
  const entries = attempt(folder, () => readdirSync(join(root, folder), { withFileTypes: true }))
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? pathsBelow(root, path) : [path]
  })
}

function readText(root: string, path: string): string {
  return attempt(path, () => {
    const file = join(root, path)
    if (!lstatSync(file).isFile()) throw new Error('no plain file')
    return textOf(readFileSync(file), path)
  })
}

function attempt<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof UndecidedError) throw cause
    throw new UndecidedError(`${path} cannot be read`, { cause })
  }
}
