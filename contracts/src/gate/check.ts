import type { Comparison } from './base.ts'
import {
  type ContractSet,
  type ContractVersion,
  locked,
  newestOf,
  versionsOf,
} from './contract-set.ts'
import { withdrawnPromises } from './promises.ts'
import type { Refusal } from './refusal.ts'
import { type Compared, misplacedVersions, pairsUnder, refusedVersions } from './versions.ts'

/** The result of a check. */
export type Verdict = {
  readonly refusals: readonly Refusal[]
  readonly compared: readonly Compared[]
}

/**
 * Decides whether the contracts of the working tree may be merged. Compares each schema with its earlier versions under
 * its level, and all promises with the base's.
 *
 * @throws UndecidedError when a file is not a schema.
 */
export function checkContracts({ base, tree, topics, isGuessed }: Comparison): Verdict {
  const restored = withEditsRestored(tree, locked(base, 'versions', isGuessed))
  const compared = topics.map((topic) => {
    const versions = versionsOf(restored, topic.name)
    const pairs = pairsUnder(topic.compatibility, versions.length)
    return { topic, versions: versions.length, pairs, refusals: refusedVersions(topic, versions) }
  })
  const refusals = [
    ...withdrawnPromises(base, tree, isGuessed),
    ...misplacedVersions(tree, topics),
    ...compared.flatMap((topic) => topic.refusals),
  ]
  return { refusals, compared }
}

/**
 * The working tree with the published text of each edited version, and the edit of a newest version as the next version.
 * So the author of an edit also learns whether the change would be allowed as a new version.
 */
function withEditsRestored(tree: ContractSet, locked: readonly ContractVersion[]): ContractSet {
  const versions = tree.versions.flatMap((version): readonly ContractVersion[] => {
    const published = locked.find(({ file }) => file === version.file)
    if (published === undefined || published.text === version.text) return [version]
    const next = newestOf(tree, version.topic) + 1
    if (version.version + 1 !== next) return [published]
    return [published, { ...version, version: next, note: `also as version ${next}: ` }]
  })
  return { ...tree, versions }
}
