import { explain } from '@tenseams/cli/run-verb'
import { type AvroRecord, isNullable } from '@tenseams/codec/avro'
import type { ContractFormat } from '@tenseams/codec/contract-text'
import { ContractError } from '../errors.ts'
import { parseSchema } from '../schemas.ts'
import type { Compatibility } from '../topics.ts'
import {
  type ContractSet,
  type ContractVersion,
  topicsFile,
  UndecidedError,
  versionsOf,
} from './contract-set.ts'
import { type Difference, isTransitive } from './difference.ts'
import { differencesOf } from './differences.ts'
import { nextStepFor } from './next-step.ts'
import { type Refusal, readersOf } from './refusal.ts'

/** A topic of the working tree, parsed strictly. */
export type CheckedTopic = {
  readonly name: string
  readonly format: ContractFormat
  readonly compatibility: Compatibility
  readonly keyField: string
  readonly control: boolean
  readonly consumers: readonly string[]
}

/** What was compared for a topic. */
export type Compared = {
  readonly topic: CheckedTopic
  readonly versions: number
  readonly pairs: number
  readonly refusals: readonly Refusal[]
  /** The versions that could not be compared, a sentence each. */
  readonly undecided: readonly string[]
  /** The versions that all readers can parse, oldest first. */
  readonly parsed: readonly ContractVersion[]
}

/** Gaps in the numbers, two files with one number, and schemas of unknown topics. */
export function misplacedVersions(
  tree: ContractSet,
  topics: readonly CheckedTopic[],
): readonly Refusal[] {
  const known = new Set([...topics.map(({ name }) => name), ...(tree.names ?? [])])
  const ofUnknownTopics = (tree.names === undefined ? [] : tree.versions)
    .filter(({ topic }) => !known.has(topic))
    .map(({ topic, file }) => ({
      where: `${topic}: ${file}`,
      what: 'the schema belongs to no topic',
      why: 'it has no key, owner or level, so nothing can be checked',
      whom: 'its future readers',
      todo: `give the topic an entry in ${topicsFile}, or remove the file`,
    }))
  return [
    ...ofUnknownTopics,
    ...topics.flatMap((topic) => gapsOf(topic, versionsOf(tree, topic.name))),
  ]
}

function gapsOf(topic: CheckedTopic, versions: readonly ContractVersion[]): readonly Refusal[] {
  const extension = extensionOf(topic)
  const count = Math.max(versions.length, 1)
  const expected = Array.from({ length: count }, (_, index) => `${index + 1}${extension}`)
  const found = versions.map(({ file }) => file.split('/').at(-1))
  if (expected.every((name, index) => found[index] === name)) return []
  return [
    {
      where: `${topic.name}: contracts/events/${topic.name}`,
      what: `has ${found.length === 0 ? 'no schema' : found.join(', ')}`,
      why: `versions are numbered 1, 2, 3 … without a gap, in the topic's format: ${expected.join(', ')}`,
      whom: readersOf(topic),
      todo: 'give the files these names; another format needs another topic',
    },
  ]
}

function extensionOf({ format }: CheckedTopic): string {
  return format === 'avro' ? '.avsc' : '.proto'
}

/**
 * Compares a topic's versions: types that no level allows, and differences that its own level does not allow. A version that
 * is not a schema is undecided, and the others are compared.
 */
export function comparedVersions(topic: CheckedTopic, all: readonly ContractVersion[]): Compared {
  const versions = all.filter(({ isUnreadable }) => !isUnreadable)
  const refusals: Refusal[] = []
  const undecided: string[] = []
  const schemas: ContractVersion[] = []
  const parsed: ContractVersion[] = []
  // Files of another format cannot be compared, and are refused by `misplacedVersions`.
  const isOneFormat = versions.every(({ file }) => file.endsWith(extensionOf(topic)))
  for (const version of isOneFormat ? versions : []) {
    const found = comparedVersion(topic, schemas, version)
    if ('undecided' in found) undecided.push(found.undecided)
    else {
      schemas.push(version)
      refusals.push(...found.refusals)
      if (found.isParsed) parsed.push(version)
    }
  }
  const pairs = pairsUnder(topic.compatibility, schemas.length)
  return { topic, versions: all.length, pairs, refusals, undecided, parsed }
}

