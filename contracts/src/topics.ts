import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ContractFormat } from '@tenseams/codec/contract-text'
import { parse } from 'yaml'
import { ContractError } from './errors.ts'

/** A topic's promises in `topics.yaml`. */
export type Topic = {
  readonly name: string
  readonly owner: string
  /** The record's key in words; `keyField` is the field of the schema with the same value. */
  readonly key: string
  readonly keyField: string
  /** The invariant that needs this key. */
  readonly invariant: string
  readonly partitions: number
  /** -1 keeps records for ever. */
  readonly retentionMs: number
  readonly cleanup: 'delete' | 'compact'
  readonly format: ContractFormat
  readonly compatibility: Compatibility
  readonly compatibilityReason: string
  readonly deadLetter: string
  /** True when the topic has ticks and barriers. */
  readonly control: boolean
  readonly consumers: readonly string[]
  /** Reasons for changes that take something from readers. Only `contracts check` reads them: gate/entry/acknowledgements.ts. */
  readonly acknowledged?: readonly unknown[]
}

export type Compatibility = (typeof compatibilities)[number]

/** Without NONE, which promises nothing. */
export const compatibilities = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const

const topicsFile = fileURLToPath(new URL('../topics.yaml', import.meta.url))

/**
 * All topics in the file's order.
 *
 * @throws ContractError with all mistakes of the file.
 */
export function readTopics(): readonly Topic[] {
  return parseTopics(readFileSync(topicsFile, 'utf8'))
}

/** @throws ContractError when no topic has that name. */
export function readTopic(name: string): Topic {
  const topic = readTopics().find((candidate) => candidate.name === name)
  if (topic === undefined) throw new ContractError(`contracts/topics.yaml has no topic ${name}`)
  return topic
}

/** The subject under which a topic's value schema is registered. */
export function subjectOf(topic: string): string {
  return `${topic}-value`
}

export function parseTopics(yaml: string): readonly Topic[] {
  const { topics, mistakes } = readableTopics(yaml)
  if (mistakes.length === 0) return topics
  throw invalid(mistakes.map(({ topic, text }) => `${topic}${text}`))
}

/** A property of an entry, or the entry as a whole, that cannot be used. */
export type TopicMistake = {
  readonly topic: string
  /** What follows the topic's name: `.partitions: a whole number is expected`. */
  readonly text: string
}

/**
 * The topics whose entries have no mistake, and the mistakes of the others.
 *
 * @throws ContractError when the file as a whole cannot be read.
 */
export function readableTopics(yaml: string): {
  readonly topics: readonly Topic[]
  readonly mistakes: readonly TopicMistake[]
} {
  const entries = topicEntries(yaml)
  const mistakes = [
    ...entries.flatMap(([topic, entry]) =>
      topicMistakes(topic, entry).map((text) => ({ topic, text })),
    ),
    ...duplicateNames(entries).map((topic) => ({ topic, text: ': is the name of two topics' })),
    ...duplicateTables(entries.map(([topic]) => topic)),
  ]
  const wrong = new Set(mistakes.map(({ topic }) => topic))
  const topics = entries
    .filter(([name]) => !wrong.has(name))
    // Every property was checked just above.
    .map(([name, entry]) => Object.freeze({ name, ...entry }) as unknown as Topic)
  return { topics, mistakes }
}

type Entry = Readonly<Record<string, unknown>>

function topicEntries(yaml: string): readonly (readonly [string, Entry])[] {
  const document: unknown = parseYaml(yaml)
  const { topics, ungoverned: _read, ...strange } = isObject(document) ? document : {}
  if (!isObject(topics) || Object.keys(topics).length === 0) {
    throw invalid(['`topics` is missing or empty'])
  }
  if (Object.keys(strange).length > 0) {
    const names = Object.keys(strange).map((name) => `\`${name}\``)
    throw invalid([`${names.join(', ')} is not known: \`topics\` and \`ungoverned\` are`])
  }
  return Object.entries(topics).map(([name, entry]) => [name, isObject(entry) ? entry : {}])
}

