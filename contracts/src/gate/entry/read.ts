import { parse } from 'yaml'
import { ContractError } from '../../errors.ts'
import { parseUngoverned } from '../../publish/ungoverned.ts'
import { compatibilities, readableTopics, type Topic, type TopicMistake } from '../../topics.ts'
import { type Entries, type Promises, topicsFile } from '../contract-set.ts'

/** The working tree's entries, read as strictly as `publish` and `diff` read them. */
export function strictEntries(
  yaml: string,
  name: string,
): Entries & { readonly topics: readonly Topic[] } {
  try {
    const { topics, mistakes } = readableTopics(yaml)
    const names = new Set([
      ...topics.map((topic) => topic.name),
      ...mistakes.map(({ topic }) => topic),
    ])
    const { ungoverned, undecided } = prefixesIn(yaml)
    const all = [...mistakes.map(sentence), ...undecided]
    return { topics, promises: topics, names, ungoverned, undecided: all }
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    const why = error.message.split('\n').join(' ')
    const undecided = [`${name} has no topics in ${topicsFile}: ${why}`]
    return { topics: [], promises: [], names: undefined, ungoverned: [], undecided }
  }
}

function prefixesIn(yaml: string): Pick<Entries, 'ungoverned' | 'undecided'> {
  try {
    return { ungoverned: parseUngoverned(yaml).map(({ prefix }) => prefix), undecided: [] }
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    return { ungoverned: [], undecided: [error.message] }
  }
}

function sentence({ topic, text }: TopicMistake): string {
  const why = text.startsWith('.compatibility:')
    ? ' (a level is what is promised to readers, and NONE promises nothing; to promise less than before needs a decision in adr/)'
    : ''
  return `${topicsFile}: ${topic}${text}${why}`
}

type Entry = Readonly<Record<string, unknown>>

const understood: Readonly<Record<keyof Omit<Topic, 'name'>, (value: unknown) => boolean>> = {
  owner: isText,
  key: isText,
  keyField: isText,
  invariant: isText,
  partitions: Number.isSafeInteger,
  retentionMs: Number.isSafeInteger,
  cleanup: isText,
  format: (value) => value === 'avro' || value === 'protobuf',
  compatibility: (value) => compatibilities.some((level) => level === value),
  compatibilityReason: isText,
  deadLetter: isText,
  control: (value) => typeof value === 'boolean',
  consumers: (value) => Array.isArray(value) && value.every(isText),
  acknowledged: Array.isArray,
}

/** The base's entries: what they promise, in an older form of the file, too. */
export function lenientEntries(yaml: string, name: string): Entries {
  const topics = topicsIn(yaml)
  if (topics === undefined) {
    const undecided = [`${name} has no topics in ${topicsFile}, or it is not YAML`]
    return { promises: [], names: undefined, ungoverned: [], undecided }
  }
  const undecided = Object.entries(topics).flatMap(([topic, entry]) =>
    strangeProperties(entry).map(
      (property) => `${name}: ${topicsFile}: ${property} of ${topic} is not understood`,
    ),
  )
  const promises = Object.entries(topics).map(([topic, entry]) => promisesOf(topic, entry))
  return { promises, names: new Set(Object.keys(topics)), ungoverned: [], undecided }
}

function topicsIn(yaml: string): Entry | undefined {
  try {
    const document: unknown = parse(yaml)
    const topics = isObject(document) ? document.topics : undefined
    return isObject(topics) && Object.keys(topics).length > 0 ? topics : undefined
  } catch {
    return undefined
  }
}

function strangeProperties(entry: unknown): readonly string[] {
  if (!isObject(entry)) return ['the entry']
  return Object.entries(understood)
    .filter(([property, holds]) => property in entry && !holds(entry[property]))
    .map(([property]) => property)
}

function promisesOf(name: string, entry: unknown): Promises {
  const known = isObject(entry)
    ? Object.entries(entry).filter(([property]) => Object.hasOwn(understood, property))
    : []
  // What is not understood was reported, and nothing is compared then.
  return { name, ...Object.fromEntries(known) } as Promises
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
