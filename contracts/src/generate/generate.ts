import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  isNullable,
  matchAvro,
} from '@tenseams/codec/avro'
import { dashboardFiles } from '@tenseams/observability/dashboards/files'
import { ContractError } from '../errors.ts'
import { usersPage } from '../rights/page.ts'
import { readUsers } from '../rights/users.ts'
import { type ContractSchema, currentSchema } from '../schemas.ts'
import { objectivesPage, sloRulesFile } from '../slo/files.ts'
import { readSlos } from '../slo/slo.ts'
import { telemetryPage } from '../telemetry/page.ts'
import { readTelemetry } from '../telemetry/read.ts'
import { logFieldsModule, metricsModule, spansModule } from '../telemetry/types.ts'
import { readTopics, type Topic } from '../topics.ts'

type GeneratedFile = {
  /** From the project's root. */
  readonly file: string
  readonly text: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const TYPES_FOLDER = 'contracts/generated/'
const KEYS_FILE = 'docs/reference/keys.md'
const USERS_FILE = 'docs/kafka-users.md'
const OBJECTIVES_FILE = 'docs/reference/objectives.md'
const RULES_FILE = 'deploy/observability/rules/slo.yml'
const TELEMETRY_FILE = 'docs/reference/telemetry.md'
/** In the room of telemetry, which imports no other room. */
const DECLARED_FOLDER = 'packages/telemetry/src/declared/'

/**
 * The TypeScript types of a contract of either format: one exported type per record, the envelope last.
 *
 * @throws ContractError when a name cannot be that of a type or a property, or two records have one name.
 */
export function typesOf(contract: ContractSchema): string {
  const header = `// Generated from ${contract.file} by \`npm run contracts -- generate\`. Do not edit.`
  const declared = new Map<string, string>()
  for (const record of records(contract.schema)) {
    const text = declaration(record)
    // A message of Protobuf may be the type of several fields.
    if ((declared.get(record.name) ?? text) !== text) {
      throw new ContractError(`two records are called ${record.name}: give one another name`)
    }
    declared.set(record.name, text)
  }
  return `${[header, ...declared.values()].join('\n\n')}\n`
}

/** The table of keys, each with the invariant that needs it. */
export function keysPage(topics: readonly Topic[]): string {
  const rows = topics.map(({ name, key, invariant, partitions, compatibility }) =>
    ['', `\`${name}\``, invariant, key, partitions, compatibility, ''].join(' | ').trim(),
  )
  return `<!-- Generated from contracts/topics.yaml by \`npm run contracts -- generate\`. Do not edit. -->

# Keys, and the invariants that need them

A key decides what is ordered: records of one key are in one partition, in the order in which they were written. So the key
follows only from the invariants on which readers rely.

| topic | invariant | key | partitions | compatibility |
|---|---|---|---|---|
${rows.join('\n')}

\`npm run prove -- keys\` shows that the invariants hold with the order id as the key while customers' accounts are merged.
With \`--break=random-key\` and \`--break=customer-key\` they do not hold.
`
}

/** Writes the types of every topic's newest schema and of telemetry, the pages and the dashboards, and removes the types of deleted topics. */
export function generate(): readonly string[] {
  const files = generatedFiles()
  for (const file of unknownTypes(files)) rmSync(root + file)
  for (const { file, text } of files) {
    mkdirSync(dirname(root + file), { recursive: true })
    writeFileSync(root + file, text)
  }
  return files.map(({ file }) => file)
}

/** The files that `generate` would change. */
export function staleFiles(): readonly string[] {
  const files = generatedFiles()
  const changed = files.filter(({ file, text }) => currentText(file) !== text)
  return [...changed.map(({ file }) => file), ...unknownTypes(files)]
}

function generatedFiles(): readonly GeneratedFile[] {
  const topics = readTopics()
  const slos = readSlos()
  const types = topics.map(({ name }) => ({
    file: `${TYPES_FOLDER}${name}.ts`,
    text: typesOf(currentSchema(name)),
  }))
  return [
    ...types,
    { file: KEYS_FILE, text: keysPage(topics) },
    { file: USERS_FILE, text: usersPage(topics, readUsers()) },
    { file: OBJECTIVES_FILE, text: objectivesPage(slos) },
    { file: RULES_FILE, text: sloRulesFile(slos) },
    ...telemetryFiles(),
    ...dashboardFiles(),
  ]
}

function telemetryFiles(): readonly GeneratedFile[] {
  const telemetry = readTelemetry()
  return [
    { file: TELEMETRY_FILE, text: telemetryPage(telemetry) },
    { file: `${DECLARED_FOLDER}metrics.ts`, text: metricsModule(telemetry) },
    { file: `${DECLARED_FOLDER}spans.ts`, text: spansModule(telemetry) },
    { file: `${DECLARED_FOLDER}log-fields.ts`, text: logFieldsModule(telemetry) },
  ]
}

function unknownTypes(files: readonly GeneratedFile[]): readonly string[] {
  const known = new Set(files.map(({ file }) => file))
  return existingTypes().filter((file) => !known.has(file))
}

function existingTypes(): readonly string[] {
  mkdirSync(root + TYPES_FOLDER, { recursive: true })
  const names = readdirSync(root + TYPES_FOLDER).filter((name) => name.endsWith('.ts'))
  return names.map((name) => TYPES_FOLDER + name)
}

function currentText(file: string): string | undefined {
  return existsSync(root + file) ? readFileSync(root + file, 'utf8') : undefined
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

/** Words that TypeScript does not take as the name of a type, and the types that generated code uses. */
const takenNames = new Set(
  `any as async await bigint boolean break Buffer case catch class const continue debugger default delete do else enum
  export extends false finally for from function if implements import in instanceof interface let never new null number
  object package private protected public return static string super switch symbol this throw true try type typeof
  undefined unknown using var void while with yield`.split(/\s+/),
)

function assertNames({ name, fields }: AvroRecord): void {
  if (!/^[A-Za-z_]\w*$/.test(name) || takenNames.has(name)) {
    throw new ContractError(`${name} cannot be the name of a type in TypeScript: use another name`)
  }
  // An assignment to this property sets an object's prototype.
  if (fields.every((field) => field.name !== '__proto__')) return
  throw new ContractError(`${name}.__proto__ cannot be a property: use another name`)
}

function declaration(record: AvroRecord): string {
  assertNames(record)
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
