import type { ContractFormat } from '@tenseams/codec/contract-text'
import type { Compatibility } from '../topics.ts'
import { avroFindings } from './avro-differences.ts'
import { type Difference, directionsOf, isTransitive } from './difference.ts'
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
    const findings =
      format === 'avro'
        ? avroFindings(olderText, newerText, directions, isPredecessor)
        : protobufFindings(olderText, newerText, directions)
    return findings.map((finding) => explained(finding, index + 1))
  })
}
