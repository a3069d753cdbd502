import type { ContractFormat } from '@tenseams/codec/contract-text'
import { tooDeep } from '../nesting.ts'
import type { Compatibility } from '../topics.ts'
import { avroFindings } from './avro-differences.ts'
import {
  type Difference,
  type Direction,
  directionsOf,
  type Finding,
  isTransitive,
} from './difference.ts'
import { protobufFindings } from './protobuf-differences.ts'
import { explained } from './words.ts'

/**
 * Everything in a schema that its level does not allow: against the version before, or against all earlier versions when
 * the level is transitive. Empty when the schema may be published.
 *
 * Pure for Avro; for Protobuf it runs buf on temporary files, without network. Types that our readers cannot read at all are
 * not checked here (`unreadable` of the codec).
 *
 * @param olderTexts oldest first; with none, everything is allowed.
 * @throws Error when a text is not a schema of its format, or buf cannot be run: the result is undecided.
 */
export function differencesOf(
  format: ContractFormat,
  level: Compatibility,
  olderTexts: readonly string[],
  newerText: string,
): readonly Difference[] {
  const directions = directionsOf(level)
  return olderTexts.flatMap((olderText, index) => {
    const isPredecessor = index === olderTexts.length - 1
    if (!isPredecessor && !isTransitive(level)) return []
    const texts = [olderText, ...olderTexts.slice(index + 1), newerText] as const
    return findingsIn(format, texts, directions).map((finding) => explained(finding, index + 1))
  })
}

/** @param texts consecutive versions, oldest first: the last one is compared with the first one. */
function findingsIn(
  format: ContractFormat,
  texts: readonly [older: string, ...newer: readonly string[]],
  directions: readonly Direction[],
): readonly Finding[] {
  const deep = tooDeepIn(texts, directions)
  if (deep.length > 0) return deep
  if (format === 'avro') return avroFindings(texts, directions)
  return protobufFindings(texts[0], texts.at(-1) ?? texts[0], directions)
}

/** Nothing walks over such a schema, so nothing else is known of it. */
function tooDeepIn(texts: readonly string[], breaks: readonly Direction[]): readonly Finding[] {
  const [about] = texts.flatMap((text) => tooDeep(text) ?? [])
  if (about === undefined) return []
  return [{ rule: 'too-deep', refusedBy: 'project', breaks, path: '', about }]
}
