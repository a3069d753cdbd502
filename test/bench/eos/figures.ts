import type { Side } from './contests.ts'
import type { RequestCounts } from './loop.ts'

/** What one turn came to, between the first measured record and the last that was committed and seen. */
export type TurnFigures = {
  readonly contest: string
  readonly side: Side
  readonly round: number
  readonly records: number
  readonly wallMs: number
  /** CPU: the loop's process, the broker's, the generator's and reader's, everybody else's on this machine. */
  readonly loopMicros: number
  readonly brokerMicros: number
  readonly generatorMicros: number
  readonly othersMicros: number
  /** Or what stands in their place without them: so often offsets were committed. */
  readonly transactions: number
  readonly failed: number
  readonly requests: RequestCounts
  /** From the intended send time to the reader of committed data. None of a backlog. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | undefined
  /** Of the offered rate. */
  readonly achieved: number
}

/** A turn that achieved less of what it offered says nothing about latency: its records waited to be sent. */
export const ACHIEVED_FOR_LATENCY = 0.99

/** Nor about CPU, when it is less than this: with fewer records a transaction each of them costs more. */
export const ACHIEVED_FOR_CPU = 0.9

export const loopMicrosPerRecord = ({ loopMicros, records }: TurnFigures): number =>
  loopMicros / records

export const brokerMicrosPerRecord = ({ brokerMicros, records }: TurnFigures): number =>
  brokerMicros / records

export const bothMicrosPerRecord = (turn: TurnFigures): number =>
  loopMicrosPerRecord(turn) + brokerMicrosPerRecord(turn)

export const recordsPerSecond = ({ records, wallMs }: TurnFigures): number =>
  (records / wallMs) * 1_000

export const recordsPerTransaction = ({ records, transactions }: TurnFigures): number =>
  records / transactions

/** What the others have used, as a share of all cores. */
export const othersShare = ({ othersMicros, wallMs }: TurnFigures, cores: number): number =>
  Math.max(0, othersMicros) / (wallMs * 1_000 * cores)

/** What a transaction costs more than as many records without one, when both sides write as many at once. */
export function microsPerTransaction(
  microsPerRecord: (turn: TurnFigures) => number,
  { transactional, plain }: Pair,
): number {
  const more = microsPerRecord(transactional) - microsPerRecord(plain)
  return more * recordsPerTransaction(transactional)
}

/** How many records a transaction must hold for its own cost to be at most that share of all. */
export function recordsForShare(
  share: number,
  perTransaction: number,
  perRecordWithout: number,
): number {
  return (perTransaction * (1 - share)) / (perRecordWithout * share)
}

/**
 * Requests beyond the one a transaction: the broker had answered CONCURRENT_TRANSACTIONS to them, since it was still
 * ending the transaction before (the client keeps that answer to itself).
 */
export function retriedShare({ requests, transactions }: TurnFigures): number {
  const asked = requests['AddPartitionsToTxn']?.count ?? transactions
  return Math.max(0, asked - transactions) / transactions
}

export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new Error('nothing was measured')
  const index = Math.ceil(share * sorted.length) - 1
  return sorted[Math.max(0, index)] ?? Number.NaN
}

export function requestsBetween(before: RequestCounts, after: RequestCounts): RequestCounts {
  const entries = Object.entries(after).map(([name, { count, waitedMs }]) => {
    const earlier = before[name] ?? { count: 0, waitedMs: 0 }
    return [name, { count: count - earlier.count, waitedMs: waitedMs - earlier.waitedMs }] as const
  })
  return Object.fromEntries(entries.filter(([, { count }]) => count > 0))
}

export type Pair = { readonly transactional: TurnFigures; readonly plain: TurnFigures }

/** Both sides of a contest, round by round. A round in which one of them is void is left out. */
export function pairsOf(turns: readonly TurnFigures[], contest: string): readonly Pair[] {
  const of = (side: Side, round: number) =>
    turns.find(
      (turn) =>
        turn.contest === contest &&
        turn.side === side &&
        turn.round === round &&
        turn.achieved >= ACHIEVED_FOR_CPU,
    )
  const rounds = [...new Set(turns.map(({ round }) => round))].sort((a, b) => a - b)
  return rounds.flatMap((round) => {
    const [transactional, plain] = [of('transactions', round), of('plain', round)]
    return transactional !== undefined && plain !== undefined ? [{ transactional, plain }] : []
  })
}
