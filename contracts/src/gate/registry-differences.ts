import type { Direction, Finding, Rule } from './difference.ts'
import {
  byNumber,
  comparedType,
  type NumberRange,
  type RegistryEnum,
  type RegistryField,
  type RegistryFile,
  type RegistryMessage,
  scalars,
} from './registry-file.ts'

/**
 * What our registry, Apicurio, refuses in Protobuf: names, labels, reservations, symbols and rpcs that the bytes do not have,
 * too. What the one file has and the other one lacks is to it removed. For older readers it compares the newer file with the
 * older one, so to them everything new is removed. These are the rules of its `ProtobufCompatibilityCheckerLibrary`.
 */
export function registryFindings(
  older: RegistryFile,
  newer: RegistryFile,
  direction: Direction,
): readonly Finding[] {
  const [before, after] = direction === 'backward' ? [older, newer] : [newer, older]
  const comparison = { before, after, direction }
  return [
    ...[...before.messages].flatMap(([name, message]) =>
      messageFindings(comparison, name, message),
    ),
    ...[...before.enums].flatMap(([name, each]) => enumFindings(comparison, name, each)),
    ...[...before.services].flatMap(([name, rpcs]) => serviceFindings(comparison, name, rpcs)),
  ]
}

type Comparison = {
  readonly before: RegistryFile
  readonly after: RegistryFile
  readonly direction: Direction
}

function messageFindings(
  comparison: Comparison,
  name: string,
  before: RegistryMessage,
): readonly Finding[] {
  const after = comparison.after.messages.get(name)
  const reserved = reservedFindings(comparison, before, after)
  if (after === undefined) {
    if (before.fields.size === 0) return reserved
    return [...reserved, found(comparison, 'message-unknown', before.path, before.path)]
  }
  const fields = [...before.fields.values()].flatMap((field) =>
    fieldFindings(comparison, name, field, { before, after }),
  )
  return [...reserved, ...fields, ...requiredFindings(comparison, { before, after })]
}

function requiredFindings(comparison: Comparison, { before, after }: Messages): readonly Finding[] {
  if (!comparison.before.isProto2) return []
  return [...after.fields.values()]
    .filter(({ name, label }) => label === 'required' && !before.fields.has(name))
    .map(({ name }) => found(comparison, 'field-without-default', `${after.path}.${name}`, name))
}

type Messages = { readonly before: RegistryMessage; readonly after: RegistryMessage }

function fieldFindings(
  comparison: Comparison,
  message: string,
  field: RegistryField,
  { before, after }: Messages,
): readonly Finding[] {
  const same = after.fields.get(field.name)
  if (same !== undefined) return changes(comparison, message, before.path, field, same)
  const other = [...after.fields.values()].find(({ number }) => number === field.number)
  if (other === undefined) {
    return isReservedField(after, field) ? [] : [removed(comparison, before, field)]
  }
  const [was, is] = inTime(comparison, field.name, other.name)
  return [found(comparison, 'field-renamed', `${before.path}.${is}`, `${was} to ${is}`)]
}

/** What changes in a field that keeps its name. */
function changes(
  comparison: Comparison,
  message: string,
  messagePath: string,
  before: RegistryField,
  after: RegistryField,
): readonly Finding[] {
  const path = `${messagePath}.${before.name}`
  const finding = (rule: Rule, from: unknown, to: unknown) => {
    const [was, is] = inTime(comparison, String(from), String(to))
    return found(comparison, rule, path, `${was} to ${is}`)
  }
  const types = [
    comparedType(comparison.before, before.type, message),
    comparedType(comparison.after, after.type, message),
  ]
  return [
    ...(before.number === after.number
      ? []
      : [finding('number-changed', before.number, after.number)]),
    ...(types[0] === types[1] ? [] : [finding(typeRule(before, after), before.type, after.type)]),
    ...(before.label === after.label
      ? []
      : [finding(labelRule(before, after), labelWord(before), labelWord(after))]),
  ]
}

function typeRule(before: RegistryField, after: RegistryField): Rule {
  return before.meant === after.meant ? 'name-respelled' : 'column-type-changed'
}

/** Only of a scalar outside a oneof does the label say whether absence differs from the default. */
function labelRule(before: RegistryField, after: RegistryField): Rule {
  return isPlainScalar(before) && isPlainScalar(after) ? 'presence-changed' : 'label-changed'
}

function isPlainScalar({ type, label, oneof }: RegistryField): boolean {
  return oneof === undefined && label !== 'repeated' && scalars.has(type)
}

