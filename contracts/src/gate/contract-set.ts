import type { Topic } from '../topics.ts'

/** All contracts of the working tree or of a commit. */
export type ContractSet = {
  /** Its name in the answer. */
  readonly name: string
  /** For `git checkout`. */
  readonly commit: string
  /** The entries of `topicsFile` that are understood. */
  readonly promises: readonly Promises[]
  /** The names of all entries; undefined when the file as a whole is not understood. */
  readonly names: ReadonlySet<string> | undefined
  readonly versions: readonly ContractVersion[]
  /** The files in which records of each version are kept for later versions to read. */
  readonly records: readonly ContractVersion[]
  /** The texts of the decisions, by path. */
  readonly decisions: ReadonlyMap<string, string>
  /** The topics that Flink's jobs write. */
  readonly sinks: ReadonlySet<string>
  /** The prefixes of topics that have no contract. */
  readonly ungoverned: readonly string[]
  /** The text of `usersFile`; undefined when there is none. */
  readonly users: string | undefined
  /** The text of `telemetryFile`; undefined when there is none. */
  readonly telemetry: string | undefined
  /** What is not understood, a sentence each: nothing is said about it. */
  readonly undecided: readonly string[]
}

/** What a topic's entry promises. A property that an older file lacks was not promised. */
export type Promises = Pick<Topic, 'name'> & Partial<Omit<Topic, 'name'>>

export type ContractVersion = {
  readonly topic: string
  readonly version: number
  /** From the project's root. */
  readonly file: string
  /** Empty when the file cannot be read. */
  readonly text: string
  readonly isUnreadable?: boolean
  /** For a version that does not exist as a file: how the answer introduces it. */
  readonly note?: string
}

/** The check can neither pass nor refuse. */
export class UndecidedError extends Error {
  readonly code = 'UNDECIDED'
  readonly retriable = false
}

export const topicsFile = 'contracts/topics.yaml'
export const usersFile = 'contracts/users.yaml'
export const telemetryFile = 'contracts/telemetry.yaml'
/** The single files that a set consists of. */
export const singleFiles = [topicsFile, usersFile, telemetryFile]

/** The folders that a set consists of, besides `singleFiles`. */
export const folders = ['contracts/events', 'contracts/records', 'adr', 'flink-jobs']

/** True for a file that a set consists of. */
export function belongsToSet(path: string): boolean {
  if (path.startsWith('flink-jobs/')) return jobFile.test(path)
  if (singleFiles.includes(path)) return true
  return folders.some((folder) => path.startsWith(`${folder}/`))
}

const jobFile = /^flink-jobs\/[^/]+\/job\.json$/

/** The files of a set by path from the project's root, and why others cannot be read. */
export type SetFiles = {
  readonly texts: ReadonlyMap<string, string>
  readonly unreadable: ReadonlyMap<string, string>
}

/**
 * A set from its files.
 *
 * @param entriesIn reads the entries of `topicsFile`: strictly for the working tree, leniently for the base, whose file may
 *   have an older form.
 * @throws UndecidedError when there is nothing to compare.
 */
export function contractSetOf(
  { name, commit }: Pick<ContractSet, 'name' | 'commit'>,
  { texts, unreadable }: SetFiles,
  entriesIn: (yaml: string, name: string) => Entries,
): ContractSet {
  const yaml = texts.get(topicsFile)
  if (yaml === undefined && !unreadable.has(topicsFile)) {
    throw new UndecidedError(`${name} has no ${topicsFile}`)
  }
  const entries = yaml === undefined ? noEntries : entriesIn(yaml, name)
  const { versions, strangers } = versionsIn([...texts, ...emptied(unreadable)], unreadable, name)
  if (versions.length === 0) throw new UndecidedError(`${name} has no schemas in contracts/events`)
  const { sinks, misread } = sinksIn(texts, name)
  return {
    ...{ ...entries, name, commit, versions, sinks },
    users: texts.get(usersFile),
    telemetry: texts.get(telemetryFile),
    records: recordsIn([...texts, ...emptied(unreadable)], unreadable),
    decisions: new Map([...texts].filter(([path]) => /^adr\/\d{4}-[^/]*\.md$/.test(path))),
    undecided: [...unreadable.values(), ...entries.undecided, ...strangers, ...misread],
  }
}