function comparedVersion(
  topic: CheckedTopic,
  older: readonly ContractVersion[],
  version: ContractVersion,
) {
  try {
    const groups = differences(topic, older, version)
    const { refusals, isParsed } = unreadableBySome(topic, version)
    const broken = groups.map((group) => refusalOf(topic, version, group))
    return { refusals: [...refusals, ...broken], isParsed }
  } catch (cause) {
    const error = new UndecidedError(`${version.file} cannot be compared`, { cause })
    return { undecided: explain(error) }
  }
}

/** The number of pairs of versions that a level compares. */
function pairsUnder(level: Compatibility, versions: number): number {
  if (versions < 2) return 0
  return isTransitive(level) ? (versions * (versions - 1)) / 2 : versions - 1
}

function unreadableBySome(
  topic: CheckedTopic,
  { file, text }: ContractVersion,
): { readonly refusals: readonly Refusal[]; readonly isParsed: boolean } {
  try {
    return { refusals: keyRefusals(topic, parseSchema(text, file), file), isParsed: true }
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    const refusals = mistakesIn(error).map((mistake) => ({
      where: `${topic.name}: ${file}`,
      what: mistake,
      why: 'one of the readers (Node, Flink, the lake) cannot read it, or not as it was written',
      whom: readersOf(topic),
      todo: 'use the type that the message names, or an optional field of a supported type',
    }))
    return { refusals, isParsed: false }
  }
}

/** The key's field is there, and every record has a value in it that is text or a whole number. */
function keyRefusals(
  topic: CheckedTopic,
  { fields }: AvroRecord,
  file: string,
): readonly Refusal[] {
  const { name, keyField } = topic
  const field = fields.find((each) => each.name === keyField)
  const shared = { where: `${name}: ${file}`, whom: readersOf(topic) }
  if (field === undefined) {
    return [
      {
        ...shared,
        what: `has no field \`${keyField}\`, which ${topicsFile} names as keyField`,
        why: 'the field holds the key that the invariant needs, and readers rely on it',
        todo: `keep the field, with the name ${keyField}`,
      },
    ]
  }
  if (keyTypes.some((type) => type === field.type)) return []
  const type = isNullable(field.type) ? 'may be null' : `is no ${keyTypes.join(', ')}`
  return [
    {
      ...shared,
      what: `\`${keyField}\` ${type}, but ${topicsFile} names it as keyField`,
      why: 'a record without a key goes to any partition, so the order that the invariant needs is lost',
      todo: `make \`${keyField}\` a required string`,
    },
  ]
}

/** Their bytes are the same in every client. */
const keyTypes = ['string', 'int', 'long', 'bytes'] as const

function mistakesIn({ message }: ContractError): readonly string[] {
  const [first = '', ...mistakes] = message.split('\n')
  return mistakes.length === 0 ? [first] : mistakes.map((mistake) => mistake.trim())
}

/** Groups equal differences against several versions. */
function differences(
  { format, compatibility }: CheckedTopic,
  older: readonly ContractVersion[],
  newer: ContractVersion,
): readonly (readonly Difference[])[] {
  // The first version is compared with itself, which fails if it is not a schema.
  const texts = older.length === 0 ? [newer.text] : older.map(({ text }) => text)
  const found = differencesOf(format, compatibility, texts, newer.text).map((difference) => ({
    ...difference,
    olderVersion: older[difference.olderVersion - 1]?.version ?? difference.olderVersion,
  }))
  return [...Map.groupBy(found, ({ rule, path, what }) => `${rule} ${path} ${what}`).values()]
}

function refusalOf(
  topic: CheckedTopic,
  { file, version, note = '' }: ContractVersion,
  group: readonly Difference[],
): Refusal {
  const [difference] = group
  if (difference === undefined) throw new Error('an empty group')
  const against = group.map(({ olderVersion }) => olderVersion).join(', ')
  return {
    where: `${topic.name}: ${file}`,
    what: `${note}${difference.what} (version ${version} against ${against}, ${topic.compatibility})`,
    why: difference.why,
    whom: readersOf(topic),
    todo: nextStepFor(difference, topic.format),
  }
}
