import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { type BacklogTurn, type Cpu, cpuBetween, type PacedRound } from './figures.ts'
import type { Load } from './load.ts'
import { cpuMicrosOf, peakMegabytesOf, type ServerName } from './processes.ts'
import type { Side, Sink } from './sinks.ts'
import { newestMetadata, progressOf, rowsIn } from './table-watch.ts'

/** Both sinks, their load, and their servers. */
export type Bench = {
  readonly stack: Stack
  readonly load: Load
  readonly sinks: Readonly<Record<Side, Sink>>
  readonly locations: Readonly<Record<Side, string>>
  readonly servers: Readonly<Record<ServerName, number>>
}

const TURN_TIMEOUT_MS = 300_000

/** Both catch up with the same backlog, one after the other, in alternating order. */
export async function backlogRound(
  bench: Bench,
  round: number,
  rows: number,
): Promise<readonly BacklogTurn[]> {
  const order = orderOf(bench, round)
  for (const sink of order) await sink.pause()
  await bench.load.pile(rows)
  const turns: BacklogTurn[] = []
  for (const sink of order) turns.push(await backlogTurn(bench, sink, round, rows))
  for (const sink of order) await sink.resume()
  return turns
}

async function backlogTurn(
  bench: Bench,
  sink: Sink,
  round: number,
  rows: number,
): Promise<BacklogTurn> {
  const location = bench.locations[sink.side]
  const rowsBefore = rowsIn(newestMetadata(location))
  const before = cpuOf(bench, sink)
  const begun = performance.now()
  await sink.resume()
  const metadata = await holdsAll(bench, sink)
  const wallMs = performance.now() - begun
  const cpu = cpuBetween(before, cpuOf(bench, sink))
  await sink.pause()
  const progress = progressOf(metadata)
  const own = progress.filter((each) => each.rows > rowsBefore)
  const filesBefore = progress.findLast((each) => each.rows <= rowsBefore)?.files ?? 0
  return {
    side: sink.side,
    round,
    rows,
    wallMs,
    cpu,
    commits: own.length,
    files: (own.at(-1)?.files ?? 0) - filesBefore,
  }
}

/** Both read the same records at the same time, so other work on the machine affects both. */
export async function pacedRound(
  bench: Bench,
  round: number,
  recordsPerSecond: number,
  ms: number,
): Promise<PacedRound> {
  const { ours, connect } = bench.sinks
  const both = [ours, connect]
  const snapshotsOf = () => both.map(({ side }) => snapshotsIn(bench.locations[side]))
  const before = both.map(({ pid }) => cpuMicrosOf(pid))
  const commitsBefore = snapshotsOf()
  const begun = performance.now()
  const { records, achieved } = await bench.load.pace(recordsPerSecond, ms)
  for (const sink of both) await holdsAll(bench, sink)
  const passedMs = performance.now() - begun
  const [ourMicros = 0, connectMicros = 0] = both.map(
    ({ pid }, index) => cpuMicrosOf(pid) - (before[index] ?? 0),
  )
  const [ourCommits = 0, connectCommits = 0] = snapshotsOf().map(
    (count, index) => count - (commitsBefore[index] ?? 0),
  )
  return {
    round,
    rows: records,
    ms: passedMs,
    achieved,
    sinkMicros: { ours: ourMicros, connect: connectMicros },
    commits: { ours: ourCommits, connect: connectCommits },
  }
}

export type MemoryTurn = {
  readonly side: Side
  readonly rows: number
  readonly megabytes: number
  readonly wallMs: number
}

/** A sink's peak memory so far; the greatest backlog comes last. */
export async function memoryTurns(bench: Bench, rows: number): Promise<readonly MemoryTurn[]> {
  const turns = await backlogRound(bench, 0, rows)
  return turns.map(({ side, wallMs }) => ({
    side,
    rows,
    megabytes: peakMegabytesOf(bench.sinks[side].pid),
    wallMs,
  }))
}

/** Waits until a table has every record that was sent. */
export function holdsAll({ load, locations }: Bench, { side }: Sink) {
  const isThere = () => {
    const metadata = newestMetadata(locations[side])
    return metadata !== undefined && rowsIn(metadata) >= load.sent && metadata
  }
  const what = `${side} to have ${load.sent} rows`
  return eventually(isThere, { timeoutMs: TURN_TIMEOUT_MS, intervalMs: 50, what })
}

function orderOf({ sinks: { ours, connect } }: Bench, round: number): readonly Sink[] {
  return round % 2 === 0 ? [ours, connect] : [connect, ours]
}

function cpuOf({ servers }: Bench, { pid }: Sink): Cpu {
  return {
    sink: cpuMicrosOf(pid),
    kafka: cpuMicrosOf(servers.kafka),
    catalog: cpuMicrosOf(servers.catalog),
    postgres: cpuMicrosOf(servers.postgres),
  }
}

function snapshotsIn(location: string): number {
  return newestMetadata(location)?.snapshots.length ?? 0
}
