import avro from 'avsc'
import { below, fieldsOf, lineageOf, type Pair, pairsOf } from './avro-pairs.ts'
import {
  type ReadingProblem,
  readingProblems,
  refusalOf,
  sourceOf,
  typeWord,
} from './avro-resolution.ts'
import { parseAvro, type Schema } from './avro-schema.ts'
import { type Direction, type Finding, merged, type Rule } from './difference.ts'

const { RecordType } = avro.types

/**
 * The changes from the first of several Avro schemas to the last one that break readers in one of the directions.
 *
 * @param texts consecutive versions, oldest first. Those in between say which fields were renamed on the way. When there are
 *   none, a removed and an added field are taken for a rename: further apart they may be two different fields.
 * @param directions those that the topic's level promises.
 * @throws Error when one of the texts is not an Avro schema.
 */
export function avroFindings(
  texts: readonly [older: string, ...newer: readonly string[]],
  directions: readonly Direction[],
): readonly Finding[] {
  const schemas = texts.map(parseAvro)
  const [older, newer] = [schemas.at(0), schemas.at(-1)]
  if (older === undefined || newer === undefined) throw new Error('no schemas')
  const broken = directions.flatMap((direction) => unreadable(older, newer, direction))
  const pairs = pairsOf(newer.type, older.type)
  const types = schemas.map(({ type }) => type)
  const renames = types.length === 2 ? pairs.flatMap(renamesOf) : chainsOf(types, pairs)
  const aliased = directions.includes('forward') ? pairs.flatMap(aliasedOf) : []
  const rest = broken.filter(
    (finding) => ![...renames, ...aliased].some((rename) => isHalfOf(rename, finding)),
  )
  const others = [
    ...pairs.flatMap((pair) => logicalTypeFindings(pair, older, newer, directions)),
    ...pairs.flatMap((pair) => columnFindings(pair, directions)),
    ...namespaceFindings(newer, older, directions),
  ]
  return merged([
    ...renames
      .map((rename) => renameFinding(rename, directions))
      .filter(({ breaks }) => breaks.length > 0),
    ...aliased.map(aliasFinding),
    ...ownNameFindings(newer, directions).flatMap((finding) => withoutRepeated(finding, rest)),
    ...rest,
    ...others.flatMap((finding) => withoutRepeated(finding, rest)),
  ])
}

/** The finding without the directions that another finding reports at the same path. */
function withoutRepeated(finding: Finding, reported: readonly Finding[]): readonly Finding[] {
  const failing = reported
    .filter(({ path }) => path === finding.path)
    .flatMap(({ breaks }) => breaks)
  const breaks = finding.breaks.filter((direction) => !failing.includes(direction))
  return breaks.length === 0 ? [] : [{ ...finding, breaks }]
}

function unreadable(older: Schema, newer: Schema, direction: Direction): readonly Finding[] {
  const problems =
    direction === 'backward'
      ? readingProblems(newer.type, older.type)
      : readingProblems(older.type, newer.type)
  return problems.map((problem) => ({
    rule: ruleIn(direction, problem),
    refusedBy: problem.rule === 'alias-own-name' ? 'project' : 'specification',
    breaks: [direction],
    path: problem.path,
    about: aboutIn(direction, problem),
  }))
}

/** Always from older to newer, in both directions. */
function aboutIn(direction: Direction, { about, instead }: ReadingProblem): string {
  if (instead === undefined) return about
  return direction === 'backward' ? fromTo(about, instead) : fromTo(instead, about)
}

function fromTo(older: string, newer: string): string {
  return `${older} to ${newer}`
}

/** A field without a default that an older reader misses was removed by the newer schema. */
function ruleIn(direction: Direction, { rule }: ReadingProblem): Rule {
  return direction === 'forward' && rule === 'field-without-default' ? 'field-removed' : rule
}

type Rename = {
  readonly record: string
  readonly from: avro.types.Field
  readonly to: avro.types.Field
}

/**
 * A removed and an added field of the same type: a rename without an alias. If both have a default, every level allows it,
 * and readers get the default instead of the value.
 */
function renamesOf({ newer, older, path }: Pair): readonly Rename[] {
  if (!(newer instanceof RecordType && older instanceof RecordType)) return []
  const read = new Set(newer.fields.map((field) => sourceOf(field, older)?.name))
  const added = newer.fields.filter((field) => sourceOf(field, older) === undefined)
  const renames: Rename[] = []
  for (const from of older.fields.filter(({ name }) => !read.has(name))) {
    const index = added.findIndex((field) => field.type.equals(from.type))
    const [to] = index < 0 ? [] : added.splice(index, 1)
    if (to !== undefined) renames.push({ record: path, from, to })
  }
  return renames
}

