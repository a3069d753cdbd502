import { envelopeOf, fieldNames } from '@tenseams/codec/protobuf'
import { type BufFinding, bufBreaking } from './buf.ts'
import { type Authority, type Direction, type Finding, merged, type Rule } from './difference.ts'

/**
 * The changes from an older Protobuf contract to a newer one that break readers in one of the directions. buf decides:
 * newer against older for newer readers, older against newer for older readers.
 *
 * @throws Error when one of the texts is not Protobuf, or buf cannot be run.
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
    ...found.map((finding) => ({ ...finding, path: named(finding.path, names) })),
    ...envelopeFindings(olderText, newerText, directions),
  ])
}

type Judgement = readonly [rule: Rule, refusedBy: Authority]

/**
 * What buf's rules mean here. With old and new swapped, a deleted field is an added one: older readers skip it, so the
 * specification allows it, but the registry refuses it like a deleted one.
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
    const path = pathIn(message)
    return [{ rule, refusedBy, breaks: [direction], path, about: aboutIn(message, direction) }]
  })
  return withReusedTags(withoutWeaker(findings))
}

/** A rule and the stronger ones that replace it. */
const weakerThan: Readonly<Partial<Record<Rule, readonly Rule[]>>> = {
  'column-type-changed': ['type-changed'],
  'presence-changed': ['cardinality-changed', 'oneof-changed'],
}

function withoutWeaker(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ rule, path, refusedBy }) => {
    const others = findings.filter((other) => other.path === path)
    if (others.some((other) => weakerThan[rule]?.includes(other.rule))) return false
    const twin = others.some((other) => other.rule === rule && other.refusedBy === 'specification')
    return refusedBy === 'specification' || !twin
  })
}

/** A number with another name and another type is another field, so its bytes are read with another meaning. */
function withReusedTags(findings: readonly Finding[]): readonly Finding[] {
  const at = (path: string, rule: Rule) =>
    findings.find((finding) => finding.rule === rule && finding.path === path)
  return findings.flatMap((finding): readonly Finding[] => {
    const { rule, path } = finding
    const rename = at(path, 'field-renamed')
    const retype = at(path, 'type-changed')
    if (rename === undefined || retype === undefined) return [finding]
    if (rule === 'type-changed') return []
    if (rule !== 'field-renamed') return [finding]
    return [{ ...retype, rule: 'tag-reused', about: `${rename.about}, ${retype.about}` }]
  })
}

/** The message and the field's number, as on the wire: `ShipmentEvent.3`. */
function pathIn(message: string): string {
  const [, name] = /on (?:message|enum) "([\w.]+)"/.exec(message) ?? []
  const [, number] = /(?:[Ff]ield|enum value) "(\d+)"/.exec(message) ?? []
  if (name === undefined) return ''
  return number === undefined ? name : `${name}.${number}`
}

/** With the field's name instead of its number. */
function named(path: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(path)
  return name === undefined ? path : `${path.replace(/\.\d+$/, '')}.${name}`
}

function aboutIn(message: string, direction: Direction): string {
  const [, from, to] = /from "?([^"]+?)"? to "?([^"]+?)"?\.(?: |$)/.exec(message) ?? []
  if (from !== undefined && to !== undefined) {
    return direction === 'backward' ? `${from} to ${to}` : `${to} to ${from}`
  }
  const [, about] = /(?:with name|reserved name|reserved range) "([^"]+)"/.exec(message) ?? []
  return about ?? message
}

/** The codec reads and writes only the message index of the file's first message. */
function envelopeFindings(
  olderText: string,
  newerText: string,
  breaks: readonly Direction[],
): readonly Finding[] {
  const [older, newer] = [envelopeOf(olderText), envelopeOf(newerText)]
  if (older.name === newer.name) return []
  const about = `${older.name} to ${newer.name}`
  return [{ rule: 'envelope-changed', refusedBy: 'project', breaks, path: '', about }]
}
