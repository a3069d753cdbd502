import { type AvroField, type AvroRecord, type AvroType, matchAvro } from '@tenseams/codec/avro'
import { Codec } from '@tenseams/codec/codec'
import { describe, expect, it } from 'vitest'
import { type ContractSchema, schemaVersions } from '../schemas.ts'
import { readTopics, type Topic } from '../topics.ts'
import { type KeptRecord, readRecords } from './records.ts'

const anyId = 7

/** Decodes with our codec, without a registry, what one version wrote, as another version reads it. */
async function read(reader: ContractSchema, writer: ContractSchema, { payload }: KeptRecord) {
  const codec = new Codec({
    registryUrl: 'http://127.0.0.1:1',
    timeoutMs: 2_000,
    contractOf: () => reader,
  })
  codec.learn(anyId, writer.text, writer.format)
  const header = Buffer.alloc(5)
  header.writeUInt32BE(anyId, 1)
  return (await codec.decode(reader.topic, Buffer.concat([header, payload]))).value
}

type Pair = readonly [reader: ContractSchema, writer: ContractSchema]

/** The pairs of versions for which the level promises that the reader reads what the writer wrote. */
function promisedPairs({ name, compatibility }: Topic): readonly Pair[] {
  const versions = schemaVersions(name)
  const pairs = versions.flatMap((reader) => versions.map((writer) => [reader, writer] as const))
  return pairs.filter(([reader, writer]) => {
    const steps = reader.version - writer.version
    if (steps === 0) return true
    if (Math.abs(steps) > 1 && !compatibility.endsWith('_TRANSITIVE')) return false
    return compatibility.startsWith('FULL') || compatibility.startsWith('BACKWARD') === steps > 0
  })
}

/** A value as another version must read it, computed without a library: by name, by alias, or the default. */
function seenBy(reader: AvroType, value: unknown): unknown {
  return matchAvro<unknown>(reader, {
    primitive: () => value,
    timestamp: () => value,
    nullable: (of) => (value === null ? null : seenBy(of, value)),
    array: (items) => (value as readonly unknown[]).map((item) => seenBy(items, item)),
    record: ({ fields }) =>
      Object.fromEntries(fields.map((field) => [field.name, fieldSeen(field, value)])),
  })
}

function fieldSeen(field: AvroField, value: unknown): unknown {
  const given = value as Readonly<Record<string, unknown>>
  const name = [field.name, ...(field.aliases ?? [])].find((each) => each in given)
  return name === undefined ? defaultOf(field) : seenBy(field.type, given[name])
}

/** JSON has no int64. */
function defaultOf({ type, default: value = null }: AvroField): unknown {
  return type === 'long' ? BigInt(value as number) : value
}

const pairs = readTopics().flatMap(promisedPairs)
const named = pairs.map(([reader, writer]) => {
  const title = `${reader.topic} ${reader.version} reads what ${writer.version} wrote`
  return [title, reader, writer] as const
})

describe('the kept records of every version', () => {
  it.each(named)('%s', async (_, reader, writer) => {
    const records = readRecords(writer)
    expect(records.length).toBeGreaterThan(0)
    for (const record of records) {
      const value = await read(reader, writer, record)
      expect(value, record.name).toEqual(seenBy(reader.schema, record.value))
    }
  })

  it.each(readTopics().flatMap(({ name }) => schemaVersions(name)))(
    'of $topic $version hold each branch, and both ends of int64 in each long',
    (schema) => {
      const records = readRecords(schema).map(({ value }) => value)
      for (const field of schema.schema.fields) {
        const set = records.filter((value) => value[field.name] !== null)
        expect(set.length, `${field.name} is never set`).toBeGreaterThan(0)
      }
      const longs = [...new Set(records.flatMap((value) => longsIn(schema.schema, value)))]
      const ends = longs.includes(2n ** 63n - 1n) && longs.includes(-(2n ** 63n))
      expect(longs.length === 0 || ends).toBe(true)
    },
  )
})

function longsIn(shape: AvroRecord, value: unknown): readonly bigint[] {
  const found: bigint[] = []
  JSON.stringify(seenBy(shape, value), (_, each) => {
    if (typeof each !== 'bigint') return each
    found.push(each)
    return undefined
  })
  return found
}
