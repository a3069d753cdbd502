import type { ContractFormat } from '@tenseams/codec/contract-text'
import { type Compatibility, compatibilities } from '../../topics.ts'
import {
  type Authority,
  type Direction,
  directionsOf,
  isTransitive,
  type Rule,
} from '../difference.ts'

/** A change of a schema, and the readers that it breaks. */
export type SchemaChange = {
  readonly name: string
  readonly format: ContractFormat
  /** Oldest first. */
  readonly older: readonly string[]
  readonly newer: string
  /** Against the newest of the older versions; empty when every level allows it. */
  readonly refused: readonly Refusal[]
  /** Against the versions before it, which only a transitive level compares. */
  readonly refusedEarlier?: readonly Refusal[]
  /** The levels under which our registry refuses it, where they differ from those that follow from the refusals. */
  readonly registry?: { readonly refusesUnder: readonly Compatibility[]; readonly because: string }
}

export type Refusal = {
  readonly rule: Rule
  readonly refusedBy: Authority
  readonly breaks: readonly Direction[]
}

type Verdict = 'compatible' | 'incompatible'

/** A change under one level, with the verdict of each authority. */
export type Case = {
  readonly name: string
  readonly format: ContractFormat
  readonly level: Compatibility
  readonly older: readonly string[]
  readonly newer: string
  /** By Avro's schema resolution, or by Protobuf's rules for updating a message. */
  readonly specification: Verdict
  /** By the running registry. */
  readonly registry: Verdict
  /** Why the registry's verdict does not follow from the refusals; undefined where it does. */
  readonly registryBecause: string | undefined
  /** By `contracts check`, with the rules that it names. */
  readonly check: Verdict
  readonly rules: readonly Rule[]
}

/** Each change under each level. */
export function casesOf(changes: readonly SchemaChange[]): readonly Case[] {
  return changes.flatMap((change) => compatibilities.map((level) => caseOf(change, level)))
}

function caseOf(change: SchemaChange, level: Compatibility): Case {
  const { name, format, older, newer, registry } = change
  const refusals = refusalsUnder(change, level)
  const by = (...authorities: readonly Authority[]): Verdict =>
    refusals.some(({ refusedBy }) => authorities.includes(refusedBy))
      ? 'incompatible'
      : 'compatible'
  const derived = by('specification', 'registry')
  const observed = registry?.refusesUnder.includes(level) ? 'incompatible' : 'compatible'
  const differs = registry !== undefined && observed !== derived
  return {
    ...{ name, format, level, older, newer },
    specification: by('specification'),
    registry: differs ? observed : derived,
    registryBecause: differs ? registry.because : undefined,
    check: by('specification', 'registry', 'project'),
    rules: [...new Set(refusals.map(({ rule }) => rule))].sort(),
  }
}

function refusalsUnder(change: SchemaChange, level: Compatibility): readonly Refusal[] {
  const { refused, refusedEarlier = [] } = change
  const considered = isTransitive(level) ? [...refused, ...refusedEarlier] : refused
  const directions = directionsOf(level)
  return considered.filter(({ breaks }) => breaks.some((each) => directions.includes(each)))
}
