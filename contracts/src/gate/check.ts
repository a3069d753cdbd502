import type { Comparison } from './base.ts'
import {
  type ContractSet,
  type ContractVersion,
  locked,
  newestOf,
  versionsOf,
} from './contract-set.ts'
import { brokenPromises } from './promises-kept.ts'
import type { Refusal } from './refusal.ts'
import { type Compared, misplacedVersions, pairsUnder, refusedVersions } from './schemas-kept.ts'

/** What a check comes to. */
export type Verdict = {
  readonly refusals: readonly Refusal[]
  readonly compared: readonly Compared[]
}

/**
 * Whether the contracts of the working tree may be merged: each schema against all its earlier versions under its level,
 * and all promises against the base's.
 *
 * @throws UndecidedError when a schema is none.
 */
export function checkContracts({ base, tree, topics, isGuessed }: Comparison): Verdict {
  const meant = asMeant(tree, locked(base, 'versions', isGuessed))
  const compared = topics.map((topic) => {
    const versions = versionsOf(meant, topic.name)
    const pairs = pairsUnder(topic.compatibility, versions.length)
    return { topic, versions: versions.length, pairs, refusals: refusedVersions(topic, versions) }
  })
  const refusals = [
    ...brokenPromises(base, tree, isGuessed),
    ...misplacedVersions(tree, topics),
    ...compared.flatMap((topic) => topic.refusals),
  ]
  return { refusals, compared }
}

/**
 * The working tree with each edited version put back, and the edit of a newest one as the version that it should have
 * been. So whoever edits a version hears at once whether the change could be made at all.
 */
function asMeant(tree: ContractSet, locked: readonly ContractVersion[]): ContractSet {
  const versions = tree.versions.flatMap((version): readonly ContractVersion[] => {
    const published = locked.find(({ file }) => file === version.file)
    if (published === undefined || published.text === version.text) return [version]
    const next = newestOf(tree, version.topic) + 1
    if (version.version + 1 !== next) return [published]
    return [published, { ...version, version: next, note: `as version ${next}, too: ` }]
  })
  return { ...tree, versions }
}
