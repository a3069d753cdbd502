import type { Comparison } from './base.ts'
import { brokenChains } from './chain/chain.ts'
import {
  type ContractSet,
  type ContractVersion,
  locked,
  newestOf,
  versionsOf,
} from './contract-set.ts'
import { LAKEHOUSE } from './entry/changes.ts'
import { withdrawnPromises } from './promises.ts'
import type { Refusal } from './refusal.ts'
import { repeatedVersions } from './repeated.ts'
import { telemetryRefusals } from './telemetry.ts'
import { userRefusals } from './users.ts'
import {
  type CheckedTopic,
  type Compared,
  comparedVersions,
  misplacedVersions,
} from './versions.ts'

/** The result of a check. */
export type Verdict = {
  readonly refusals: readonly Refusal[]
  /** What could not be compared, a sentence each. */
  readonly undecided: readonly string[]
  readonly compared: readonly Compared[]
}

/**
 * Decides whether the contracts of the working tree may be merged. Compares each schema with its earlier versions under
 * its level, makes what its records need on their way, and compares all promises with the base's.
 *
 * @param today YYYY-MM-DD.
 * @throws UndecidedError when nothing could be tried.
 */
export async function checkContracts(comparison: Comparison, today: string): Promise<Verdict> {
  const { base, tree, topics, isGuessed, baseDate } = comparison
  const restored = withEditsRestored(tree, locked(base, 'versions', isGuessed))
  const isPublished = ({ file, text }: ContractVersion) =>
    base.versions.some((version) => version.file === file && version.text === text)
  const compared = topics.map((topic) => comparedVersions(topic, versionsOf(restored, topic.name)))
  // Loads DuckDB, which no other verb of contracts needs.
  const { openParquetTrial } = await import('./chain/parquet.ts')
  const parquet = await openParquetTrial()
  const chains: Refusal[] = []
  try {
    for (const { topic, parsed } of compared) {
      chains.push(...repeatedVersions(topic, parsed, isPublished))
      const isSink = tree.sinks.has(topic.name)
      const isProven = hasSameWay(topic, base) ? isPublished : () => false
      const options = { parquet, isSink, isPublished: isProven }
      chains.push(...(await brokenChains(topic, parsed, options)))
    }
  } finally {
    await parquet.close()
  }
  const refusals = [
    ...withdrawnPromises(base, tree, { period: { baseDate, today }, isGuessed }),
    ...userRefusals(base, tree),
    ...telemetryRefusals(base, tree),
    ...misplacedVersions(tree, topics),
    ...compared.flatMap((topic) => topic.refusals),
    ...chains,
  ]
  const undecided = [...tree.undecided, ...compared.flatMap((topic) => topic.undecided)]
  return { refusals, undecided: [...new Set(undecided)], compared }
}

/** False when records of published versions go where they did not go before: control rows, or a table in bronze. */
function hasSameWay(
  { name, control, consumers }: CheckedTopic,
  { promises }: ContractSet,
): boolean {
  const was = promises.find((each) => each.name === name)
  const wasRead = was?.consumers?.includes(LAKEHOUSE) === true
  return was?.control === control && wasRead === consumers.includes(LAKEHOUSE)
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
    if (version.isUnreadable || version.version + 1 !== next) return [published]
    return [published, { ...version, version: next, note: `also as version ${next}: ` }]
  })
  return { ...tree, versions }
}
