import type { Side } from './sinks.ts'

/** CPU time in microseconds: of the sink's own process, and of the servers on its behalf. */
export type Cpu = {
  readonly sink: number
  readonly kafka: number
  readonly catalog: number
  readonly postgres: number
}

/** A backlog that one sink caught up with while the other was paused. */
export type BacklogTurn = {
  readonly side: Side
  readonly round: number
  readonly rows: number
  readonly wallMs: number
  readonly cpu: Cpu
  readonly commits: number
  readonly files: number
}

/** Records at a steady rate, read by both sinks at the same time. */
export type PacedRound = {
  readonly round: number
  readonly rows: number
  readonly ms: number
  readonly achieved: number
  readonly sinkMicros: Readonly<Record<Side, number>>
  readonly commits: Readonly<Record<Side, number>>
}

export const allMicros = ({ sink, kafka, catalog, postgres }: Cpu): number =>
  sink + kafka + catalog + postgres

export const rowsPerCpuSecond = (rows: number, micros: number): number => rows / (micros / 1e6)

export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return {
    sink: after.sink - before.sink,
    kafka: after.kafka - before.kafka,
    catalog: after.catalog - before.catalog,
    postgres: after.postgres - before.postgres,
  }
}

/** From its resume to the last row; it includes the first fetch, and for ours the rejoining of its group. */
export const rowsPerSecond = ({ rows, wallMs }: BacklogTurn): number => (rows * 1_000) / wallMs

export type Latency = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rows: number
  readonly snapshots: number
}

/** One open loop at a rate. */
export type FreshnessTurn = {
  readonly side: Side
  readonly rate: number
  readonly achieved: number
  readonly latency: Latency
}

/** A turn with a late generator is void, because its records waited to be sent. */
export const LEAST_ACHIEVED = 0.99
/** Above this latency the sink is falling behind. */
export const KNEE_P99_MS = 2_000

export const isKept = ({ achieved, latency }: FreshnessTurn): boolean =>
  achieved >= LEAST_ACHIEVED && latency.p99Ms <= KNEE_P99_MS

/** The last rate of a rising series before the first one that the sink could not keep. */
export function kneeOf(turns: readonly FreshnessTurn[]): number | undefined {
  const firstLost = turns.findIndex((turn) => !isKept(turn))
  const kept = firstLost === -1 ? turns : turns.slice(0, firstLost)
  return kept.at(-1)?.rate
}

/** Mean cost of the commits around a number of commits. */
export type CommitCost = {
  readonly commits: number
  readonly ownMs: number
  readonly catalogMs: number
  readonly snapshots: number
}

/** How much more the last costs than the first, client and server together. */
export function growth(costs: readonly CommitCost[]): number {
  const [first, last] = [costs[0], costs.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no commit was measured')
  return (last.ownMs + last.catalogMs) / (first.ownMs + first.catalogMs)
}
