import type { Compatibility } from '../topics.ts'

/** `backward`: a newer reader reads older records. `forward`: an older reader reads newer records. */
export type Direction = 'backward' | 'forward'

/**
 * The kind of a difference, with the same name in the table of cases, in the check's answer and in docs. Avro and Protobuf
 * share a rule where readers break in the same way.
 */
export type Rule =
  | 'field-without-default'
  | 'field-removed'
  | 'field-added'
  | 'field-renamed'
  | 'alias-unknown-to-older-readers'
  | 'alias-ambiguous'
  | 'alias-shared'
  | 'alias-own-name'
  | 'type-changed'
  | 'column-type-changed'
  | 'logical-type-changed'
  | 'null-unreadable'
  | 'branch-unreadable'
  | 'symbol-unknown'
  | 'symbol-renamed'
  | 'name-changed'
  | 'name-respelled'
  | 'message-unknown'
  | 'rpc-unknown'
  | 'rpc-changed'
  | 'number-changed'
  | 'tag-reused'
  | 'number-reserved'
  | 'cardinality-changed'
  | 'presence-changed'
  | 'label-changed'
  | 'oneof-changed'
  | 'envelope-changed'
  | 'too-deep'
  | 'other'

/**
 * Who refuses a difference. `specification` (Avro's schema resolution, Protobuf's rules for updating a message): every
 * reader breaks. `registry`: the specification allows it, but our registry refuses it, so it could not be published.
 * `project`: both allow it, but one of our readers would read it wrongly.
 */
export type Authority = 'specification' | 'registry' | 'project'

/** A difference of two schemas that breaks readers. */
export type Finding = {
  readonly rule: Rule
  readonly refusedBy: Authority
  /** The directions in which it breaks readers. */
  readonly breaks: readonly Direction[]
  /** `placed.lines[].sku`, `ShipmentEvent.version`; empty for the schema as a whole. */
  readonly path: string
  /** The field, type or name concerned; for a change both, the older one first: `long to string`. */
  readonly about: string
}

/** A finding against one earlier version, in words. */
export type Difference = Finding & {
  /** The earlier version, from 1. */
  readonly olderVersion: number
  /** What differs. */
  readonly what: string
  /** Why that breaks a reader. */
  readonly why: string
}

/** The directions that a level promises. */
export function directionsOf(level: Compatibility): readonly Direction[] {
  if (level.startsWith('BACKWARD')) return ['backward']
  return level.startsWith('FORWARD') ? ['forward'] : ['backward', 'forward']
}

/** True when a level compares every earlier version, and not only the one before. */
export function isTransitive(level: Compatibility): boolean {
  return level.endsWith('_TRANSITIVE')
}

/** Joins findings that are the same in both directions. */
export function merged(findings: readonly Finding[]): readonly Finding[] {
  const alike = Map.groupBy(findings, ({ rule, refusedBy, path, about }) =>
    JSON.stringify([rule, refusedBy, path, about]),
  )
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const breaks = [first, ...others].flatMap((finding) => finding.breaks)
    return [{ ...first, breaks: [...new Set(breaks)] }]
  })
}
