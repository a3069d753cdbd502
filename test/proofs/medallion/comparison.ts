import { createHash } from 'node:crypto'

/** A row that must be equal on two sides: its key, and everything that is compared, as one text. */
export type Keyed = { readonly key: string; readonly text: string }

/** What is wrong, in a line each; nothing when both hold the same keys with the same hashes. */
export function differences(
  what: string,
  wanted: readonly Keyed[],
  found: readonly Keyed[],
): readonly string[] {
  const due = new Map(wanted.map(({ key, text }) => [key, text]))
  const anomalies = new Map<string, string[]>()
  const note = (anomaly: string, example: string) =>
    void anomalies.set(anomaly, [...(anomalies.get(anomaly) ?? []), example])
  const seen = new Set<string>()
  for (const { key, text } of found) {
    if (seen.has(key)) note('doubled', key)
    seen.add(key)
    const expected = due.get(key)
    if (expected === undefined) note('not in the source', key)
    else if (hashOf(expected) !== hashOf(text)) note('differs', `${key} (${text}, not ${expected})`)
  }
  for (const key of due.keys()) if (!seen.has(key)) note('lost', key)
  return [...anomalies].map(
    ([anomaly, examples]) => `${what}: ${examples.length} ${anomaly}, such as ${examples[0]}`,
  )
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