function parseYaml(yaml: string): unknown {
  try {
    return parse(yaml)
  } catch (error) {
    throw new ContractError('contracts/topics.yaml is not YAML', { cause: error })
  }
}

type Check = readonly [expected: string, holds: (value: unknown, name: string) => boolean]

const text: Check = ['text', (value) => typeof value === 'string' && value.trim() !== '']

const checks: Readonly<Record<keyof Omit<Topic, 'name'>, Check>> = {
  owner: text,
  key: text,
  keyField: text,
  invariant: text,
  partitions: ['a whole number from 1 to 1000', (value) => isWhole(value, 1, 1_000)],
  retentionMs: [
    '-1 (for ever) or at least 3600000, an hour',
    (value) => value === -1 || isWhole(value, 3_600_000, Number.MAX_SAFE_INTEGER),
  ],
  cleanup: ['delete or compact', (value) => value === 'delete' || value === 'compact'],
  format: ['avro or protobuf', (value) => value === 'avro' || value === 'protobuf'],
  compatibility: [
    compatibilities.join(', '),
    (value) => compatibilities.some((level) => level === value),
  ],
  compatibilityReason: text,
  deadLetter: ['<topic>.dead-letter', (value, name) => value === `${name}.dead-letter`],
  control: ['true or false', (value) => typeof value === 'boolean'],
  consumers: ['a list of different names like order-to-cash', isListOfNames],
  acknowledged: ['a list', (value) => value === undefined || Array.isArray(value)],
}

function topicMistakes(name: string, entry: Entry): readonly string[] {
  const wrong = Object.entries(checks)
    .filter(([property, [, holds]]) => !holds(entry[property], name))
    .map(([property, [expected]]) => `.${property}: ${expected} is expected`)
  const unknown = Object.keys(entry)
    .filter((property) => !Object.hasOwn(checks, property))
    .map((property) => `.${property}: is not known`)
  return [...nameMistakes(name), ...wrong, ...unknown]
}

/** Kafka takes names of 249 characters, and the topic of a topic's dead letters has `.dead-letter` behind it. */
const LONGEST_NAME = 249 - '.dead-letter'.length

function nameMistakes(name: string): readonly string[] {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+\.v[1-9][0-9]*$/.test(name)) {
    return [': a name like domain.thing.v1 is expected']
  }
  return name.length > LONGEST_NAME
    ? [`: a name of at most ${LONGEST_NAME} characters is expected`]
    : []
}

/** The broker's metrics show `.` as `_`, but our names have no `_`, so only equal names collide. */
function duplicateNames(entries: readonly (readonly [string, Entry])[]): readonly string[] {
  const seen = entries.flatMap(([name, entry]) => [name, String(entry.deadLetter)])
  return seen.filter((name, index) => seen.indexOf(name) !== index)
}

/** The lake's names have neither `.` nor `-`, so two topics could write to one table. */
function duplicateTables(names: readonly string[]): readonly TopicMistake[] {
  const tables = Map.groupBy(new Set(names), bronzeTableNameOf)
  return [...tables].flatMap(([table, [first, ...others]]) =>
    others.map((topic) => ({
      topic,
      text: `: has the table ${table} in the lake, like ${first}: give it another name`,
    })),
  )
}

/** The name of a topic's table in bronze. */
export function bronzeTableNameOf(topic: string): string {
  return topic.replaceAll(/[.-]/g, '_')
}

function isListOfNames(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const areNames = value.every((name) => typeof name === 'string' && /^[a-z0-9-]+$/.test(name))
  return areNames && new Set(value).size === value.length
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(mistakes: readonly string[]): ContractError {
  const lines = mistakes.map((mistake) => `  ${mistake}`)
  return new ContractError(`contracts/topics.yaml cannot be used:\n${lines.join('\n')}`)
}
