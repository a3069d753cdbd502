import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AvroRecord, isAvroRecord, unreadable } from './avro.ts'
import { ContractError } from './errors.ts'

/** One version of a topic's value schema, as it lies in `events/<topic>/<version>.avsc`. */
export type ContractSchema = {
  readonly topic: string
  readonly version: number
  /** The file's text: what is published, and what Flink's sinks are given. */
  readonly text: string
  readonly schema: AvroRecord
}

/** A topic's newest schema. @throws ContractError when there is none or it cannot be read. */
export function currentSchema(topic: string): ContractSchema {
  const newest = schemaVersions(topic).at(-1)
  if (newest === undefined) throw new ContractError(`${topic} has no schema`)
  return newest
}

/**
 * Every version of a topic's schema that ever was, oldest first.
 *
 * @throws ContractError when versions are missing (1, 2, 3 … without a gap), or are no Avro that all readers read.
 */
export function schemaVersions(topic: string): readonly ContractSchema[] {
  const names = schemaFiles(topic)
  const versions = names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b)
  const gap = versions.findIndex((version, index) => version !== index + 1)
  if (gap >= 0 || versions.length === 0) {
    throw new ContractError(`${folderOf(topic)} has no version ${gap < 0 ? 1 : gap + 1}`)
  }
  return versions.map((version) => readSchema(topic, version))
}

function schemaFiles(topic: string): readonly string[] {
  try {
    return readdirSync(pathOf(`${folderOf(topic)}/`)).filter((name) => /^\d+\.avsc$/.test(name))
  } catch (error) {
    throw new ContractError(`${folderOf(topic)} cannot be read`, { cause: error })
  }
}

function readSchema(topic: string, version: number): ContractSchema {
  const file = `${folderOf(topic)}/${version}.avsc`
  const text = readFileSync(pathOf(file), 'utf8')
  return { topic, version, text, schema: parseSchema(text, file) }
}

/** @throws ContractError with everything in the schema that one of the readers could not read. */
export function parseSchema(text: string, file: string): AvroRecord {
  const schema = parseJson(text, file)
  if (isAvroRecord(schema)) return schema
  const mistakes = unreadable(schema).map((mistake) => `  ${mistake}`)
  throw new ContractError(`${file} cannot be used:\n${mistakes.join('\n')}`)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ContractError(`${file} is no JSON`, { cause: error })
  }
}

function folderOf(topic: string): string {
  return `contracts/events/${topic}`
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url))
}
