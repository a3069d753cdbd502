import type { Evidence } from './evidence.ts'
import {
  type CommitOffsetsOperation,
  type Operation,
  ofKind,
  topicPartitionKey,
} from './operations.ts'

/** A commit of one partition's offset. `end` is Infinity when it may have happened, or may happen yet. */
type Commit = { readonly begin: number; readonly end: number; readonly offset: bigint }

/** The committed offsets that a group may have in a partition, from the lowest to the highest. */
export type Range = { readonly lowest: bigint; readonly highest: bigint }

/** Commits of a group in a partition, with indexes for binary search. */
type Ledger = {
  /** Acknowledged ones by their end; the highest begin up to each; the lowest begin from each on. */
  readonly done: readonly Commit[]
  readonly latestBegin: readonly number[]
  readonly earliestBegin: readonly number[]
  /** Of unknown outcome, by their begin, with the range of all up to each. */
  readonly possible: readonly Commit[]
  readonly ranges: readonly Range[]
}

export type GroupCommits = {
  /**
   * The committed offsets that a request between these indexes may get; undefined when no commit surely came before,
   * because then it depends on where a new group begins. A commit no longer counts when another surely followed it,
   * whatever its offset.
   */
  standing(group: string, topicPartition: string, from: number, to: number): Range | undefined
  /** The highest offset that was ever acknowledged. */
  highest(group: string, topicPartition: string): bigint | undefined
}

export function groupCommits(
  operations: readonly Operation[],
  { transactions }: Evidence,
): GroupCommits {
  const byPartition = new Map<string, Commit[]>()
  for (const operation of ofKind(operations, 'commit-offsets')) {
    const span = spanOf(operation, transactions)
    if (span === undefined) continue
    for (const position of operation.offsets) {
      const key = `${operation.group}\n${topicPartitionKey(position)}`
      const known = byPartition.get(key) ?? []
      byPartition.set(key, known)
      known.push({ ...span, offset: position.offset })
    }
  }
  const ledgers = new Map([...byPartition].map(([key, commits]) => [key, ledgerOf(commits)]))
  return {
    standing: (group, topicPartition, from, to) => {
      const ledger = ledgers.get(`${group}\n${topicPartition}`)
      return ledger === undefined ? undefined : standingIn(ledger, from, to)
    },
    highest: (group, topicPartition) => {
      const done = ledgers.get(`${group}\n${topicPartition}`)?.done ?? []
      return done.length === 0 ? undefined : rangeOf(done).highest
    },
  }
}

function spanOf(
  { begin, end, outcome, transaction: id }: CommitOffsetsOperation,
  transactions: Evidence['transactions'],
): { readonly begin: number; readonly end: number } | undefined {
  if (outcome === 'fail') return undefined
  if (id === undefined) return { begin, end: outcome === 'ok' ? end : Infinity }
  const transaction = transactions.get(id)
  if (transaction?.outcome !== 'committed' && transaction?.outcome !== 'unknown') return undefined
  const { commitBegin, commitEnd } = transaction
  return { begin: commitBegin, end: outcome === 'ok' ? commitEnd : Infinity }
}

function ledgerOf(commits: readonly Commit[]): Ledger {
  const done = commits.filter(({ end }) => end < Infinity).sort((a, b) => a.end - b.end)
  const possible = commits.filter(({ end }) => end === Infinity).sort((a, b) => a.begin - b.begin)
  const latestBegin: number[] = []
  for (const { begin } of done) latestBegin.push(Math.max(begin, latestBegin.at(-1) ?? -1))
  const earliestBegin: number[] = []
  for (const { begin } of done.toReversed()) {
    earliestBegin.push(Math.min(begin, earliestBegin.at(-1) ?? Infinity))
  }
  const ranges: Range[] = []
  for (const commit of possible) ranges.push(rangeOf([commit], ranges.at(-1)))
  return { done, latestBegin, earliestBegin: earliestBegin.toReversed(), possible, ranges }
}

function standingIn(ledger: Ledger, from: number, to: number): Range | undefined {
  const { done, latestBegin, earliestBegin, possible, ranges } = ledger
  const since = latestBegin[countBelow(done, from, ({ end }) => end) - 1]
  if (since === undefined) return undefined
  const standing: Commit[] = []
  for (let at = countBelow(done, since, ({ end }) => end); at < done.length; at += 1) {
    if ((earliestBegin[at] ?? Infinity) >= to) break
    const commit = done[at]
    if (commit !== undefined && commit.begin < to) standing.push(commit)
  }
  return rangeOf(standing, ranges[countBelow(possible, to, ({ begin }) => begin) - 1])
}

function rangeOf(commits: readonly Commit[], range?: Range): Range {
  const [first] = commits
  let { lowest, highest } = range ?? { lowest: first?.offset ?? 0n, highest: first?.offset ?? 0n }
  for (const { offset } of commits) {
    if (offset < lowest) lowest = offset
    if (offset > highest) highest = offset
  }
  return { lowest, highest }
}

/** How many are below `limit`, in a list that is ascending by `of`. */
function countBelow(
  commits: readonly Commit[],
  limit: number,
  of: (commit: Commit) => number,
): number {
  let low = 0
  let high = commits.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const commit = commits[middle]
    if (commit !== undefined && of(commit) < limit) low = middle + 1
    else high = middle
  }
  return low
}
