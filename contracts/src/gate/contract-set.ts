import { parse } from 'yaml'
import { compatibilities, type Topic } from '../topics.ts'

/** All contracts of the working tree or of a commit. */
export type ContractSet = {
  /** Its name in the answer. */
  readonly name: string
  /** For `git checkout`. */
  readonly commit: string
  readonly promises: readonly Promises[]
  readonly versions: readonly ContractVersion[]
  /** The files in which records of each version are kept for later versions to read. */
  readonly records: readonly ContractVersion[]
  /** The texts of the decisions, by path. */
  readonly decisions: ReadonlyMap<string, string>
}

/** The properties of a topic's entry that the check compares. A property that an older file lacks was not promised. */
export type Promises = Pick<Topic, 'name'> &
  Partial<
    Pick<
      Topic,
      | 'key'
      | 'keyField'
      | 'partitions'
      | 'format'
      | 'compatibility'
      | 'compatibilityReason'
      | 'consumers'
    >
  >

export type ContractVersion = {
  readonly topic: string
  readonly version: number
  /** From the project's root. */
  readonly file: string
  readonly text: string
  /** For a version that does not exist as a file: how the answer introduces it. */
  readonly note?: string
}

/** The check can neither pass nor refuse. */
export class UndecidedError extends Error {
  readonly code = 'UNDECIDED'
  readonly retriable = false
}

export const topicsFile = 'contracts/topics.yaml'

/** The folders that a set consists of, besides `topicsFile`. */
export const folders = ['contracts/events', 'contracts/records', 'adr']

/**
 * A set from its files, by path from the project's root.
 *
 * @throws UndecidedError when there is nothing to compare, or a file is not understood.
 */
export function contractSetOf(
  name: string,
  commit: string,
  files: ReadonlyMap<string, string>,
): ContractSet {
  const yaml = files.get(topicsFile)
  if (yaml === undefined) throw new UndecidedError(`${name} has no ${topicsFile}`)
  const promises = promisesIn(yaml, name)
  const versions = versionsIn(files, name)
  if (promises.length === 0) throw new UndecidedError(`${name} has no topics in ${topicsFile}`)
  if (versions.length === 0) throw new UndecidedError(`${name} has no schemas in contracts/events`)
  const decisions = [...files].filter(([path]) => /^adr\/\d{4}-[^/]*\.md$/.test(path))
  const records = recordsIn(files)
  return { name, commit, promises, versions, records, decisions: new Map(decisions) }
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

function versionsIn(files: ReadonlyMap<string, string>, name: string): readonly ContractVersion[] {
  const schemas = [...files].filter(([path]) => path.startsWith('contracts/events/'))
  return schemas.map(([file, text]) => {
    const match = /^contracts\/events\/([^/]+)\/([1-9]\d*)\.(?:avsc|proto)$/.exec(file)
    const [, topic, version] = match ?? []
    if (topic === undefined) {
      throw new UndecidedError(
        `${name}: ${file} is not a version of a schema: <topic>/<number>.avsc or .proto is expected`,
      )
    }
    return { topic, version: Number(version), file, text }
  })
}

function recordsIn(files: ReadonlyMap<string, string>): readonly ContractVersion[] {
  return [...files].flatMap(([file, text]) => {
    const match = /^contracts\/records\/([^/]+)\/([1-9]\d*)\.json$/.exec(file)
    const [, topic, version] = match ?? []
    return topic === undefined ? [] : [{ topic, version: Number(version), file, text }]
  })
}

function promisesIn(yaml: string, name: string): readonly Promises[] {
  const document = parsed(yaml, name)
  const topics = isObject(document) ? document.topics : undefined
  if (!isObject(topics)) throw new UndecidedError(`${name}: ${topicsFile} has no \`topics\``)
  return Object.entries(topics).map(([topic, entry]) => {
    if (!isObject(entry)) throw notUnderstood(name, topic, 'the entry')
    return promisesOf(topic, entry, name)
  })
}

function parsed(yaml: string, name: string): unknown {
  try {
    return parse(yaml)
  } catch (cause) {
    throw new UndecidedError(`${name}: ${topicsFile} is not YAML`, { cause })
  }
}

type Entry = Readonly<Record<string, unknown>>

const compared: Readonly<Record<keyof Omit<Promises, 'name'>, (value: unknown) => boolean>> = {
  key: isText,
  keyField: isText,
  partitions: Number.isSafeInteger,
  format: (value) => value === 'avro' || value === 'protobuf',
  compatibility: (value) => compatibilities.some((level) => level === value),
  compatibilityReason: isText,
  consumers: (value) => Array.isArray(value) && value.every(isText),
}

function promisesOf(topic: string, entry: Entry, name: string): Promises {
  const properties = Object.entries(compared).filter(([property]) => property in entry)
  for (const [property, isUnderstood] of properties) {
    if (!isUnderstood(entry[property])) throw notUnderstood(name, topic, property)
  }
  const values = properties.map(([property]) => [property, entry[property]] as const)
  // Every property was checked just above.
  return { name: topic, ...Object.fromEntries(values) } as Promises
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notUnderstood(name: string, topic: string, what: string): UndecidedError {
  return new UndecidedError(`${name}: ${topicsFile}: ${what} of ${topic} is not understood`)
}
