import type { ContractFormat } from '@tenseams/codec/contract-text'
import { type Compatibility, compatibilities } from '../topics.ts'
import {
  type Authority,
  type Direction,
  directionsOf,
  isTransitive,
  type Rule,
} from './difference.ts'

/** A way in which a schema is changed, and whom that breaks. */
export type Evolution = {
  readonly name: string
  readonly format: ContractFormat
  /** Oldest first. */
  readonly older: readonly string[]
  readonly newer: string
  /** Against the newest of the older versions; empty when every level allows it. */
  readonly refused: readonly Refusal[]
  /** Against those before it, which only a transitive level looks at. */
  readonly refusedEarlier?: readonly Refusal[]
  /** The levels under which our registry refuses it, where they are others than the refusals above tell. */
  readonly registry?: { readonly refusesUnder: readonly Compatibility[]; readonly because: string }
}

export type Refusal = {
  readonly rule: Rule
  readonly refusedBy: Authority
  readonly breaks: readonly Direction[]
}

type Verdict = 'compatible' | 'incompatible'

/** An evolution under one level, with the verdict of each who is asked. */
export type Case = {
  readonly name: string
  readonly format: ContractFormat
  readonly level: Compatibility
  readonly older: readonly string[]
  readonly newer: string
  /** By Avro's schema resolution, or by Protobuf's rules for updating a message. */
  readonly specification: Verdict
  /** Of the running registry. */
  readonly registry: Verdict
  /** Why the registry's verdict is not what the refusals tell; undefined where it is. */
  readonly registryBecause: string | undefined
  /** Of `contracts check`, and the rules it names. */
  readonly check: Verdict
  readonly rules: readonly Rule[]
}

/** Each evolution under each level. */
export function casesOf(evolutions: readonly Evolution[]): readonly Case[] {
  return evolutions.flatMap((evolution) => compatibilities.map((level) => caseOf(evolution, level)))
}

function caseOf(evolution: Evolution, level: Compatibility): Case {
  const { name, format, older, newer, registry } = evolution
  const refusals = refusalsUnder(evolution, level)
  const by = (...authorities: readonly Authority[]): Verdict =>
    refusals.some(({ refusedBy }) => authorities.includes(refusedBy))
      ? 'incompatible'
      : 'compatible'
  const told = by('specification', 'registry')
  const seen = registry?.refusesUnder.includes(level) ? 'incompatible' : 'compatible'
  const differs = registry !== undefined && seen !== told
  return {
    ...{ name, format, level, older, newer },
    specification: by('specification'),
    registry: differs ? seen : told,
    registryBecause: differs ? registry.because : undefined,
    check: by('specification', 'registry', 'house'),
    rules: [...new Set(refusals.map(({ rule }) => rule))].sort(),
  }
}

function refusalsUnder(evolution: Evolution, level: Compatibility): readonly Refusal[] {
  const { refused, refusedEarlier = [] } = evolution
  const considered = isTransitive(level) ? [...refused, ...refusedEarlier] : refused
  const directions = directionsOf(level)
  return considered.filter(({ breaks }) => breaks.some((each) => directions.includes(each)))
}
