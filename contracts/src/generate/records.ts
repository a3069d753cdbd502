import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AvroType, matchAvro } from '@tenseams/codec/avro'
import { avroType } from '@tenseams/codec/avro-long'
import { payloadOf, toFrame } from '@tenseams/codec/frame'
import { protobufWire } from '@tenseams/codec/protobuf-wire'
import { ContractError } from '../errors.ts'
import { type ContractSchema, schemaVersions } from '../schemas.ts'
import { readTopics } from '../topics.ts'
import { samplesOf } from './samples.ts'

/** A record that a version of a contract wrote, and its value. */
export type KeptRecord = {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
  /** The bytes after the schema id: Avro, or the message index and Protobuf. */
  readonly payload: Buffer
}

/** The file of a version's records, from the repository's root. It is written once. */
export function recordsFile({ topic, version }: Pick<ContractSchema, 'topic' | 'version'>): string {
  return `contracts/records/${topic}/${version}.json`
}

/**
 * Encodes records of every version that has none. Existing files stay unchanged: they show what old events look like, and
 * a new decoder must be able to read them.
 *
 * @returns the files that were written.
 */
export function writeMissingRecords(): readonly string[] {
  const missing = readTopics()
    .flatMap(({ name }) => schemaVersions(name))
    .filter((schema) => !existsSync(pathOf(recordsFile(schema))))
  for (const schema of missing) {
    const file = pathOf(recordsFile(schema))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, textOf(schema), { flag: 'wx' })
  }
  return missing.map(recordsFile)
}

/** @throws ContractError when the version has no records. */
export function readRecords(schema: ContractSchema): readonly KeptRecord[] {
  const file = recordsFile(schema)
  if (!existsSync(pathOf(file))) {
    throw new ContractError(`${file} is missing: npm run contracts -- records`)
  }
  const entries = JSON.parse(readFileSync(pathOf(file), 'utf8')) as readonly Entry[]
  return entries.map(({ name, value, payload }) => ({
    name,
    value: fromJson(schema.schema, value) as KeptRecord['value'],
    payload: Buffer.from(payload, 'hex'),
  }))
}

type Entry = { readonly name: string; readonly value: unknown; readonly payload: string }

function textOf(schema: ContractSchema): string {
  const encode = encoderOf(schema)
  const entries = samplesOf(schema.schema).map(({ name, value }) => ({
    name,
    value: toJson(schema.schema, value),
    payload: encode(value).toString('hex'),
  }))
  return `${JSON.stringify(entries, null, 2)}\n`
}

function encoderOf({ format, text }: ContractSchema): (value: unknown) => Buffer {
  const schema = format === 'avro' ? avroType(text) : protobufWire(text)
  return (value) => payloadOf(toFrame(0, format, schema.toBuffer(value)))
}

/** Longs as decimal strings, because most JSON readers parse numbers as doubles; bytes in hexadecimal. */
function toJson(type: AvroType, value: unknown): unknown {
  return converted(type, value, (primitive, given) => {
    if (primitive === 'long') return String(given)
    return primitive === 'bytes' ? (given as Buffer).toString('hex') : given
  })
}

function fromJson(type: AvroType, value: unknown): unknown {
  return converted(type, value, (primitive, given) => {
    if (primitive === 'long') return BigInt(String(given))
    return primitive === 'bytes' ? Buffer.from(String(given), 'hex') : given
  })
}

function converted(
  type: AvroType,
  value: unknown,
  convert: (primitive: string, value: unknown) => unknown,
): unknown {
  return matchAvro<unknown>(type, {
    primitive: (primitive) => convert(primitive, value),
    timestamp: () => value,
    nullable: (of) => (value === null ? null : converted(of, value, convert)),
    array: (items) => (value as readonly unknown[]).map((item) => converted(items, item, convert)),
    record: ({ fields }) => {
      const given = value as Readonly<Record<string, unknown>>
      return Object.fromEntries(
        fields.map(({ name, type: of }) => [name, converted(of, given[name], convert)]),
      )
    },
  })
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../../${file}`, import.meta.url))
}
