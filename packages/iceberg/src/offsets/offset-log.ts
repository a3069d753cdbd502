import { createHash } from 'node:crypto'
import { LakehouseError } from '../errors.ts'
import { parseJson, writeJson } from '../format/json.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import type { Amendment, Attempt } from '../table/commit.ts'
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

/** Where a table's log of offsets lies: in each summary, and as a property of the table. */
export const offsetLogSummary = 'ten-seams.offset-log'
/** The hash of the line that belongs to a snapshot, and, as a property, of the newest. */
export const offsetLogHashSummary = 'ten-seams.offset-log-hash'

/** One try to commit offsets, as the log tells of it. */
export type OffsetLogLine = {
  readonly commitId: string
  readonly snapshotId: bigint
  /** Hash of the line of the commit before; `null` for the first of all. */
  readonly previous: string | null
  /** Of the partitions that moved. */
  readonly spans: OffsetSpans
  readonly rows: bigint
  readonly files: readonly string[]
}

/**
 * Writes the line of a try to commit, durably, and says what the commit must carry so that the line counts: the offsets,
 * and the line's hash. The line has the hash of the one before, so the property's hash fixes the whole history, also of
 * snapshots that have expired. A try that is refused leaves a line that no commit names.
 *
 * A crash after it leaves such a line, too. All offsets come from this one `metadata`.
 */
export async function linkOffsets(
  storage: Storage,
  metadata: TableMetadata,
  { commitId, snapshotId }: Attempt,
  moved: { readonly spans: OffsetSpans; readonly added: readonly DataFile[] },
): Promise<Amendment> {
  const offsets = readOffsets(metadata.properties[offsetsProperty])
  const text = writeLine({
    commitId,
    snapshotId,
    previous: metadata.properties[offsetLogHashSummary] ?? null,
    spans: moved.spans,
    rows: moved.added.reduce((sum, file) => sum + file.record_count, 0n),
    files: moved.added.map((file) => file.file_path),
  })
  const uri = metadata.properties[offsetLogSummary] ?? `${metadata.location}/metadata/offsets.jsonl`
  await storage.appendLine(uri, text)
  const log = { [offsetLogSummary]: uri, [offsetLogHashSummary]: hashOf(text) }
  const ends = writeOffsets(endOffsets(offsets, moved.spans))
  return {
    summary: {
      ...log,
      [startOffsetsSummary]: writeOffsets(startOffsets(offsets, moved.spans)),
      [endOffsetsSummary]: ends,
    },
    properties: { ...log, [offsetsProperty]: ends },
  }
}

/** What the log proves of a table. Without `breaks`, no offset was taken twice or left out since the first commit. */
export type OffsetProof = {
  /** Commits from the first to the newest. */
  readonly commits: number
  readonly rows: bigint
  /** From where to where, by partition. */
  readonly spans: OffsetSpans
  /** Lines of tries that came to nothing. */
  readonly unnamed: number
  readonly breaks: readonly string[]
}

/**
 * Walks a table's log from the newest line back to the first, and holds it against what the table itself says.
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

/** As `verifyOffsets`, of a log's bytes. */
export function proofOf(log: Buffer, newest: string, metadata: TableMetadata): OffsetProof {
  const lines = linesByHash(log)
  const { chain, breaks } = chainOf(lines, newest)
  const { spans, gaps } = joined(chain.toReversed())
  return {
    commits: chain.length,
    rows: chain.reduce((sum, { line }) => sum + line.rows, 0n),
    spans,
    unnamed: lines.size - chain.length,
    breaks: [...breaks, ...gaps, ...disagreements(chain, spans, metadata)],
  }
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

/** The spans of all lines, oldest first, put together; and where they do not join. */
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

/** Lines that cannot be read were torn by a crash: no commit names them. */
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
    spans: Object.fromEntries(spans),
  }
}