/**
 * Fields that were renamed step by step, each time with an alias, and whose newest name has no alias for the first one:
 * `note`, then `remark` with the alias `note`, then `comment` with the alias `remark`.
 */
function chainsOf(types: readonly avro.Type[], pairs: readonly Pair[]): readonly Rename[] {
  const origins = lineageOf(types)
  return pairs.flatMap(({ newer, older, path, olderPath }) => {
    if (!(newer instanceof RecordType && older instanceof RecordType)) return []
    return newer.fields.flatMap((to) => {
      const origin = origins.get(below(path, to.name))
      const from = older.fields.find(({ name }) => below(olderPath, name) === origin)
      if (from === undefined || from === sourceOf(to, older)) return []
      return [{ record: path, from, to }]
    })
  })
}

function renameFinding({ record, from, to }: Rename, directions: readonly Direction[]): Finding {
  const isKnown = from.aliases.includes(to.name)
  const breaks = directions.filter((direction) => direction === 'backward' || !isKnown)
  const isRefused = breaks.some(
    (direction) => (direction === 'backward' ? to : from).defaultValue() === undefined,
  )
  return {
    rule: 'field-renamed',
    refusedBy: isRefused ? 'specification' : 'project',
    breaks,
    path: below(record, to.name),
    about: fromTo(from.name, to.name),
  }
}

/** A rename replaces the two findings, removed and added, of which it consists. */
function isHalfOf({ record, from, to }: Rename, { rule, path }: Finding): boolean {
  if (rule === 'field-without-default') return path === below(record, to.name)
  return rule === 'field-removed' && path === below(record, from.name)
}

/** Renames with an alias, which newer readers know. An older reader looks for the old name, and may have a default. */
function aliasedOf(pair: Pair): readonly Rename[] {
  return fieldsOf(pair)
    .filter(({ from, to }) => from.name !== to.name && !from.aliases.includes(to.name))
    .map((names) => ({ record: pair.path, ...names }))
}

function aliasFinding({ record, from, to }: Rename): Finding {
  return {
    rule: 'alias-unknown-to-older-readers',
    refusedBy: from.defaultValue() === undefined ? 'specification' : 'project',
    breaks: ['forward'],
    path: below(record, to.name),
    about: fromTo(from.name, to.name),
  }
}

/** Fields with their own name as an alias: once they are published, nothing is published after them. */
function ownNameFindings(newer: Schema, breaks: readonly Direction[]): readonly Finding[] {
  return readingProblems(newer.type, newer.type)
    .filter(({ rule }) => rule === 'alias-own-name')
    .map(({ rule, path, about }) => ({ rule, refusedBy: 'project', breaks, path, about }))
}

function logicalTypeFindings(
  { newer, older, path }: Pair,
  olderSchema: Schema,
  newerSchema: Schema,
  breaks: readonly Direction[],
): readonly Finding[] {
  const was = olderSchema.logicalTypes.get(older)
  const is = newerSchema.logicalTypes.get(newer)
  if (was === is) return []
  const about = fromTo(was ?? `plain ${typeWord(older)}`, is ?? `plain ${typeWord(newer)}`)
  return [{ rule: 'logical-type-changed', refusedBy: 'project', breaks, path, about }]
}

/** Avro's resolution promotes int to long or string to bytes, but the lake's columns keep their type. */
function columnFindings(
  { newer, older, path }: Pair,
  breaks: readonly Direction[],
): readonly Finding[] {
  if (newer.typeName === older.typeName) return []
  const about = fromTo(typeWord(older), typeWord(newer))
  return [{ rule: 'column-type-changed', refusedBy: 'project', breaks, path, about }]
}

/** Our codec compares full names, so a schema must also resolve when namespaces are compared. */
function namespaceFindings(
  newer: Schema,
  older: Schema,
  directions: readonly Direction[],
): readonly Finding[] {
  return directions.flatMap((direction): readonly Finding[] => {
    const [reader, writer] =
      direction === 'backward' ? [newer.type, older.type] : [older.type, newer.type]
    if (refusalOf(reader, writer) !== undefined) return []
    const about = refusalOf(reader, writer, { ignoreNamespaces: false })
    if (about === undefined) return []
    return [{ rule: 'name-changed', refusedBy: 'project', breaks: [direction], path: '', about }]
  })
}
