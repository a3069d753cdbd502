import type { Verdict } from '../claim.ts'

/** A row of the table: `partition@offset`, and the sum of its values. */
export type FoundRow = { readonly place: string; readonly sum: string }

/** Each wanted place is there once, with its values, and no other place; `breaks` is what the log of offsets says. */
export function judge(
  wanted: ReadonlyMap<string, string>,
  rows: readonly FoundRow[],
  breaks: readonly string[],
): Verdict {
  const seen = new Set<string>()
  const anomalies = new Map<string, string[]>()
  const note = (what: string, place: string) =>
    void anomalies.set(what, [...(anomalies.get(what) ?? []).slice(-2), place])
  for (const { place, sum } of rows) {
    if (seen.has(place)) note('doubled', place)
    seen.add(place)
    const due = wanted.get(place)
    if (due === undefined) note('not committed, or no row', place)
    else if (due !== sum) note('other values', place)
  }
  for (const place of wanted.keys()) if (!seen.has(place)) note('lost', place)
  for (const one of breaks) note('the chain of offsets is broken', one)
  const counts = `${rows.length} rows, ${seen.size} distinct, ${wanted.size} committed`
  const lines = [...anomalies].map(([what, places]) => `BROKEN   I16 ${what}: ${places.join(', ')}`)
  return { kind: lines.length === 0 ? 'holds' : 'refuted', lines: [counts, ...lines] }
}
