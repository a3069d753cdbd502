/** A rule that a row must keep to pass from one layer to the next. Rows that break it go to quarantine. */
export type Gate = {
  /** Of few words, with dashes: the metric's label and the quarantine's column. */
  readonly reason: string
  /** SQL that is true for a row that must not pass. */
  readonly rejects: string
}

/** The first gate that rejects a row, null for one that passes; what SQL cannot say of it (null) is no rejection. */
export function rejectedBy(gates: readonly Gate[]): string {
  const cases = gates.map(({ reason, rejects }) => `WHEN ${rejects} THEN '${reason}'`)
  return cases.length === 0 ? 'NULL::VARCHAR' : `CASE ${cases.join(' ')} END`
}
