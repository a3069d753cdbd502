import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AvroRecord, isAvroRecord, unreadable } from '@tenseams/codec/avro'
import { parseAvroText } from '@tenseams/codec/avro-text'
import type { ContractFormat } from '@tenseams/codec/contract-text'
import { messageOf } from '@tenseams/codec/errors'
import { parseProtobuf } from '@tenseams/codec/protobuf'
import { refuseBadAliases } from './aliases.ts'
import { refuseBadDefaults } from './defaults.ts'
import { ContractError } from './errors.ts'
import { refuseLargeMessages, tooDeep } from './nesting.ts'

/** One version of a topic's value schema: the file `events/<topic>/<version>.avsc` or `.proto`. */
export type ContractSchema = {
  readonly topic: string
  readonly version: number
  readonly format: ContractFormat
  /** The file, from the repository's root. */
  readonly file: string
  /** The file's text, as it is published and given to Flink's sinks. */
  readonly text: string
  /** The shape of a value, for a Protobuf contract too. */
  readonly schema: AvroRecord
}

/** A topic's newest schema. @throws ContractError when there is none or it cannot be read. */
export function currentSchema(topic: string): ContractSchema {
  const newest = schemaVersions(topic).at(-1)
  if (newest === undefined) throw new ContractError(`${topic} has no schema`)
  return newest
}

/**
 * Every version of a topic's schema, oldest first.
 *
 * @throws ContractError when a version is missing, when there are two formats, or when a type is not one that all readers
 *   read.
 */
export function schemaVersions(topic: string): readonly ContractSchema[] {
  const names = [...schemaFiles(topic)].sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
  )
  const gap = names.findIndex((name, index) => Number.parseInt(name, 10) !== index + 1)
  if (gap >= 0 || names.length === 0) {
    throw new ContractError(`${folderOf(topic)} has no version ${gap < 0 ? 1 : gap + 1}`)
  }
  const versions = names.map((name, index) => readSchema(topic, name, index + 1))
  if (new Set(versions.map(({ format }) => format)).size === 1) return versions
  throw new ContractError(
    `${folderOf(topic)} has versions of two formats: another format needs another topic`,
  )
}

function schemaFiles(topic: string): readonly string[] {
  try {
    const names = readdirSync(pathOf(`${folderOf(topic)}/`))
    return names.filter((name) => /^\d+\.(?:avsc|proto)$/.test(name))
  } catch (error) {
    throw new ContractError(`${folderOf(topic)} cannot be read`, { cause: error })
  }
}

function readSchema(topic: string, name: string, version: number): ContractSchema {
  const file = `${folderOf(topic)}/${name}`
  const text = readFileSync(pathOf(file), 'utf8')
  const format = name.endsWith('.proto') ? 'protobuf' : 'avro'
  return { topic, version, format, file, text, schema: parseSchema(text, file) }
}

/** @throws ContractError with everything in the schema that one of the readers cannot read. */
export function parseSchema(text: string, file: string): AvroRecord {
  const deep = tooDeep(text)
  if (deep !== undefined) throw new ContractError(`${file} cannot be used:\n  ${deep}`)
  if (file.endsWith('.proto')) return protobufShape(text, file)
  const schema = avroJson(text, file)
  if (isAvroRecord(schema)) return schema
  const mistakes = unreadable(schema).map((mistake) => `  ${mistake}`)
  throw new ContractError(`${file} cannot be used:\n${mistakes.join('\n')}`)
}

function protobufShape(text: string, file: string): AvroRecord {
  try {
    refuseLargeMessages(text)
    return parseProtobuf(text).shape
  } catch (error) {
    const mistakes = String(error instanceof Error ? error.message : error).split('\n')
    const lines = mistakes.map((mistake) => `  ${mistake}`)
    throw new ContractError(`${file} cannot be used:\n${lines.join('\n')}`, { cause: error })
  }
}

function avroJson(text: string, file: string): unknown {
  try {
    const schema = parseAvroText(text)
    refuseBadAliases(schema)
    refuseBadDefaults(schema)
    return schema
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ContractError(`${file} is not JSON`, { cause })
    const mistake = messageOf(cause)
    throw new ContractError(`${file} cannot be used:\n  ${mistake}`, { cause })
  }
}

function folderOf(topic: string): string {
  return `contracts/events/${topic}`
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url))
}
