/** With transactions, or the same loop without. */
export type Side = 'transactions' | 'plain'

export type Load =
  /** An open loop at a fixed rate; the loop writes the records of an interval together. */
  | { readonly kind: 'paced'; readonly intervalMs: number }
  /** All records exist before the loop begins; it writes this many together, whatever the machine does. */
  | { readonly kind: 'backlog'; readonly recordsPerTransaction: number }

/** Conditions under which both sides are measured. */
export type Contest = {
  readonly name: string
  readonly load: Load
  readonly recordBytes: number
  /** `all`: a transaction's records go to every partition of the output, not to the one with their input's number. */
  readonly output: 'same' | 'all'
}

export type Turn = { readonly contest: Contest; readonly side: Side }

const usual = { recordBytes: 200, output: 'same' } as const

export const intervals: readonly Contest[] = [10, 50, 100, 500, 1_000].map((intervalMs) => ({
  ...usual,
  name: `${intervalMs} ms`,
  load: { kind: 'paced', intervalMs },
}))

const backlogOf = (recordsPerTransaction: number): Contest => ({
  ...usual,
  name: `${recordsPerTransaction} records`,
  load: { kind: 'backlog', recordsPerTransaction },
})

/** As services bound a transaction: 2 000 records, or fewer when 100 ms are over. */
export const asServices = backlogOf(2_000)

const backlogs: readonly Contest[] = [
  backlogOf(10),
  backlogOf(100),
  backlogOf(500),
  asServices,
  { ...backlogOf(500), name: '500 records, 1 KiB', recordBytes: 1_024 },
  { ...backlogOf(100), name: '100, to 4 partitions', output: 'all' },
]

export const allContests: readonly Contest[] = [...intervals, ...backlogs]

export const warmUps: readonly Contest[] = [backlogOf(100), asServices]

/** For a quick run: the extremes of both scales, and the usual setting. */
export const fewContests: readonly Contest[] = allContests.filter(({ name }) =>
  ['10 ms', '100 ms', '1000 ms', '10 records', '500 records', asServices.name].includes(name),
)

/**
 * One round: each contest has its turn with both sides, one right after the other, so that other work on the machine affects
 * both. Each round begins with another contest, and the side that goes first alternates.
 */
export function turnsOf(contests: readonly Contest[], round: number): readonly Turn[] {
  const begin = round % Math.max(1, contests.length)
  const rotated = [...contests.slice(begin), ...contests.slice(0, begin)]
  return rotated.flatMap((contest) => {
    const both: readonly Turn[] = [
      { contest, side: 'transactions' },
      { contest, side: 'plain' },
    ]
    return (round + contests.indexOf(contest)) % 2 === 0 ? both : both.toReversed()
  })
}

/** Enough transactions and enough records for a figure. */
export function backlogRecords(recordsPerTransaction: number): number {
  return Math.min(60_000, 200 * recordsPerTransaction)
}
