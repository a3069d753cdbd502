import type { Topic } from '../topics.ts'
import {
  type ContractSet,
  type ContractVersion,
  locked,
  newestOf,
  type Promises,
  topicsFile,
} from './contract-set.ts'
import type { Period } from './entry/acknowledgements.ts'
import { entryRefusals } from './entry/changes.ts'
import { type Refusal, readersOf } from './refusal.ts'

/** When the base is from, and whether it is our guess. */
export type BaseTerms = { readonly period: Period; readonly isGuessed: boolean }

/**
 * What the base promised and the working tree withdraws: deleted topics and versions, edited texts, and what the entries no
 * longer promise. Nothing is said about what is undecided in the working tree.
 */
export function withdrawnPromises(
  base: ContractSet,
  tree: ContractSet,
  terms: BaseTerms,
): readonly Refusal[] {
  const { isGuessed } = terms
  return [
    ...locked(base, 'versions', isGuessed).flatMap((version) => textRefusals(version, base, tree)),
    ...locked(base, 'records', isGuessed).flatMap((record) => recordRefusals(record, base, tree)),
    ...base.promises.flatMap((was) => {
      if (tree.names?.has(was.name) === false) return [deletedTopic(was)]
      const is = tree.promises.find(({ name }) => name === was.name)
      if (is === undefined) return []
      // The working tree's entries were read strictly.
      return entryRefusals({ was, is: is as Topic }, { base, tree }, terms)
    }),
    ...tree.promises
      .filter(({ name }) => base.names?.has(name) === false)
      .flatMap((is) =>
        entryRefusals({ was: { name: is.name }, is: is as Topic }, { base, tree }, terms),
      ),
    ...coveredTopics(base, tree),
  ]
}

/** Prefixes of topics without a contract that are prefixes of topics with one. */
function coveredTopics(base: ContractSet, tree: ContractSet): readonly Refusal[] {
  const governed = [...new Set([...(base.names ?? []), ...(tree.names ?? [])])]
  return tree.ungoverned.flatMap((prefix): readonly Refusal[] => {
    const covered = governed.filter((name) => name.startsWith(prefix))
    if (covered.length === 0) return []
    return [
      {
        where: `ungoverned: ${topicsFile}`,
        what: `the prefix \`${prefix}\` covers ${covered.join(', ')}`,
        why: '`contracts diff` would no longer report topics and subjects beside them that no contract has',
        whom: 'everyone who relies on `contracts diff`',
        todo: 'name the prefix of what the tool creates, and nothing more',
      },
    ]
  })
}

function textRefusals(
  { topic, version, file, text }: ContractVersion,
  base: ContractSet,
  tree: ContractSet,
): readonly Refusal[] {
  const now = tree.versions.find((each) => each.file === file)
  const entry = base.promises.find(({ name }) => name === topic) ?? { name: topic }
  const next = newestOf(base, topic) + 1
  const shared = { where: `${topic}: ${file}`, whom: readersOf(entry) }
  if (now === undefined) {
    return [
      {
        ...shared,
        what: `version ${version} is deleted`,
        why: 'records of this version stay in topics, stores and the lake, and are checked against it',
        todo: `restore it:\ngit checkout ${shortOf(base)} -- ${file}`,
      },
    ]
  }
  if (now.isUnreadable || now.text === text) return []
  return [
    {
      ...shared,
      what: `version ${version} is edited`,
      why: 'its text is published: the registry, the store and written records rely on it',
      todo: `put the change into version ${next}, and restore this one:\ngit checkout ${shortOf(base)} -- ${file}`,
    },
  ]
}

/** None for a deleted topic, which is refused as such. */
function recordRefusals(
  { topic, version, file, text }: ContractVersion,
  base: ContractSet,
  tree: ContractSet,
): readonly Refusal[] {
  const now = tree.records.find((each) => each.file === file)
  const entry = base.promises.find(({ name }) => name === topic)
  if (now?.isUnreadable || now?.text === text || entry === undefined) return []
  return [
    {
      where: `${topic}: ${file}`,
      whom: readersOf(entry),
      what: `the records of version ${version} are ${now === undefined ? 'deleted' : 'edited'}`,
      why: 'they are what that version wrote, and the only proof that later versions can read it',
      todo: `restore them:\ngit checkout ${shortOf(base)} -- ${file}`,
    },
  ]
}

function shortOf({ commit }: ContractSet): string {
  return commit.slice(0, 12)
}

function deletedTopic(promises: Promises): Refusal {
  return {
    where: `${promises.name}: ${topicsFile}`,
    what: 'the topic is deleted',
    why: 'its records stay in stores and in the lake, and need an owner and a schema',
    whom: readersOf(promises),
    todo: 'keep the entry. When its last reader has moved to another topic, remove the readers from `consumers`',
  }
}