function labelWord({ label, oneof }: RegistryField): string {
  return label ?? (oneof === undefined ? 'no label' : `a branch of ${oneof}`)
}

function removed(
  comparison: Comparison,
  { path }: RegistryMessage,
  { name }: RegistryField,
): Finding {
  const rule = comparison.direction === 'backward' ? 'field-removed' : 'field-added'
  return found(comparison, rule, `${path}.${name}`, name)
}

/** The registry wants both: another field could get the name, or the number. */
function isReservedField({ reserved }: RegistryMessage, { name, number }: RegistryField): boolean {
  return isReserved(reserved, name) && isReserved(reserved, number)
}

function isReserved(reserved: RegistryMessage['reserved'], what: string | number): boolean {
  return reserved.some((each) => {
    if (typeof each === 'string' || typeof what === 'string') return each === what
    return each[0] <= what && what <= each[1]
  })
}

/** What was reserved stays reserved, and unused. */
function reservedFindings(
  comparison: Comparison,
  before: RegistryMessage,
  after: RegistryMessage | undefined,
): readonly Finding[] {
  const rule = comparison.direction === 'backward' ? 'tag-reused' : 'number-reserved'
  const isKept = (each: string | NumberRange) =>
    typeof each === 'string'
      ? isReserved(after?.reserved ?? [], each)
      : isCovered(each, after?.reserved ?? [])
  const isUsed = (each: string | NumberRange) =>
    [...(after?.fields.values() ?? [])].some((field) =>
      isReserved([each], typeof each === 'string' ? field.name : field.number),
    )
  return before.reserved
    .filter((each) => !isKept(each) || isUsed(each))
    .map((each) => found(comparison, rule, before.path, reservedWord(each)))
}

/** True when every number of the range is in one of the others. */
function isCovered([from, to]: NumberRange, others: RegistryMessage['reserved']): boolean {
  const ranges = others
    .filter((each): each is NumberRange => typeof each !== 'string')
    .sort(([left], [right]) => left - right)
  let next = from
  for (const [start, end] of ranges) if (start <= next) next = Math.max(next, end + 1)
  return next > to
}

function reservedWord(each: string | NumberRange): string {
  if (typeof each === 'string') return each
  const [from, to] = each
  return from === to ? `${from}` : `${from} to ${to}`
}

function enumFindings(
  comparison: Comparison,
  name: string,
  { path, symbols }: RegistryEnum,
): readonly Finding[] {
  const after = comparison.after.enums.get(name)?.symbols
  if (after === undefined) return []
  const namesAfter = byNumber(after)
  return [...byNumber(symbols)].flatMap(([number, symbol]): readonly Finding[] => {
    const numberAfter = after.get(symbol)
    if (numberAfter === number && namesAfter.get(number) === symbol) return []
    if (numberAfter !== undefined && numberAfter !== number) {
      const [was, is] = inTime(comparison, `${number}`, `${numberAfter}`)
      return [found(comparison, 'number-changed', `${path}.${symbol}`, `${was} to ${is}`)]
    }
    const other = namesAfter.get(number)
    if (other === undefined) {
      return [found(comparison, 'symbol-unknown', `${path}.${symbol}`, symbol)]
    }
    const [was, is] = inTime(comparison, symbol, other)
    return [found(comparison, 'symbol-renamed', `${path}.${is}`, `${was} to ${is}`)]
  })
}

function serviceFindings(
  comparison: Comparison,
  service: string,
  rpcs: ReadonlyMap<string, string>,
): readonly Finding[] {
  const after = comparison.after.services.get(service)
  return [...rpcs].flatMap(([rpc, signature]) => {
    const other = after?.get(rpc)
    if (other === signature) return []
    if (other === undefined) return [found(comparison, 'rpc-unknown', `${service}.${rpc}`, rpc)]
    const [was, is] = inTime(comparison, signature, other)
    return [found(comparison, 'rpc-changed', `${service}.${rpc}`, `${was} to ${is}`)]
  })
}

/** The older one first. */
function inTime(
  { direction }: Comparison,
  before: string,
  after: string,
): readonly [was: string, is: string] {
  return direction === 'backward' ? [before, after] : [after, before]
}

function found({ direction }: Comparison, rule: Rule, path: string, about: string): Finding {
  // Of these, only a changed number changes the bytes.
  const refusedBy = rule === 'number-changed' ? 'specification' : 'registry'
  return { rule, refusedBy, breaks: [direction], path, about }
}
