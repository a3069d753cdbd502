import { messageOf } from '@tenseams/codec/errors'
import avro from 'avsc'
import type { Rule } from './difference.ts'

/**
 * Why a reader cannot read what a writer wrote, by Avro's schema resolution. `alias-own-name` it can read, but Avro's Java
 * finds such a field twice, and compares its schema with no other that has it.
 */
export type ReadingProblem = {
  readonly rule: Rule
  readonly path: string
  /** The field, branch or symbols concerned; of two types or names, the writer's. */
  readonly about: string
  /** Of two types or names, the reader's. */
  readonly instead?: string
}

const {
  ArrayType,
  EnumType,
  FixedType,
  MapType,
  RecordType,
  UnwrappedUnionType,
  WrappedUnionType,
} = avro.types

/**
 * Every reason why a reader of one schema cannot read records of another. avsc decides about types. The walk finds all
 * differences and their paths, because avsc stops at the first difference.
 */
export function readingProblems(reader: avro.Type, writer: avro.Type): readonly ReadingProblem[] {
  const problems = problemsOf(reader, writer, new Map())
  if (problems.length > 0) return problems
  const message = refusalOf(reader, writer)
  return message === undefined ? [] : [{ rule: 'other', path: '', about: message }]
}

/** avsc's error message; undefined when it can read. Names are compared without namespaces, as in Avro 1.11. */
export function refusalOf(
  reader: avro.Type,
  writer: avro.Type,
  { ignoreNamespaces = true } = {},
): string | undefined {
  try {
    reader.createResolver(writer, { ignoreNamespaces } as object)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

export function branchesOf(type: avro.Type): readonly avro.Type[] {
  return type instanceof UnwrappedUnionType || type instanceof WrappedUnionType
    ? type.types
    : [type]
}

export function isUnion(type: avro.Type): boolean {
  return avro.Type.isType(type, 'union')
}

/** The writer's field that a reader's field reads: the one with its name, or with one of its aliases. */
export function sourceOf(
  field: avro.types.Field,
  writer: avro.types.RecordType,
): avro.types.Field | undefined {
  const sources = sourcesOf(field, writer)
  return sources.find(({ name }) => name === field.name) ?? sources[0]
}

function sourcesOf(field: avro.types.Field, writer: avro.types.RecordType) {
  return writer.fields.filter(({ name }) => name === field.name || field.aliases.includes(name))
}

/**
 * Readers, with the problems for each writer that was looked at, and paths from there. A pair that is still being looked at,
 * in a recursive record, has none. Without it a type within nullable types would be walked twice for each of them.
 */
type Known = Map<avro.Type, Map<avro.Type, readonly ReadingProblem[]>>

/** The first problems are enough to refuse a schema. A record that is used everywhere would have them everywhere. */
const MOST_PROBLEMS = 100

function problemsOf(reader: avro.Type, writer: avro.Type, known: Known): readonly ReadingProblem[] {
  const ofReader = known.get(reader) ?? new Map<avro.Type, readonly ReadingProblem[]>()
  known.set(reader, ofReader)
  const before = ofReader.get(writer)
  if (before !== undefined) return before
  ofReader.set(writer, [])
  const problems = problemsWithin(reader, writer, known).slice(0, MOST_PROBLEMS)
  ofReader.set(writer, problems)
  return problems
}

function problemsWithin(
  reader: avro.Type,
  writer: avro.Type,
  known: Known,
): readonly ReadingProblem[] {
  if (isUnion(writer) || isUnion(reader)) return unionProblems(reader, writer, known)
  if (reader instanceof RecordType && writer instanceof RecordType) {
    return recordProblems(reader, writer, known)
  }
  if (reader instanceof ArrayType && writer instanceof ArrayType) {
    return inside('[]', problemsOf(reader.itemsType, writer.itemsType, known))
  }
  if (reader instanceof MapType && writer instanceof MapType) {
    return inside('{}', problemsOf(reader.valuesType, writer.valuesType, known))
  }
  return refusalOf(reader, writer) === undefined ? [] : [leafProblem(reader, writer)]
}

/** The same problems, seen from outside. */
function inside(step: string, problems: readonly ReadingProblem[]): readonly ReadingProblem[] {
  return problems.map((problem) => {
    const joint = problem.path === '' || /^[[{]/.test(problem.path) ? '' : '.'
    return { ...problem, path: `${step}${joint}${problem.path}` }
  })
}

function leafProblem(reader: avro.Type, writer: avro.Type): ReadingProblem {
  if (reader instanceof EnumType && writer instanceof EnumType && sameName(reader, writer)) {
    const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
    return { rule: 'symbol-unknown', path: '', about: unknown.join(', ') }
  }
  const isRenamed = reader.name !== undefined && reader.typeName === writer.typeName
  if (isRenamed && !sameName(reader, writer)) return renamed(reader, writer)
  return { rule: 'type-changed', path: '', about: typeWord(writer), instead: typeWord(reader) }
}

/** The reader, or one of its branches, must read each branch of the writer. */
function unionProblems(
  reader: avro.Type,
  writer: avro.Type,
  known: Known,
): readonly ReadingProblem[] {
  const held = branchesOf(writer).filter(({ typeName }) => typeName !== 'null').length
  return branchesOf(writer).flatMap((written) => {
    const candidates = branchesOf(reader)
    const read = candidates.some((branch) => problemsOf(branch, written, known).length === 0)
    return read ? [] : branchProblems(candidates, written, known, held === 1)
  })
}

function branchProblems(
  candidates: readonly avro.Type[],
  written: avro.Type,
  known: Known,
  isOnlyValue: boolean,
): readonly ReadingProblem[] {
  if (written.typeName === 'null') return [{ rule: 'null-unreadable', path: '', about: 'null' }]
  const alike = candidates.filter(({ typeName }) => typeName === written.typeName)
  const meant = alike.find((branch) => sameName(branch, written)) ?? alike[0]
  if (meant !== undefined) return problemsOf(meant, written, known)
  const others = candidates.filter(({ typeName }) => typeName !== 'null')
  const [other] = others
  if (isOnlyValue && others.length === 1 && other !== undefined)
    return problemsOf(other, written, known)
  return [{ rule: 'branch-unreadable', path: '', about: typeWord(written) }]
}

function recordProblems(
  reader: avro.types.RecordType,
  writer: avro.types.RecordType,
  known: Known,
): readonly ReadingProblem[] {
  if (!sameName(reader, writer)) return [renamed(reader, writer)]
  return [
    ...reader.fields.flatMap((field) => inside(field.name, fieldProblems(field, writer, known))),
    ...sharedSources(reader, writer),
  ]
}

function fieldProblems(
  field: avro.types.Field,
  writer: avro.types.RecordType,
  known: Known,
): readonly ReadingProblem[] {
  const [source, another] = sourcesOf(field, writer)
  if (source === undefined) {
    if (field.defaultValue() !== undefined) return []
    return [{ rule: 'field-without-default', path: '', about: field.name }]
  }
  if (another !== undefined) {
    return [{ rule: 'alias-ambiguous', path: '', about: `${source.name} and ${another.name}` }]
  }
  const problems = problemsOf(field.type, source.type, known)
  if (source.name !== field.name || !field.aliases.includes(field.name)) return problems
  return [{ rule: 'alias-own-name', path: '', about: field.name }, ...problems]
}

/**
 * Fields that take by alias what another field of the reader takes too. avsc gives the value to both, Avro's Java only to
 * the one with the alias, so the other one has its default, or none.
 */
function sharedSources(
  reader: avro.types.RecordType,
  writer: avro.types.RecordType,
): readonly ReadingProblem[] {
  return reader.fields.flatMap((field): readonly ReadingProblem[] => {
    const source = sourceOf(field, writer)
    if (source === undefined || source.name === field.name) return []
    const other = reader.fields.find((each) => each !== field && sourceOf(each, writer) === source)
    if (other === undefined) return []
    return [{ rule: 'alias-shared', path: field.name, about: `${source.name} and ${other.name}` }]
  })
}

function renamed(reader: avro.Type, writer: avro.Type): ReadingProblem {
  const about = String(writer.name)
  return { rule: 'name-changed', path: '', about, instead: String(reader.name) }
}

/** True when the writer's name is the reader's or one of its aliases, and for types without names. */
function sameName(reader: avro.Type, writer: avro.Type): boolean {
  const names = [reader.name, ...(reader.aliases ?? [])].map(simpleName)
  return names.includes(simpleName(writer.name))
}

function simpleName(name: string | undefined): string {
  return name?.split('.').at(-1) ?? ''
}

/** The type in an answer: `long`, `record OrderPlaced`, `fixed(16) Hash`. */
export function typeWord(type: avro.Type): string {
  const kind = type.typeName.split(':')[0] ?? ''
  const word = type instanceof FixedType ? `${kind}(${type.size})` : kind
  return type.name === undefined ? word : `${word} ${simpleName(type.name)}`
}
