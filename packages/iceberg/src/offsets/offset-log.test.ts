import { describe, expect, it } from 'vitest'
import type { Snapshot, TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import { linkOffsets, offsetLogHashSummary, proofOf } from './offset-log.ts'
import type { OffsetSpans } from './offsets.ts'

describe('the log of offsets', () => {
  it('proves a table whose snapshots have expired', async () => {
    const table = await committed([{ 'o-0': [0n, 5n] }, { 'o-0': [5n, 9n], 'o-1': [3n, 4n] }])
    const proof = proofOf(table.log, table.newest, { ...table.metadata, snapshots: [] })
    expect(proof).toEqual({
      commits: 2,
      rows: 0n,
      spans: { 'o-0': { start: 0n, end: 9n }, 'o-1': { start: 3n, end: 4n } },
      unnamed: 0,
      breaks: [],
    })
  })

  it('counts failed attempts, and ignores lines torn by a crash', async () => {
    const table = await committed([{ 'o-0': [0n, 5n] }])
    await linkOffsets(table.storage, table.metadata, attempt(8), moved({ 'o-0': [5n, 7n] }))
    const torn = Buffer.concat([table.log, Buffer.from('\n{"commitId":"to')])
    const proof = proofOf(torn, table.newest, table.metadata)
    expect(proof).toMatchObject({ commits: 1, unnamed: 1, breaks: [] })
  })

  it('reports offsets that were left out or taken twice', async () => {
    const left = await committed([{ 'o-0': [0n, 5n] }, { 'o-0': [6n, 9n] }])
    const twice = await committed([{ 'o-0': [0n, 5n] }, { 'o-0': [4n, 9n] }])
    for (const [{ log, newest, metadata }, start] of [[left, 6n] as const, [twice, 4n] as const]) {
      const { breaks } = proofOf(log, newest, metadata)
      expect(breaks).toEqual([`commit c1 begins o-0 at ${start}, expected 5`])
    }
  })

  it('reports a line that was changed afterwards', async () => {
    const { log, newest, metadata } = await committed([{ 'o-0': [0n, 5n] }, { 'o-0': [5n, 9n] }])
    const changed = Buffer.from(log.toString().replace('[0,5]', '[1,5]'))
    expect(proofOf(changed, newest, metadata).breaks[0]).toMatch(/^the log lacks the line /)
  })

  it('reports a table that disagrees with it', async () => {
    const { log, newest, metadata } = await committed([{ 'o-0': [0n, 5n] }])
    const moved = {
      ...metadata,
      properties: { ...metadata.properties, 'ten-seams.offsets': '{"o-0":7}' },
    }
    expect(proofOf(log, newest, moved).breaks).toEqual([
      'the table\'s offsets are {"o-0":7}, the log\'s {"o-0":5}',
    ])
    const [snapshot] = metadata.snapshots as readonly [Snapshot]
    const other = [{ ...snapshot, snapshotId: 99n }]
    expect(proofOf(log, newest, { ...metadata, snapshots: other }).breaks).toEqual([
      'snapshot 99 is not what its line says',
    ])
  })
})

type Pairs = Readonly<Record<string, readonly [bigint, bigint]>>

const attempt = (number: number) => ({ commitId: `c${number}`, snapshotId: BigInt(number) })

function moved(pairs: Pairs): { readonly spans: OffsetSpans; readonly added: readonly [] } {
  const spans = Object.entries(pairs).map(([key, [start, end]]) => [key, { start, end }] as const)
  return { spans: Object.fromEntries(spans), added: [] }
}

/** A table after commits that moved its offsets, made by the function that commits use. */
async function committed(commits: readonly Pairs[]) {
  const chunks: Buffer[] = []
  const storage = {
    appendLine: async (_uri: string, text: string) => void chunks.push(Buffer.from(`\n${text}\n`)),
  } as Partial<Storage> as Storage
  let metadata = { location: '/t', properties: {}, snapshots: [] } as Partial<TableMetadata>
  for (const [index, pairs] of commits.entries()) {
    const linked = await linkOffsets(
      storage,
      metadata as TableMetadata,
      attempt(index),
      moved(pairs),
    )
    const summary = { ...linked.summary, 'added-records': '0' }
    const snapshot = { snapshotId: BigInt(index), summary } as Partial<Snapshot> as Snapshot
    metadata = {
      ...metadata,
      properties: { ...metadata.properties, ...linked.properties },
      snapshots: [...(metadata.snapshots ?? []), snapshot],
    }
  }
  const newest = metadata.properties?.[offsetLogHashSummary] ?? ''
  return {
    storage,
    metadata: metadata as TableMetadata,
    newest,
    get log() {
      return Buffer.concat(chunks)
    },
  }
}
