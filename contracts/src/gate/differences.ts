import type { ContractFormat } from '@tenseams/codec/contract-text'
import type { Compatibility } from '../topics.ts'
import { avroFindings } from './avro-differences.ts'
import { type Difference, directionsOf, isTransitive } from './difference.ts'
import { protobufFindings } from './protobuf-differences.ts'
import { explained } from './words.ts'

/**
 * Everything in a schema that its level does not allow against the earlier versions: against the one before, or against
 * all of them when the level is transitive. Empty when it may be published.
 *
 * Pure for Avro; for Protobuf it runs buf on temporary files, without network. What no reader of ours reads at all
 * (avro/unreadable) is not looked at here.
 *
 * @param olderTexts oldest first; with none of them, everything is allowed.
 * @throws Error when a text is no schema of its format, or buf cannot be run: then nothing is decided.
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
