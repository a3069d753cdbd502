/** A rule that a row must meet to pass from one layer to the next. Rejected rows go to quarantine. */
export type Gate = {
  /** A few words with hyphens: the metric's label and the quarantine's column. */
  readonly reason: string
  /** SQL that is true for a row that must not pass. */
  readonly rejects: string
}

/** SQL of the first gate that rejects a row; null for a row that passes. A gate whose SQL is null rejects nothing. */
export function rejectedBy(gates: readonly Gate[]): string {
  const cases = gates.map(({ reason, rejects }) => `WHEN ${rejects} THEN '${reason}'`)
  return cases.length === 0 ? 'NULL::VARCHAR' : `CASE ${cases.join(' ')} END`
}
