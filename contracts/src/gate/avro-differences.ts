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
 * What a newer Avro schema changes against one older one that breaks readers in one of the directions.
 *
 * @param directions those that the topic's level promises.
 * @param isPredecessor whether the older one is the version just before. Only then a field that went and one that came
 *   are taken for a rename: between versions that lie apart, they may well be two things.
 * @throws Error when one of the texts is no Avro schema.
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
    ...others.flatMap((finding) => stillUnsaid(finding, rest)),
  ])
}

/** Without the readers that fail at the same place already. */
function stillUnsaid(finding: Finding, said: readonly Finding[]): readonly Finding[] {
  const failing = said
    .filter(({ place }) => place === finding.place)
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

/** Decimals of another scale are other numbers. */
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
    place: problem.place,
    about: aboutIn(direction, problem),
  }))
}

/** Always from the older to the newer, whoever reads. */
function aboutIn(direction: Direction, { about, instead }: ReadingProblem): string {
  if (instead === undefined) return about
  return direction === 'backward' ? fromTo(about, instead) : fromTo(instead, about)
}

function fromTo(older: string, newer: string): string {
  return `${older} to ${newer}`
}

/** The same gap seen from the other side: what the older reader wants and does not get, the newer one has removed. */
function ruleIn(direction: Direction, { rule }: ReadingProblem): Rule {
  return direction === 'forward' && rule === 'field-without-default' ? 'field-removed' : rule
}

/** Types of both schemas that stand at the same place, aliases followed. */
type Pair = { readonly place: string; readonly newer: avro.Type; readonly older: avro.Type }

function pairsOf(
  newer: avro.Type,
  older: avro.Type,
  place = '',
  seen: ReadonlySet<avro.Type> = new Set(),
): readonly Pair[] {
  if (seen.has(newer)) return []
  const inside = new Set([...seen, newer])
  const [left, right] = [heldBy(newer), heldBy(older)]
  if (left === undefined || right === undefined) return []
  if (left !== newer || right !== older) return pairsOf(left, right, place, inside)
  const here = { place, newer, older }
  if (newer instanceof ArrayType && older instanceof ArrayType) {
    return [here, ...pairsOf(newer.itemsType, older.itemsType, `${place}[]`, inside)]
  }
  if (newer instanceof MapType && older instanceof MapType) {
    return [here, ...pairsOf(newer.valuesType, older.valuesType, `${place}{}`, inside)]
  }
  if (!(newer instanceof RecordType && older instanceof RecordType)) return [here]
  const fields = newer.fields.flatMap((field) => {
    const source = sourceOf(field, older)
    return source === undefined
      ? []
      : pairsOf(field.type, source.type, below(place, field.name), inside)
  })
  return [here, ...fields]
}

/** The one branch that holds a value; undefined for a general union, which no contract may have. */
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
 * A field that went and one of the same type that came: a rename, of which no reader is told. With a default on both
 * sides every level would let it pass, and readers would get the default in place of the value.
 */
function renamesOf({ newer, older, place }: Pair): readonly Rename[] {
  if (!(newer instanceof RecordType && older instanceof RecordType)) return []
  const read = new Set(newer.fields.map((field) => sourceOf(field, older)?.name))
  const come = newer.fields.filter((field) => sourceOf(field, older) === undefined)
  const renames: Rename[] = []
  for (const from of older.fields.filter(({ name }) => !read.has(name))) {
    const index = come.findIndex((field) => field.type.equals(from.type))
    const [to] = index < 0 ? [] : come.splice(index, 1)
    if (to !== undefined) renames.push({ record: place, from, to })
  }
  return renames
}

function renameFinding({ record, from, to }: Rename, breaks: readonly Direction[]): Finding {
  const isRefused = breaks.some(
    (direction) => (direction === 'backward' ? to : from).defaultValue() === undefined,
  )
  return {
    rule: 'field-renamed',
    refusedBy: isRefused ? 'specification' : 'house',
    breaks,
    place: below(record, to.name),
    about: fromTo(from.name, to.name),
  }
}

/** A rename says more than the two halves of it. */
function isHalfOf({ record, from, to }: Rename, { rule, place }: Finding): boolean {
  if (rule === 'field-without-default') return place === below(record, to.name)
  return rule === 'field-removed' && place === below(record, from.name)
}

function below(place: string, field: string): string {
  return place === '' ? field : `${place}.${field}`
}

/** A rename that an alias tells to newer readers; an older one looks for the old name, and may have a default for it. */
function aliasedOf({ newer, older, place }: Pair): readonly Rename[] {
  if (!(newer instanceof RecordType && older instanceof RecordType)) return []
  return newer.fields.flatMap((to) => {
    const from = sourceOf(to, older)
    return from === undefined || from.name === to.name ? [] : [{ record: place, from, to }]
  })
}

function aliasFinding({ record, from, to }: Rename): Finding {
  return {
    rule: 'alias-unknown-to-older-readers',
    refusedBy: from.defaultValue() === undefined ? 'specification' : 'house',
    breaks: ['forward'],
    place: below(record, to.name),
    about: fromTo(from.name, to.name),
  }
}

function logicalTypeFindings(
  { newer, older, place }: Pair,
  olderSchema: Schema,
  newerSchema: Schema,
  breaks: readonly Direction[],
): readonly Finding[] {
  const was = olderSchema.logicalTypes.get(older)
  const is = newerSchema.logicalTypes.get(newer)
  if (was === is) return []
  const about = fromTo(was ?? `plain ${typeWord(older)}`, is ?? `plain ${typeWord(newer)}`)
  return [{ rule: 'logical-type-changed', refusedBy: 'house', breaks, place, about }]
}

/** Resolution promotes int to long or string to bytes; the lake's columns keep their type. */
function columnFindings(
  { newer, older, place }: Pair,
  breaks: readonly Direction[],
): readonly Finding[] {
  if (newer.typeName === older.typeName) return []
  const about = fromTo(typeWord(older), typeWord(newer))
  return [{ rule: 'column-type-changed', refusedBy: 'house', breaks, place, about }]
}

/** Our own codec compares full names: what resolves without namespaces must resolve with them, too. */
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
    return [{ rule: 'name-changed', refusedBy: 'house', breaks: [direction], place: '', about }]
  })
}
