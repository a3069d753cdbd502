import { parseAvroText } from '@tenseams/codec/avro-text'
import { canonicalProtobuf } from '@tenseams/codec/protobuf'
import type { ContractVersion } from './contract-set.ts'
import { type Refusal, readersOf } from './refusal.ts'
import type { CheckedTopic } from './versions.ts'

/**
 * A version that is the same schema as an earlier one. A registry answers such a text with the earlier id and version, so
 * `publish` would find its versions out of step, and so would every start after it.
 *
 * White space, the order of a JSON object's members and the two ways to write a primitive or a full name don't make another
 * schema; documentation, aliases and defaults do.
 *
 * @param versions those that can be parsed, oldest first.
 * @param isPublished true for a version that the base has: what is published cannot be taken back.
 */
export function repeatedVersions(
  topic: CheckedTopic,
  versions: readonly ContractVersion[],
  isPublished: (version: ContractVersion) => boolean,
): readonly Refusal[] {
  const first = new Map<string, number>()
  return versions.flatMap((each): readonly Refusal[] => {
    const { file, version, text, note = '' } = each
    const schema = canonical(topic, text)
    const earlier = first.get(schema)
    if (earlier === undefined) first.set(schema, version)
    if (earlier === undefined || isPublished(each)) return []
    return [
      {
        where: `${topic.name}: ${file}`,
        what: `${note}version ${version} is the same schema as version ${earlier}`,
        why: `a registry answers with the id of version ${earlier} and makes no version ${version}, so publishing stops, and so does every later start`,
        whom: readersOf(topic),
        todo: `remove ${file}. To go back to an old shape, make a version that says so, for example in its \`doc\``,
      },
    ]
  })
}

function canonical({ format }: CheckedTopic, text: string): string {
  if (format === 'protobuf') return canonicalProtobuf(text)
  return JSON.stringify(plain(parseAvroText(text), ''), (_key, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
}

type Entries = Readonly<Record<string, unknown>>

/** Members in one order, full names, and a primitive without attributes as its name. */
function plain(value: unknown, namespace: string): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, namespace))
  if (typeof value !== 'object' || value === null) return value
  const entries = value as Entries
  if (Object.keys(entries).length === 1 && typeof entries.type === 'string') return entries.type
  const space = namespaceOf(entries, namespace)
  const named = { ...entries, ...fullNameOf(entries, space) }
  const members = Object.entries(named)
    .filter(([name]) => name !== 'namespace' || !('fields' in entries))
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member, space)]))
}

function namespaceOf({ name, namespace, fields }: Entries, around: string): string {
  if (!Array.isArray(fields) || typeof name !== 'string') return around
  if (name.includes('.')) return name.slice(0, name.lastIndexOf('.'))
  return typeof namespace === 'string' ? namespace : around
}

function fullNameOf({ name, fields }: Entries, space: string): Entries {
  if (!Array.isArray(fields) || typeof name !== 'string') return {}
  return { name: name.includes('.') || space === '' ? name : `${space}.${name}` }
}
