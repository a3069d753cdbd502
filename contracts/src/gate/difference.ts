import type { Compatibility } from '../topics.ts'

/** Who reads what: a newer reader older records (`backward`), an older reader newer records (`forward`). */
export type Direction = 'backward' | 'forward'

/**
 * What differs. One word a rule, the same in the table of cases, in the check's answer and in docs.
 *
 * Avro and Protobuf share a word where a reader is broken in the same way.
 */
export type Rule =
  | 'field-without-default'
  | 'field-removed'
  | 'field-added'
  | 'field-renamed'
  | 'alias-unknown-to-older-readers'
  | 'alias-ambiguous'
  | 'type-changed'
  | 'column-type-changed'
  | 'logical-type-changed'
  | 'null-unreadable'
  | 'branch-unreadable'
  | 'symbol-unknown'
  | 'name-changed'
  | 'tag-reused'
  | 'number-reserved'
  | 'cardinality-changed'
  | 'presence-changed'
  | 'oneof-changed'
  | 'envelope-changed'
  | 'other'

/**
 * By whose word a difference is refused. What the specification refuses (Avro's schema resolution, Protobuf's rules for
 * updating a message), every reader suffers from. `registry` is refused by our registry although the specification
 * allows it, so it could not be published. `house` passes both and would still be read wrongly by one of our readers.
 */
export type Authority = 'specification' | 'registry' | 'house'

/** A difference of two schemas that breaks readers, before it is put into words. */
export type Finding = {
  readonly rule: Rule
  readonly refusedBy: Authority
  /** The readers that it breaks. */
  readonly breaks: readonly Direction[]
  /** Where: `placed.lines[].sku`, `ShipmentEvent.version`; empty for the schema as a whole. */
  readonly place: string
  /** The field, type or name that it is about; of a change, both: `long to string`, the older one first. */
  readonly about: string
}

/** One difference between a schema and an earlier version that its level does not allow. */
export type Difference = Finding & {
  /** The version it was compared with, counted from 1. */
  readonly olderVersion: number
  /** What differs, in words. */
  readonly what: string
  /** Why that breaks a reader, in words. */
  readonly why: string
}

/** The directions that a level promises. */
export function directionsOf(level: Compatibility): readonly Direction[] {
  if (level.startsWith('BACKWARD')) return ['backward']
  return level.startsWith('FORWARD') ? ['forward'] : ['backward', 'forward']
}

/** Whether a level looks at every earlier version, and not only at the one before. */
export function isTransitive(level: Compatibility): boolean {
  return level.endsWith('_TRANSITIVE')
}

/** One finding for both directions where the same is wrong in both. */
export function merged(findings: readonly Finding[]): readonly Finding[] {
  const alike = Map.groupBy(findings, ({ rule, refusedBy, place, about }) =>
    JSON.stringify([rule, refusedBy, place, about]),
  )
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const breaks = [first, ...others].flatMap((finding) => finding.breaks)
    return [{ ...first, breaks: [...new Set(breaks)] }]
  })
}
