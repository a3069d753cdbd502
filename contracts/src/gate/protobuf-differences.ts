import { envelopeOf, fieldNames } from '@tenseams/codec/protobuf'
import { type BufFinding, bufBreaking } from './buf.ts'
import { type Authority, type Direction, type Finding, merged, type Rule } from './difference.ts'

/**
 * What a newer Protobuf contract changes against one older one that breaks readers in one of the directions. The
 * verdicts are buf's: newer against older for newer readers, and swapped for older ones.
 *
 * @throws Error when one of the texts is no Protobuf, or buf cannot be run.
 */
export function protobufFindings(
  olderText: string,
  newerText: string,
  directions: readonly Direction[],
): readonly Finding[] {
  const found = directions.flatMap((direction) => {
    const [text, against] =
      direction === 'backward' ? [newerText, olderText] : [olderText, newerText]
    return judged(bufBreaking(text, against), direction)
  })
  const names = new Map([...fieldNames(olderText), ...fieldNames(newerText)])
  return merged([
    ...found.map((finding) => ({ ...finding, place: named(finding.place, names) })),
    ...envelopeFindings(olderText, newerText, directions),
  ])
}

type Judgement = readonly [rule: Rule, refusedBy: Authority]

/**
 * What buf's rules mean here. Swapped, a deleted field is one that was added: older readers pass over it, so the
 * specification has nothing against it, while the registry refuses it as if it were deleted.
 */
const judgements: Readonly<Record<Direction, Readonly<Record<string, Judgement | undefined>>>> = {
  backward: {
    FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: ['field-removed', 'specification'],
    FIELD_NO_DELETE_UNLESS_NAME_RESERVED: ['field-removed', 'registry'],
    RESERVED_MESSAGE_NO_DELETE: ['tag-reused', 'specification'],
    ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: ['symbol-unknown', 'specification'],
  },
  forward: {
    FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: ['field-added', 'registry'],
    FIELD_NO_DELETE_UNLESS_NAME_RESERVED: ['field-added', 'registry'],
    RESERVED_MESSAGE_NO_DELETE: ['number-reserved', 'registry'],
    ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: undefined,
    ENUM_NO_DELETE: undefined,
    RESERVED_ENUM_NO_DELETE: undefined,
  },
}

const inBothDirections: Readonly<Record<string, Judgement>> = {
  FIELD_WIRE_COMPATIBLE_TYPE: ['type-changed', 'specification'],
  FIELD_SAME_TYPE: ['column-type-changed', 'registry'],
  FIELD_SAME_NAME: ['field-renamed', 'registry'],
  FIELD_WIRE_COMPATIBLE_CARDINALITY: ['cardinality-changed', 'specification'],
  FIELD_SAME_CARDINALITY: ['presence-changed', 'registry'],
  FIELD_SAME_ONEOF: ['oneof-changed', 'specification'],
  FILE_SAME_PACKAGE: ['name-changed', 'specification'],
}

function judged(found: readonly BufFinding[], direction: Direction): readonly Finding[] {
  const findings = found.flatMap(({ type, message }): readonly Finding[] => {
    const known = { ...inBothDirections, ...judgements[direction] }
    if (type in known && known[type] === undefined) return []
    const [rule, refusedBy] = known[type] ?? (['other', 'specification'] as const)
    const place = placeIn(message)
    return [{ rule, refusedBy, breaks: [direction], place, about: aboutIn(message, direction) }]
  })
  return withReusedTags(withoutWeaker(findings))
}

/** Rules of which one says what another one says, too, and more. */
const weakerThan: Readonly<Partial<Record<Rule, readonly Rule[]>>> = {
  'column-type-changed': ['type-changed'],
  'presence-changed': ['cardinality-changed', 'oneof-changed'],
}

function withoutWeaker(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ rule, place, refusedBy }) => {
    const others = findings.filter((other) => other.place === place)
    if (others.some((other) => weakerThan[rule]?.includes(other.rule))) return false
    const twin = others.some((other) => other.rule === rule && other.refusedBy === 'specification')
    return refusedBy === 'specification' || !twin
  })
}

/** A number with another name and another type is another field: bytes of the one are read as the other. */
function withReusedTags(findings: readonly Finding[]): readonly Finding[] {
  const at = (place: string, rule: Rule) =>
    findings.find((finding) => finding.rule === rule && finding.place === place)
  return findings.flatMap((finding): readonly Finding[] => {
    const { rule, place } = finding
    const rename = at(place, 'field-renamed')
    const retype = at(place, 'type-changed')
    if (rename === undefined || retype === undefined) return [finding]
    if (rule === 'type-changed') return []
    if (rule !== 'field-renamed') return [finding]
    return [{ ...retype, rule: 'tag-reused', about: `${rename.about}, ${retype.about}` }]
  })
}

/** The message and the field's number, by which a field is known on the wire: `ShipmentEvent.3`. */
function placeIn(message: string): string {
  const [, name] = /on (?:message|enum) "([\w.]+)"/.exec(message) ?? []
  const [, number] = /(?:[Ff]ield|enum value) "(\d+)"/.exec(message) ?? []
  if (name === undefined) return ''
  return number === undefined ? name : `${name}.${number}`
}

/** People know the field by its name. */
function named(place: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(place)
  return name === undefined ? place : `${place.replace(/\.\d+$/, '')}.${name}`
}

function aboutIn(message: string, direction: Direction): string {
  const [, from, to] = /from "?([^"]+?)"? to "?([^"]+?)"?\.(?: |$)/.exec(message) ?? []
  if (from !== undefined && to !== undefined) {
    return direction === 'backward' ? `${from} to ${to}` : `${to} to ${from}`
  }
  const [, about] = /(?:with name|reserved name|reserved range) "([^"]+)"/.exec(message) ?? []
  return about ?? message
}

/** The message index on the wire is that of the file's first message, and the codec knows no other. */
function envelopeFindings(
  olderText: string,
  newerText: string,
  breaks: readonly Direction[],
): readonly Finding[] {
  const [older, newer] = [envelopeOf(olderText), envelopeOf(newerText)]
  if (older.name === newer.name) return []
  const about = `${older.name} to ${newer.name}`
  return [{ rule: 'envelope-changed', refusedBy: 'house', breaks, place: '', about }]
}
