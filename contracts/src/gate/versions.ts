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
  readonly consumers: readonly string[]
}

/** What was compared for a topic. */
export type Compared = {
  readonly topic: CheckedTopic
  readonly versions: number
  readonly pairs: number
}

/** Gaps in the numbers, two files with one number, and schemas of unknown topics. */
export function misplacedVersions(
  tree: ContractSet,
  topics: readonly CheckedTopic[],
): readonly Refusal[] {
  const known = new Set(topics.map(({ name }) => name))
  const ofUnknownTopics = tree.versions
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
 * Types that no level allows in a topic's versions, and differences between versions that its own level does not allow.
 *
 * @throws UndecidedError when a version is not a schema.
 */
export function refusedVersions(
  topic: CheckedTopic,
  versions: readonly ContractVersion[],
): readonly Refusal[] {
  const extension = extensionOf(topic)
  // Files of another format cannot be compared, and are refused by `misplacedVersions`.
  if (versions.some(({ file }) => !file.endsWith(extension))) return []
  return versions.flatMap((version, index) => [
    ...unreadableBySome(topic, version),
    ...differences(topic, versions.slice(0, index), version).map((group) =>
      refusalOf(topic, version, group),
    ),
  ])
}

/** The number of pairs of versions that a level compares. */
export function pairsUnder(level: Compatibility, versions: number): number {
  if (versions < 2) return 0
  return isTransitive(level) ? (versions * (versions - 1)) / 2 : versions - 1
}

function unreadableBySome(
  topic: CheckedTopic,
  { file, text }: ContractVersion,
): readonly Refusal[] {
  try {
    const { fields } = parseSchema(text, file)
    return fields.some(({ name }) => name === topic.keyField) ? [] : [withoutKey(topic, file)]
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    return mistakesIn(error).map((mistake) => ({
      where: `${topic.name}: ${file}`,
      what: mistake,
      why: 'Node, Flink and Iceberg must read a contract, and one of them cannot read this type',
      whom: readersOf(topic),
      todo: 'use a type that all three read: adr/0005-one-envelope-a-topic-with-nullable-branches.md, adr/0012-protobuf-beside-avro.md',
    }))
  }
}

function withoutKey(topic: CheckedTopic, file: string): Refusal {
  return {
    where: `${topic.name}: ${file}`,
    what: `has no field \`${topic.keyField}\`, which ${topicsFile} names as keyField`,
    why: 'the field holds the key that the invariant needs, and readers rely on it',
    whom: readersOf(topic),
    todo: `keep the field, with the name ${topic.keyField}`,
  }
}

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
  try {
    const found = differencesOf(format, compatibility, texts, newer.text)
    return [...Map.groupBy(found, ({ rule, path, what }) => `${rule} ${path} ${what}`).values()]
  } catch (cause) {
    throw new UndecidedError(`${newer.file} cannot be compared`, {
      cause,
    })
  }
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
