import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  isNullable,
  matchAvro,
} from './avro.ts'
import { type ContractSchema, currentSchema } from './schemas.ts'
import { readTopics } from './topics.ts'

type GeneratedFile = { readonly name: string; readonly text: string }

const folder = fileURLToPath(new URL('../generated/', import.meta.url))

/** The TypeScript types of a contract: one exported type a record, the envelope last, whatever the format is. */
export function typesOf(contract: ContractSchema): string {
  const header = `// Generated from ${contract.file} by \`npm run contracts -- generate\`. Do not edit.`
  return `${[header, ...records(contract.schema).map(declaration)].join('\n\n')}\n`
}

/** Writes the types of every topic's newest schema and removes files of topics that are no more. */
export function generate(): readonly string[] {
  const files = generatedFiles()
  mkdirSync(folder, { recursive: true })
  for (const name of strangers(files)) rmSync(folder + name)
  for (const file of files) writeFileSync(folder + file.name, file.text)
  return files.map((file) => `contracts/generated/${file.name}`)
}

/** The files that `generate` would change. */
export function staleFiles(): readonly string[] {
  const files = generatedFiles()
  const changed = files.filter((file) => currentText(file.name) !== file.text)
  return [...changed.map((file) => file.name), ...strangers(files)].map(
    (name) => `contracts/generated/${name}`,
  )
}

function generatedFiles(): readonly GeneratedFile[] {
  return readTopics().map((topic) => ({
    name: `${topic.name}.ts`,
    text: typesOf(currentSchema(topic.name)),
  }))
}

function strangers(files: readonly GeneratedFile[]): readonly string[] {
  const known = new Set(files.map((file) => file.name))
  return existingNames().filter((name) => !known.has(name))
}

function existingNames(): readonly string[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder).filter((name) => name.endsWith('.ts'))
}

function currentText(name: string): string | undefined {
  return existingNames().includes(name) ? readFileSync(folder + name, 'utf8') : undefined
}

/** Nested records before the record that names them. */
function records(record: AvroRecord): readonly AvroRecord[] {
  return [...record.fields.flatMap((field) => recordsIn(field.type)), record]
}

function recordsIn(type: AvroField['type']): readonly AvroRecord[] {
  return matchAvro<readonly AvroRecord[]>(type, {
    primitive: () => [],
    timestamp: () => [],
    nullable: recordsIn,
    array: recordsIn,
    record: records,
  })
}

function declaration(record: AvroRecord): string {
  const fields = record.fields.flatMap((field) => [
    ...comment(field.doc, '  '),
    `  readonly ${field.name}: ${typeName(field.type)}`,
  ])
  return [...comment(record.doc, ''), `export type ${record.name} = {`, ...fields, '}'].join('\n')
}

const primitiveNames: Readonly<Record<AvroPrimitive, string>> = {
  boolean: 'boolean',
  int: 'number',
  long: 'bigint',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

function typeName(type: AvroField['type']): string {
  return matchAvro(type, {
    primitive: (primitive) => primitiveNames[primitive],
    timestamp: () => 'number',
    nullable: (of) => `${typeName(of)} | null`,
    array: (items) => `readonly ${isNullable(items) ? `(${typeName(items)})` : typeName(items)}[]`,
    record: (record) => record.name,
  })
}

function comment(doc: string | undefined, indent: string): readonly string[] {
  return doc === undefined ? [] : [`${indent}/** ${doc.replaceAll('*/', '* /')} */`]
}
