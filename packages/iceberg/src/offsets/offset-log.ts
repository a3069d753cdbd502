import { createHash } from 'node:crypto'
import { LakehouseError } from '../errors.ts'
import { parseJson, writeJson } from '../format/json.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import type { Amendment, Attempt } from '../table/commit.ts'
import { history } from '../table/history.ts'
import {
  endOffsets,
  endOffsetsSummary,
  type OffsetSpan,
  type OffsetSpans,
  offsetsProperty,
  readOffsets,
  startOffsets,
  startOffsetsSummary,
  writeOffsets,
} from './offsets.ts'
import {
  type LeaderEpochs,
  leaderEpochsProperty,
  readLeaderEpochs,
  readTopics,
  type TopicLogs,
  topicsProperty,
  writeByName,
} from './topics.ts'

/** URI of a table's log of offsets, in each summary and as a property of the table. */
export const offsetLogSummary = 'ten-seams.offset-log'
/** The hash of a snapshot's line, in its summary; as a property, that of the newest line. */
export const offsetLogHashSummary = 'ten-seams.offset-log-hash'
/** How many rows the lines account for, in a snapshot's summary up to its own line, and as a property. */
const offsetLogRows = 'ten-seams.offset-log-rows'

/** One line of the log: an attempt to commit offsets. */
export type OffsetLogLine = {
  readonly commitId: string
  readonly snapshotId: bigint
  /** Hash of the previous commit's line; `null` for the first commit. */
  readonly previous: string | null
  /** Of the partitions whose offsets moved. */
  readonly spans: OffsetSpans
  readonly rows: bigint
  readonly files: readonly string[]
  /** How many rows of earlier lines the commit removed, when it did. */
  readonly removed?: bigint
  /** The logs that the offsets belong to from this line on, when they changed. */
  readonly topics?: TopicLogs
}

/** What a commit accounts for. */
export type Moved = {
  readonly spans: OffsetSpans
  readonly added: readonly DataFile[]
  /** How many rows that earlier lines account for it removes. */
  readonly removedRows?: bigint
  /** The logs that its records were read from. */
  readonly topics?: TopicLogs
  readonly leaderEpochs?: LeaderEpochs
}

/**
 * Writes the line of an attempt, durably, and returns what the commit must contain so that the line counts: the offsets and
 * the line's hash. Each line contains the hash of the previous one, so the property's hash fixes the whole history,
 * including snapshots that have expired.
 *
 * A refused attempt, or a crash after this, leaves a line that no commit names. All offsets come from this one `metadata`.
 */
export async function linkOffsets(
  storage: Storage,
  metadata: TableMetadata,
  { commitId, snapshotId }: Attempt,
  moved: Moved,
): Promise<Amendment> {
  const { properties } = metadata
  const offsets = readOffsets(properties[offsetsProperty])
  const { removedRows: removed = 0n, added, spans } = moved
  const rows = added.reduce((sum, file) => sum + file.record_count, 0n)
  const topics = newTopics(readTopics(properties), moved.topics)
  const text = writeLine({
    commitId,
    snapshotId,
    previous: properties[offsetLogHashSummary] ?? null,
    spans,
    rows,
    files: added.map((file) => file.file_path),
    ...(removed > 0n && { removed }),
    ...(topics && { topics }),
  })
  const counted = (await rowsCounted(storage, metadata)) + rows - removed
  const uri = properties[offsetLogSummary] ?? `${metadata.location}/metadata/offsets.jsonl`
  await storage.appendLine(uri, text)
  const log = {
    ...{ [offsetLogSummary]: uri, [offsetLogHashSummary]: hashOf(text) },
    [offsetLogRows]: String(counted),
  }
  const ends = writeOffsets(endOffsets(offsets, spans))
  const known = topics && writeByName({ ...readTopics(properties), ...topics })
  const epochs = { ...readLeaderEpochs(properties), ...moved.leaderEpochs }
  return {
    summary: {
      ...log,
      [startOffsetsSummary]: writeOffsets(startOffsets(offsets, spans)),
      [endOffsetsSummary]: ends,
      ...(known && { [topicsProperty]: known }),
    },
    properties: {
      ...log,
      [offsetsProperty]: ends,
      ...(known && { [topicsProperty]: known }),
      ...(moved.leaderEpochs && { [leaderEpochsProperty]: writeByName(epochs) }),
    },
  }
}

/** The logs that this commit records; undefined when the table has them already. */
function newTopics(known: TopicLogs, read: TopicLogs = {}): TopicLogs | undefined {
  const isKnown = Object.entries(read).every(
    ([topic, { id, epoch }]) => known[topic]?.id === id && known[topic].epoch === epoch,
  )
  return isKnown ? undefined : read
}

/** How many rows the lines up to the newest snapshot account for; undefined for a table whose commits did not count. */
export function countedRows(metadata: TableMetadata): string | undefined {
  const newest = history(metadata).findLast(({ summary }) => summary[offsetLogRows] !== undefined)
  return newest?.summary[offsetLogRows] ?? metadata.properties[offsetLogRows]
}

/** Read from the log itself once, for a table whose earlier commits did not count. */
async function rowsCounted(storage: Storage, metadata: TableMetadata): Promise<bigint> {
  const counted = countedRows(metadata)
  if (counted !== undefined) return BigInt(counted)
  return (await verifyOffsets(storage, metadata))?.rows ?? 0n
}

/** What the log proves about a table. Without `breaks`, no offset was taken twice or left out since the first commit. */
export type OffsetProof = {
  /** Number of commits from the first to the newest. */
  readonly commits: number
  readonly rows: bigint
  /** First and last offset of each partition. */
  readonly spans: OffsetSpans
  /** Number of lines of attempts that were not committed. */
  readonly unnamed: number
  readonly breaks: readonly string[]
}

