import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '@tenseams/codec/errors'
import { chooseBase } from './choose-base.ts'
import {
  belongsToSet,
  type ContractSet,
  contractSetOf,
  folders,
  type SetFiles,
  singleFiles,
  topicsFile,
  UndecidedError,
} from './contract-set.ts'
import { lenientEntries, strictEntries } from './entry/read.ts'
import { openRepository, textOf } from './git.ts'
import type { CheckedTopic } from './versions.ts'

/** What is compared: the contracts in the working tree, and those in the base commit. */
export type Comparison = {
  readonly base: ContractSet
  readonly tree: ContractSet
  /** The topics whose schemas are compared, each with the base's readers beside its own. */
  readonly topics: readonly CheckedTopic[]
  /** False when the base is the last state on which others rely, true when it is our best guess at it. */
  readonly isGuessed: boolean
  /** The day of the base commit, YYYY-MM-DD. */
  readonly baseDate: string
}

/**
 * Reads both states. What is not understood in the working tree is listed in `tree.undecided`, and the rest is compared.
 *
 * @param root the project's folder.
 * @param baseName a commit, branch or tag; without it, `chooseBase` finds one.
 * @throws UndecidedError when there is no base, or nothing to compare.
 */
export function readComparison(root: string, baseName?: string): Comparison {
  const repository = openRepository(root)
  const files = treeFiles(root)
  const tree = contractSetOf({ name: 'the working tree', commit: 'HEAD' }, files, strictEntries)
  const { commit, why, isGuessed } = chooseBase(repository, files.texts, baseName)
  const name = `${repository.describe(commit)} (${why})`
  const texts = repository.filesOf(commit, [...folders, ...singleFiles], belongsToSet)
  const base = contractSetOf({ name, commit }, { texts, unreadable: new Map() }, lenientEntries)
  if (base.undecided.length > 0) throw new UndecidedError(base.undecided.join('\n'))
  const topics = topicsOf(files, texts, tree, base)
  return { base, tree, topics, isGuessed, baseDate: repository.dateOf(commit) }
}

/** A topic whose entry the working tree spoils is compared under the base's entry. */
function topicsOf(
  { texts }: SetFiles,
  baseTexts: SetFiles['texts'],
  tree: ContractSet,
  base: ContractSet,
): readonly CheckedTopic[] {
  const { topics } = strictEntries(texts.get(topicsFile) ?? '', tree.name)
  const readable = new Set(topics.map(({ name }) => name))
  const earlier = strictEntries(baseTexts.get(topicsFile) ?? '', base.name).topics
  const instead = earlier.filter(
    ({ name }) => !readable.has(name) && (tree.names === undefined || tree.names.has(name)),
  )
  return [...topics, ...instead].map((topic) => {
    const { consumers = [] } = base.promises.find(({ name }) => name === topic.name) ?? {}
    return { ...topic, consumers: [...new Set([...consumers, ...topic.consumers])] }
  })
}

/** The files in the working tree, committed or not. */
function treeFiles(root: string): SetFiles {
  const texts = new Map<string, string>()
  const unreadable = new Map<string, string>()
  // Without topics there is nothing to compare, so that file is read in any case.
  const isThere = (path: string) => path === topicsFile || existsSync(join(root, path))
  for (const path of [
    ...singleFiles.filter(isThere),
    ...folders.flatMap((folder) => pathsBelow(root, folder)),
  ]) {
    try {
      texts.set(path, readText(root, path))
    } catch (error) {
      unreadable.set(path, messageOf(error))
    }
  }
  return { texts, unreadable }
}

/** A project without kept records, or without jobs, has none to compare. */
const optionalFolders = ['contracts/records', 'flink-jobs']

function pathsBelow(root: string, folder: string): readonly string[] {
  if (optionalFolders.includes(folder) && !existsSync(join(root, folder))) return []
  const entries = attempt(folder, () => readdirSync(join(root, folder), { withFileTypes: true }))
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return pathsBelow(root, path)
    return belongsToSet(path) ? [path] : []
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