/** What `entry/read.ts` reads of `topicsFile`. */
export type Entries = Pick<ContractSet, 'promises' | 'names' | 'ungoverned' | 'undecided'>

const noEntries: Entries = { promises: [], names: undefined, ungoverned: [], undecided: [] }

function emptied(unreadable: SetFiles['unreadable']): readonly (readonly [string, string])[] {
  return [...unreadable.keys()].map((path) => [path, ''] as const)
}

/** A topic's versions, oldest first. */
export function versionsOf(set: ContractSet, topic: string): readonly ContractVersion[] {
  return set.versions
    .filter((version) => version.topic === topic)
    .sort((left, right) => left.version - right.version)
}

export function newestOf({ versions }: ContractSet, topic: string): number {
  return Math.max(...versions.filter((each) => each.topic === topic).map(({ version }) => version))
}

/**
 * The base's versions, or records of versions, whose text may not change.
 *
 * @param isGuessed whether the base is a guess. Then a topic's newest version may not have been final, so its text may
 *   differ; the texts of older versions may not.
 */
export function locked(
  base: ContractSet,
  what: 'versions' | 'records',
  isGuessed: boolean,
): readonly ContractVersion[] {
  if (!isGuessed) return base[what]
  return base[what].filter(({ topic, version }) => version !== newestOf(base, topic))
}

type PathAndText = readonly (readonly [path: string, text: string])[]

function versionsIn(files: PathAndText, unreadable: SetFiles['unreadable'], name: string) {
  const versions: ContractVersion[] = []
  const strangers: string[] = []
  for (const [file, text] of files) {
    if (!file.startsWith('contracts/events/')) continue
    const match = /^contracts\/events\/([^/]+)\/([1-9]\d*)\.(?:avsc|proto)$/.exec(file)
    const [, topic, version] = match ?? []
    if (topic !== undefined) {
      const isUnreadable = unreadable.has(file)
      versions.push({ topic, version: Number(version), file, text, isUnreadable })
    } else {
      strangers.push(
        `${name}: ${file} is not a version of a schema: <topic>/<number>.avsc or .proto is expected`,
      )
    }
  }
  return { versions, strangers }
}

function recordsIn(
  files: PathAndText,
  unreadable: SetFiles['unreadable'],
): readonly ContractVersion[] {
  return files.flatMap(([file, text]) => {
    const match = /^contracts\/records\/([^/]+)\/([1-9]\d*)\.json$/.exec(file)
    const [, topic, version] = match ?? []
    const isUnreadable = unreadable.has(file)
    return topic === undefined
      ? []
      : [{ topic, version: Number(version), file, text, isUnreadable }]
  })
}

/** The files that define jobs name the topics that these write, and those whose columns their tables in the lake have. */
function sinksIn(texts: ReadonlyMap<string, string>, name: string) {
  const sinks = new Set<string>()
  const misread: string[] = []
  for (const [file, text] of texts) {
    if (!jobFile.test(file)) continue
    const topics = topicsOfJob(text)
    if (topics === undefined) {
      misread.push(`${name}: ${file} is not the JSON of a job, so its topics are not known`)
    }
    for (const topic of topics ?? []) sinks.add(topic)
  }
  return { sinks, misread }
}

function topicsOfJob(text: string): readonly string[] | undefined {
  try {
    const job: unknown = JSON.parse(text)
    if (typeof job !== 'object' || job === null || Array.isArray(job)) return undefined
    const { writes = [], gold = [] } = job as Readonly<Record<string, unknown>>
    return isListOfTexts(writes) && isListOfTexts(gold) ? [...writes, ...gold] : undefined
  } catch {
    return undefined
  }
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
