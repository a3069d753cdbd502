import type { Side } from './sinks.ts'

/** Processor time in microseconds: the sink's own process, and what it makes the servers do. */
export type Cpu = {
  readonly sink: number
  readonly kafka: number
  readonly catalog: number
  readonly postgres: number
}

/** A backlog that one sink has worked off while the other was held back. */
export type BacklogTurn = {
  readonly side: Side
  readonly round: number
  readonly rows: number
  readonly wallMs: number
  readonly cpu: Cpu
  readonly commits: number
  readonly files: number
}

/** Records at a steady rate, read by both sinks in the very same seconds. */
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

/** From the moment at which it was let go to the last row: the first fetch is in it, and for ours joining its group. */
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

/** A turn in which the generator was late says nothing: its records waited to be sent. */
export const LEAST_ACHIEVED = 0.99
/** Beyond this the sink has fallen behind: what waits grows, and with it the latency. */
export const KNEE_P99_MS = 2_000

export const isKept = ({ achieved, latency }: FreshnessTurn): boolean =>
  achieved >= LEAST_ACHIEVED && latency.p99Ms <= KNEE_P99_MS

/** The highest rate of a rising series that was kept before the first that was not. */
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

/** How much more the last costs than the first, both sides of the wire together. */
export function growth(costs: readonly CommitCost[]): number {
  const [first, last] = [costs[0], costs.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no commit was measured')
  return (last.ownMs + last.catalogMs) / (first.ownMs + first.catalogMs)
}
