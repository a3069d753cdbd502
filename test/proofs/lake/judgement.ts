import type { Verdict } from '../claim.ts'

/** A row of the table: `partition@offset`, and the sum of its values. */
export type FoundRow = { readonly position: string; readonly sum: string }

/** Each wanted position must be there once, with its values, and no other; `breaks` are those of the log of offsets. */
export function judge(
  wanted: ReadonlyMap<string, string>,
  rows: readonly FoundRow[],
  breaks: readonly string[],
): Verdict {
  const seen = new Set<string>()
  const anomalies = new Map<string, string[]>()
  const note = (what: string, position: string) =>
    void anomalies.set(what, [...(anomalies.get(what) ?? []).slice(-2), position])
  for (const { position, sum } of rows) {
    if (seen.has(position)) note('doubled', position)
    seen.add(position)
    const due = wanted.get(position)
    if (due === undefined) note('not committed, or no row', position)
    else if (due !== sum) note('other values', position)
  }
  for (const position of wanted.keys()) if (!seen.has(position)) note('lost', position)
  for (const one of breaks) note('the chain of offsets is broken', one)
  const counts = `${rows.length} rows, ${seen.size} distinct, ${wanted.size} committed`
  const lines = [...anomalies].map(
    ([what, positions]) => `BROKEN   I16 ${what}: ${positions.join(', ')}`,
  )
  return { kind: lines.length === 0 ? 'holds' : 'refuted', lines: [counts, ...lines] }
}
