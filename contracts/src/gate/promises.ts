import type { Compatibility } from '../topics.ts'
import {
  type ContractSet,
  type ContractVersion,
  locked,
  newestOf,
  type Promises,
  topicsFile,
} from './contract-set.ts'
import { directionsOf, isTransitive } from './difference.ts'
import { newTopicStep } from './next-step.ts'
import { type Refusal, readersOf } from './refusal.ts'

/**
 * What the base promised and the working tree withdraws: deleted topics and versions, edited texts, changed keys,
 * partitions and formats, lowered levels.
 */
export function withdrawnPromises(
  base: ContractSet,
  tree: ContractSet,
  isGuessed: boolean,
): readonly Refusal[] {
  return [
    ...locked(base, 'versions', isGuessed).flatMap((version) => textRefusals(version, base, tree)),
    ...locked(base, 'records', isGuessed).flatMap((record) => recordRefusals(record, base, tree)),
    ...base.promises.flatMap((promises) => {
      const now = tree.promises.find(({ name }) => name === promises.name)
      return now === undefined ? [deletedTopic(promises)] : entryRefusals(promises, now, base, tree)
    }),
  ]
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
  if (now.text === text) return []
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
  if (now?.text === text || entry === undefined) return []
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

function entryRefusals(
  was: Promises,
  is: Promises,
  base: ContractSet,
  tree: ContractSet,
): readonly Refusal[] {
  return [
    ...keyRefusals(was, is),
    ...partitionRefusals(was, is),
    ...formatRefusals(was, is),
  ].concat(levelRefusals(was, is, base, tree))
}

function keyRefusals(was: Promises, is: Promises): readonly Refusal[] {
  return (['key', 'keyField'] as const).flatMap((property) => {
    if (was[property] === undefined || was[property] === is[property]) return []
    return [
      refusal(was, {
        what: `\`${property}\` changes from ${was[property]} to ${is[property]}`,
        why: 'records of one key are in one partition and are read in order; with another key the older records are in other partitions, and the invariant no longer holds',
        todo: newTopicStep,
      }),
    ]
  })
}

function partitionRefusals(was: Promises, is: Promises): readonly Refusal[] {
  if (was.partitions === undefined || was.partitions === is.partitions) return []
  const isFewer = Number(is.partitions) < was.partitions
  return [
    refusal(was, {
      what: `\`partitions\` changes from ${was.partitions} to ${is.partitions}`,
      why: isFewer
        ? 'Kafka cannot remove partitions, and the records in them would be lost'
        : 'a key would move to another partition than its older records, so its order is lost; `publish` refuses an existing topic with another number',
      todo: newTopicStep,
    }),
  ]
}

function formatRefusals(was: Promises, is: Promises): readonly Refusal[] {
  if (was.format === undefined || was.format === is.format) return []
  return [
    refusal(was, {
      what: `\`format\` changes from ${was.format} to ${is.format}`,
      why: 'a reader of one format cannot read the other',
      todo: newTopicStep,
    }),
  ]
}

function levelRefusals(
  was: Promises,
  is: Promises,
  base: ContractSet,
  tree: ContractSet,
): readonly Refusal[] {
  if (was.compatibility === undefined || is.compatibility === undefined) return []
  if (!isLowered(was.compatibility, is.compatibility)) return []
  if (namesNewDecision(is.compatibilityReason ?? '', base, tree)) return []
  return [
    refusal(was, {
      what: `\`compatibility\` is lowered from ${was.compatibility} to ${is.compatibility}`,
      why: 'readers were promised more, and rely on it',
      todo: "write a decision that says who reads what and why less is enough: a new file in adr/, named in this entry's `compatibilityReason` as adr/<number>; or keep the level",
    }),
  ]
}

/** True when the new level lacks a promise of the old one. Neither of BACKWARD and FORWARD is below the other. */
export function isLowered(was: Compatibility, is: Compatibility): boolean {
  const lost = directionsOf(was).some((direction) => !directionsOf(is).includes(direction))
  return lost || (isTransitive(was) && !isTransitive(is))
}

/** Only a decision that is new or edited in this change counts, because an older one decided something else. */
function namesNewDecision(reason: string, base: ContractSet, tree: ContractSet): boolean {
  const numbers = [...reason.matchAll(/\badr\/(\d{4})\b/g)].map(([, number]) => number)
  return [...tree.decisions].some(
    ([path, text]) =>
      numbers.some((number) => path.startsWith(`adr/${number}-`)) &&
      base.decisions.get(path) !== text,
  )
}

function refusal(entry: Promises, of: Pick<Refusal, 'what' | 'why' | 'todo'>): Refusal {
  return { where: `${entry.name}: ${topicsFile}`, whom: readersOf(entry), ...of }
}
