import avro from 'avsc'
import {
  branchesOf,
  type ReadingProblem,
  readingProblems,
  refusalOf,
  sourceOf,
  typeWord,
} from './avro-resolution.ts'
import { type Direction, type Finding, merged, type Rule } from './difference.ts'

type Schema = {
  readonly type: avro.Type
  readonly logicalTypes: ReadonlyMap<avro.Type, string>
}

const { ArrayType, MapType, RecordType } = avro.types

/**
 * The changes from an older Avro schema to a newer one that break readers in one of the directions.
 *
 * @param directions those that the topic's level promises.
 * @param isPredecessor whether the older one is the version just before. Only then are a removed and an added field taken
 *   for a rename: between versions that are further apart they may be two different fields.
 * @throws Error when one of the texts is not an Avro schema.
 */
export function avroFindings(
  olderText: string,
  newerText: string,
  directions: readonly Direction[],
  isPredecessor: boolean,
): readonly Finding[] {
  const older = parse(olderText)
  const newer = parse(newerText)
  const broken = directions.flatMap((direction) => unreadable(older, newer, direction))
  const pairs = pairsOf(newer.type, older.type)
  const renames = isPredecessor ? pairs.flatMap(renamesOf) : []
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
    ...renames.map((rename) => renameFinding(rename, directions)),
    ...aliased.map(aliasFinding),
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

function parse(text: string): Schema {
  const logicalTypes = new Map<avro.Type, string>()
  const typeHook = (schema: avro.Schema, options: object): avro.Type | undefined => {
    if (typeof schema !== 'object' || !('logicalType' in schema)) return undefined
    const { logicalType, ...plain } = schema as { readonly logicalType: unknown }
    const type = avro.Type.forSchema(plain as avro.Schema, options)
    logicalTypes.set(type, logicalTypeWord(logicalType, plain))
    return type
  }
  const type = avro.Type.forSchema(JSON.parse(text) as avro.Schema, { typeHook })
  return { type, logicalTypes }
}

/** With precision and scale, because a decimal of another scale is another number. */
function logicalTypeWord(logicalType: unknown, plain: object): string {
  const { precision, scale = 0 } = plain as {
    readonly precision?: unknown
    readonly scale?: unknown
  }
  return precision === undefined ? String(logicalType) : `${logicalType}(${precision}, ${scale})`
}

function unreadable(older: Schema, newer: Schema, direction: Direction): readonly Finding[] {
  const problems =
    direction === 'backward'
      ? readingProblems(newer.type, older.type)
      : readingProblems(older.type, newer.type)
  return problems.map((problem) => ({
    rule: ruleIn(direction, problem),
    refusedBy: 'specification',
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

/** Types of both schemas at the same path, where a field is also found by its aliases. */
type Pair = { readonly path: string; readonly newer: avro.Type; readonly older: avro.Type }

function pairsOf(
  newer: avro.Type,
  older: avro.Type,
  path = '',
  seen: ReadonlySet<avro.Type> = new Set(),
): readonly Pair[] {
  if (seen.has(newer)) return []
  const inside = new Set([...seen, newer])
  const [left, right] = [heldBy(newer), heldBy(older)]
  if (left === undefined || right === undefined) return []
  if (left !== newer || right !== older) return pairsOf(left, right, path, inside)
  const here = { path, newer, older }
  if (newer instanceof ArrayType && older instanceof ArrayType) {
    return [here, ...pairsOf(newer.itemsType, older.itemsType, `${path}[]`, inside)]
  }
  if (newer instanceof MapType && older instanceof MapType) {
    return [here, ...pairsOf(newer.valuesType, older.valuesType, `${path}{}`, inside)]
  }
  if (!(newer instanceof RecordType && older instanceof RecordType)) return [here]
  const fields = newer.fields.flatMap((field) => {
    const source = sourceOf(field, older)
    return source === undefined
      ? []
      : pairsOf(field.type, source.type, below(path, field.name), inside)
  })
  return [here, ...fields]
}

/** The one branch that is not null; undefined for a general union, which no contract may have. */
function heldBy(type: avro.Type): avro.Type | undefined {
  const values = branchesOf(type).filter(({ typeName }) => typeName !== 'null')
  return values.length === 1 ? values[0] : undefined
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

function renameFinding({ record, from, to }: Rename, breaks: readonly Direction[]): Finding {
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

function below(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`
}

/** Renames with an alias, which newer readers know. An older reader looks for the old name, and may have a default. */
function aliasedOf({ newer, older, path }: Pair): readonly Rename[] {
  if (!(newer instanceof RecordType && older instanceof RecordType)) return []
  return newer.fields.flatMap((to) => {
    const from = sourceOf(to, older)
    return from === undefined || from.name === to.name ? [] : [{ record: path, from, to }]
  })
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
