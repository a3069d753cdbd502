import avro from 'avsc'
import type { Rule } from './difference.ts'

/** Why a reader cannot read what a writer wrote, by Avro's schema resolution. */
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
  const problems = problemsOf(reader, writer, { path: '', seen: new Set() })
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
    return error instanceof Error ? error.message : String(error)
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

type Walk = {
  readonly path: string
  /** Pairs of records on the path, so that the walk of a recursive record ends. */
  readonly seen: ReadonlySet<string>
}

function problemsOf(reader: avro.Type, writer: avro.Type, walk: Walk): readonly ReadingProblem[] {
  if (isUnion(writer) || isUnion(reader)) return unionProblems(reader, writer, walk)
  if (reader instanceof RecordType && writer instanceof RecordType) {
    return recordProblems(reader, writer, walk)
  }
  if (reader instanceof ArrayType && writer instanceof ArrayType) {
    return problemsOf(reader.itemsType, writer.itemsType, within(walk, '[]'))
  }
  if (reader instanceof MapType && writer instanceof MapType) {
    return problemsOf(reader.valuesType, writer.valuesType, within(walk, '{}'))
  }
  if (refusalOf(reader, writer) === undefined) return []
  return [leafProblem(reader, writer, walk)]
}

function leafProblem(reader: avro.Type, writer: avro.Type, { path }: Walk): ReadingProblem {
  if (reader instanceof EnumType && writer instanceof EnumType && sameName(reader, writer)) {
    const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
    return { rule: 'symbol-unknown', path, about: unknown.join(', ') }
  }
  const isRenamed = reader.name !== undefined && reader.typeName === writer.typeName
  if (isRenamed && !sameName(reader, writer)) return renamed(reader, writer, path)
  return { rule: 'type-changed', path, about: typeWord(writer), instead: typeWord(reader) }
}

/** The reader, or one of its branches, must read each branch of the writer. */
function unionProblems(
  reader: avro.Type,
  writer: avro.Type,
  walk: Walk,
): readonly ReadingProblem[] {
  const held = branchesOf(writer).filter(({ typeName }) => typeName !== 'null').length
  return branchesOf(writer).flatMap((written) => {
    const candidates = branchesOf(reader)
    const read = candidates.some((branch) => problemsOf(branch, written, walk).length === 0)
    return read ? [] : branchProblems(candidates, written, walk, held === 1)
  })
}

function branchProblems(
  candidates: readonly avro.Type[],
  written: avro.Type,
  walk: Walk,
  isOnlyValue: boolean,
): readonly ReadingProblem[] {
  if (written.typeName === 'null') {
    return [{ rule: 'null-unreadable', path: walk.path, about: 'null' }]
  }
  const alike = candidates.filter(({ typeName }) => typeName === written.typeName)
  const meant = alike.find((branch) => sameName(branch, written)) ?? alike[0]
  if (meant !== undefined) return problemsOf(meant, written, walk)
  const others = candidates.filter(({ typeName }) => typeName !== 'null')
  const [other] = others
  if (isOnlyValue && others.length === 1 && other !== undefined)
    return problemsOf(other, written, walk)
  return [{ rule: 'branch-unreadable', path: walk.path, about: typeWord(written) }]
}

function recordProblems(
  reader: avro.types.RecordType,
  writer: avro.types.RecordType,
  walk: Walk,
): readonly ReadingProblem[] {
  const pair = `${reader.name}:${writer.name}`
  if (walk.seen.has(pair)) return []
  if (!sameName(reader, writer)) return [renamed(reader, writer, walk.path)]
  const inside = { ...walk, seen: new Set([...walk.seen, pair]) }
  return reader.fields.flatMap((field): readonly ReadingProblem[] => {
    const [source, another] = sourcesOf(field, writer)
    const at = within(inside, walk.path === '' ? field.name : `.${field.name}`)
    if (source !== undefined && another !== undefined) {
      const about = `${source.name} and ${another.name}`
      return [{ rule: 'alias-ambiguous', path: at.path, about }]
    }
    if (source !== undefined) return problemsOf(field.type, source.type, at)
    if (field.defaultValue() !== undefined) return []
    return [{ rule: 'field-without-default', path: at.path, about: field.name }]
  })
}

function renamed(reader: avro.Type, writer: avro.Type, path: string): ReadingProblem {
  const about = String(writer.name)
  return { rule: 'name-changed', path, about, instead: String(reader.name) }
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

function within(walk: Walk, step: string): Walk {
  return { ...walk, path: walk.path + step }
}
