import type { Money, OrderStates, TopicCount } from './figures.ts'

/** Two counts that must be equal. */
export type Comparison = {
  readonly what: string
  readonly expected: bigint
  readonly found: bigint
}

export const agrees = ({ expected, found }: Comparison): boolean => expected === found

/** Each event of Postgres is in bronze exactly once. */
export function compareBronze(
  stored: readonly TopicCount[],
  bronze: readonly TopicCount[],
): readonly Comparison[] {
  return stored.flatMap(({ topic, rows }) => {
    const found = bronze.find((one) => one.topic === topic)
    return [
      { what: `rows of ${topic} in bronze`, expected: rows, found: found?.rows ?? 0n },
      {
        what: `distinct events of ${topic} in bronze`,
        expected: rows,
        found: found?.distinct ?? 0n,
      },
    ]
  })
}

/** Each captured payment is in a closed window or in the late output, exactly once, with its amount. */
export function compareGold(
  captured: readonly Money[],
  windows: readonly Money[],
  late: readonly Money[],
): readonly Comparison[] {
  const currencies = new Set([...captured, ...windows, ...late].map(({ currency }) => currency))
  return [...currencies].sort().flatMap((currency) => {
    const expected = sumOf(captured, currency)
    const found = sumOf([...windows, ...late], currency)
    return [
      { what: `${currency} payments in gold`, expected: expected.payments, found: found.payments },
      { what: `${currency} minor units in gold`, expected: expected.minor, found: found.minor },
    ]
  })
}

/** Each order is in silver once, in the state after its newest event. */
export function compareSilver(stored: OrderStates, silver: OrderStates): readonly Comparison[] {
  const states = [...new Set([...Object.keys(stored), ...Object.keys(silver)])].sort()
  return states.map((state) => ({
    what: `${state} in silver.orders`,
    expected: BigInt(stored[state] ?? 0),
    found: BigInt(silver[state] ?? 0),
  }))
}

/** Captured money by currency, in a table that is derived from silver. */
export function compareCaptured(
  captured: readonly Money[],
  found: readonly Money[],
): readonly Comparison[] {
  return compareGold(captured, found, []).map((one) => ({
    ...one,
    what: one.what.replace('gold', 'gold.order_to_cash'),
  }))
}

function sumOf(all: readonly Money[], currency: string): { payments: bigint; minor: bigint } {
  const ours = all.filter((one) => one.currency === currency)
  return {
    payments: ours.reduce((sum, { payments }) => sum + payments, 0n),
    minor: ours.reduce((sum, { minor }) => sum + minor, 0n),
  }
}
