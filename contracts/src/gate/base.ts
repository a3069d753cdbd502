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
import type { CheckedTopic } from './versions.ts'

/** What is compared: the contracts in the working tree, and those in the base commit. */
export type Comparison = {
  readonly base: ContractSet
  readonly tree: ContractSet
  /** The working tree's topics, parsed strictly as in `publish`. The base's file may have an older form. */
  readonly topics: readonly CheckedTopic[]
  /** False when the base is the last state on which others rely, true when it is our best guess at it. */
  readonly isGuessed: boolean
}

/**
 * Reads both states.
 *
 * @param root the project's folder.
 * @param baseName a commit, branch or tag; without it, `chooseBase` finds one.
 * @throws UndecidedError or ContractError when one of them cannot be read.
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

/** Branches that may hold the state on which others rely, the most likely first. */
const mainBranches = ['refs/remotes/origin/HEAD', 'refs/remotes/origin/main', 'refs/heads/main']

/**
 * The commit to compare with:
 * 1. the merge base of the named commit and HEAD, so that changes merged there since do not count against this branch;
 * 2. where this branch left main;
 * 3. HEAD, when the working tree differs from it;
 * 4. the state before the newest version of a schema was added. In a clone of main without a change it is unknown what was
 *    merged last, and a comparison of HEAD with itself would find nothing, whatever had been merged.
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
  const why = 'nothing differs from main, so: before the newest version of a schema was added'
  if (before !== undefined) return { commit: before, why, isGuessed: true }
  return { commit: head, why: 'HEAD itself: its history has no earlier state', isGuessed: true }
}

function namedBase(repository: Repository, head: string, name: string): Base {
  const tip = repository.commitOf(name)
  if (tip === undefined) {
    throw new UndecidedError(
      `there is no commit, branch or tag ${name} in this clone. \`git branch --all\` lists what is there; \`git fetch origin ${name}\` gets what is missing`,
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

/** The files in the working tree, committed or not. */
function treeFiles(root: string): ReadonlyMap<string, string> {
  const paths = [topicsFile, ...folders.flatMap((folder) => pathsBelow(root, folder))]
  return new Map(paths.map((path) => [path, readText(root, path)]))
}

function pathsBelow(root: string, folder: string): readonly string[] {
  // A project without kept records has none to compare.
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
    if (!lstatSync(file).isFile()) throw new Error('not a plain file')
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
