import { envelopeOf } from '@tenseams/codec/protobuf'
import { type BufFinding, bufBreaking } from './buf.ts'
import { type Authority, type Direction, type Finding, merged, type Rule } from './difference.ts'
import { registryFindings } from './registry-differences.ts'
import {
  groupsCalled,
  messagesCalled,
  type RegistryFile,
  type RegistryMessage,
  registryFileOf,
} from './registry-file.ts'

/**
 * The changes from an older Protobuf contract to a newer one that break readers in one of the directions. buf decides what
 * can be read: newer against older for newer readers, older against newer for older readers. What else our registry refuses
 * is compared beside it.
 *
 * @throws Error when one of the texts is not Protobuf, or buf cannot be run.
 */
export function protobufFindings(
  olderText: string,
  newerText: string,
  directions: readonly Direction[],
): readonly Finding[] {
  const [older, newer] = [registryFileOf(olderText), registryFileOf(newerText)]
  const found = directions.flatMap((direction) => {
    const [text, against] =
      direction === 'backward' ? [newerText, olderText] : [olderText, newerText]
    const unreadable = bufBreaking(text, against)
      .filter((finding) => !isOneofRename(finding, older, newer))
      .flatMap((finding) =>
        judged(finding, direction, (location) => pathOf(location, newer, older)),
      )
    const unpublishable = registryFindings(older, newer, direction)
    return withReusedTags(withoutWeaker([...unreadable, ...unpublishable]))
  })
  return merged([...found, ...envelopeFindings(olderText, newerText, directions)])
}

type Judgement = readonly [rule: Rule, refusedBy: Authority]

/**
 * What buf's rules mean here. With old and new swapped, a deleted field is an added one, which older readers skip. Rpcs are
 * not in records.
 */
const judgements: Readonly<Record<Direction, Readonly<Record<string, Judgement | undefined>>>> = {
  backward: {
    FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: ['field-removed', 'specification'],
    RESERVED_MESSAGE_NO_DELETE: ['tag-reused', 'specification'],
    ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: ['symbol-unknown', 'specification'],
  },
  forward: {
    FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: undefined,
    RESERVED_MESSAGE_NO_DELETE: undefined,
    ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: undefined,
    ENUM_NO_DELETE: undefined,
    RESERVED_ENUM_NO_DELETE: undefined,
  },
}

const inBothDirections: Readonly<Record<string, Judgement | undefined>> = {
  FIELD_WIRE_COMPATIBLE_TYPE: ['type-changed', 'specification'],
  FIELD_WIRE_COMPATIBLE_CARDINALITY: ['cardinality-changed', 'specification'],
  FIELD_SAME_ONEOF: ['oneof-changed', 'specification'],
  FILE_SAME_PACKAGE: ['name-changed', 'specification'],
  RPC_SAME_CLIENT_STREAMING: undefined,
  RPC_SAME_IDEMPOTENCY_LEVEL: undefined,
  RPC_SAME_REQUEST_TYPE: undefined,
  RPC_SAME_RESPONSE_TYPE: undefined,
  RPC_SAME_SERVER_STREAMING: undefined,
}

function judged(
  { type, message }: BufFinding,
  direction: Direction,
  pathOfLocation: (location: Location) => string,
): readonly Finding[] {
  const known = { ...inBothDirections, ...judgements[direction] }
  if (type in known && known[type] === undefined) return []
  const [rule, refusedBy] = known[type] ?? (['other', 'specification'] as const)
  const path = pathOfLocation(locationIn(message))
  return [{ rule, refusedBy, breaks: [direction], path, about: aboutIn(message, direction) }]
}

/** Where buf finds something: the message or enum, without those around it, and the number of the field or symbol. */
type Location = { readonly name: string; readonly number: number | undefined }

function locationIn(message: string): Location {
  const [, name = ''] = /on (?:message|enum) "([\w.]+)"/.exec(message) ?? []
  const [, number] = /(?:[Ff]ield|enum value) "(\d+)"/.exec(message) ?? []
  return { name, number: number === undefined ? undefined : Number(number) }
}

/** `Thing.Gone.note` for field 3 of `Gone`. The newest name of a field counts, unless only an older file has it. */
function pathOf({ name, number }: Location, ...files: readonly RegistryFile[]): string {
  const groups = files.flatMap((file) => groupsCalled(file, name))
  if (number === undefined) return groups[0]?.path ?? name
  const found = groups.find(({ names }) => names.has(number))
  return `${found?.path ?? name}.${found?.names.get(number) ?? number}`
}

/**
 * True when buf reports a field that is in a oneof of another name, but excludes the same fields as before: its oneof was
 * renamed, or it has a oneof to itself. The bytes have no oneofs, and setting the field clears nothing more.
 */
function isOneofRename(
  { type, message }: BufFinding,
  older: RegistryFile,
  newer: RegistryFile,
): boolean {
  if (type !== 'FIELD_SAME_ONEOF') return false
  const { name, number = 0 } = locationIn(message)
  return messagesCalled(newer, name).every((is) => {
    const was = messagesCalled(older, name).find(({ path }) => path === is.path)
    return (
      was === undefined || String(excluded(was, is, number)) === String(excluded(is, was, number))
    )
  })
}

/** The numbers of the fields that setting one clears, of those that both versions have. */
function excluded(message: RegistryMessage, other: RegistryMessage, number: number) {
  const numbers = new Set([...other.fields.values()].map((field) => field.number))
  const fields = [...message.fields.values()].filter((field) => numbers.has(field.number))
  const oneof = fields.find((field) => field.number === number)?.oneof
  return fields
    .filter((field) => oneof !== undefined && field.oneof === oneof && field.number !== number)
    .map((field) => field.number)
    .toSorted((left, right) => left - right)
}

/** A rule and the stronger ones that replace it. */
const weakerThan: Readonly<Partial<Record<Rule, readonly Rule[]>>> = {
  'column-type-changed': ['type-changed'],
  'presence-changed': ['cardinality-changed'],
  'label-changed': ['cardinality-changed', 'oneof-changed'],
  'field-removed': ['number-changed'],
  'field-added': ['number-changed'],
  'symbol-unknown': ['number-changed'],
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