/**
 * Walks a table's log from the newest line back to the first, and compares it with the table's properties and summaries.
 *
 * @returns `undefined` for a table without a log.
 */
export async function verifyOffsets(
  storage: Storage,
  metadata: TableMetadata,
): Promise<OffsetProof | undefined> {
  const uri = metadata.properties[offsetLogSummary]
  const newest = metadata.properties[offsetLogHashSummary]
  if (uri === undefined || newest === undefined) return undefined
  return proofOf(await storage.read(uri), newest, metadata)
}

/** As `verifyOffsets`, for the bytes of a log. */
export function proofOf(log: Buffer, newest: string, metadata: TableMetadata): OffsetProof {
  const lines = linesByHash(log)
  const { chain, breaks } = chainOf(lines, newest)
  const { spans, gaps } = joined(chain.toReversed())
  return {
    commits: chain.length,
    rows: rowsOf(chain),
    spans,
    unnamed: lines.size - chain.length,
    breaks: [...breaks, ...gaps, ...disagreements(chain, spans, metadata)],
  }
}

/** How many rows the lines account for. */
function rowsOf(chain: readonly Link[]): bigint {
  return chain.reduce((sum, { line }) => sum + line.rows - (line.removed ?? 0n), 0n)
}

type Link = { readonly hash: string; readonly line: OffsetLogLine }

function chainOf(lines: ReadonlyMap<string, OffsetLogLine>, newest: string) {
  const chain: Link[] = []
  for (let hash: string | null = newest; hash !== null; ) {
    const line: OffsetLogLine | undefined = lines.get(hash)
    if (line === undefined) return { chain, breaks: [`the log lacks the line ${hash}`] }
    chain.push({ hash, line })
    hash = line.previous
  }
  return { chain, breaks: [] }
}

/** The joined spans of all lines, oldest first, and the gaps between them. */
function joined(chain: readonly Link[]): {
  readonly spans: OffsetSpans
  readonly gaps: readonly string[]
} {
  const spans = new Map<string, OffsetSpan>()
  const gaps: string[] = []
  for (const { line } of chain) {
    for (const [partition, { start, end }] of Object.entries(line.spans)) {
      const known = spans.get(partition)
      if (known !== undefined && known.end !== start) {
        gaps.push(`commit ${line.commitId} begins ${partition} at ${start}, expected ${known.end}`)
      }
      spans.set(partition, { start: known?.start ?? start, end })
    }
  }
  return { spans: Object.fromEntries(spans), gaps }
}

function disagreements(
  chain: readonly Link[],
  spans: OffsetSpans,
  metadata: TableMetadata,
): readonly string[] {
  const found: string[] = []
  const ends = Object.fromEntries(Object.entries(spans).map(([key, { end }]) => [key, end]))
  const offsets = metadata.properties[offsetsProperty]
  if (offsets !== writeOffsets(ends)) {
    found.push(`the table's offsets are ${offsets}, the log's ${writeOffsets(ends)}`)
  }
  const counted = metadata.properties[offsetLogRows]
  if (counted !== undefined && counted !== String(rowsOf(chain))) {
    found.push(`the table counts ${counted} rows by its offsets, the log ${rowsOf(chain)}`)
  }
  const topics = Object.assign({}, ...chain.toReversed().map(({ line }) => line.topics ?? {}))
  if (writeByName(topics) !== writeByName(readTopics(metadata.properties))) {
    found.push(
      `the table's topics are ${metadata.properties[topicsProperty]}, the log's ${writeByName(topics)}`,
    )
  }
  const byHash = new Map(chain.map(({ hash, line }) => [hash, line]))
  for (const { snapshotId, summary } of metadata.snapshots) {
    const hash = summary[offsetLogHashSummary]
    if (hash === undefined) continue
    const line = byHash.get(hash)
    if (line === undefined) found.push(`snapshot ${snapshotId} names a line outside of the chain`)
    else if (line.snapshotId !== snapshotId || String(line.rows) !== summary['added-records']) {
      found.push(`snapshot ${snapshotId} is not what its line says`)
    }
  }
  return found
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function writeLine({ spans, ...line }: OffsetLogLine): string {
  const pairs = Object.entries(spans).map(([key, { start, end }]) => [key, [start, end]] as const)
  return writeJson({ ...line, spans: Object.fromEntries(pairs) })
}

/** Lines that cannot be parsed were torn by a crash; no commit names them. */
function linesByHash(log: Buffer): ReadonlyMap<string, OffsetLogLine> {
  const lines = new Map<string, OffsetLogLine>()
  for (const text of log.toString('utf8').split('\n')) {
    if (text === '') continue
    const line = readLine(text)
    if (line !== undefined) lines.set(hashOf(text), line)
  }
  return lines
}

function readLine(text: string): OffsetLogLine | undefined {
  let json: unknown
  try {
    json = parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const line = json as Omit<OffsetLogLine, 'spans'> & {
    readonly spans?: Readonly<Record<string, readonly [number | bigint, number | bigint]>>
  }
  if (typeof line.commitId !== 'string' || line.spans === undefined) {
    throw new LakehouseError('FORMAT_UNSUPPORTED', `no line of offsets: ${text.slice(0, 200)}`)
  }
  const spans = Object.entries(line.spans).map(([partition, [start, end]]) => [
    partition,
    { start: BigInt(start), end: BigInt(end) },
  ])
  return {
    ...line,
    snapshotId: BigInt(line.snapshotId),
    rows: BigInt(line.rows),
    ...(line.removed !== undefined && { removed: BigInt(line.removed) }),
    spans: Object.fromEntries(spans),
  }
}
