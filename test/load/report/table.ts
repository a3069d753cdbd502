/** A table for a terminal: columns of words to the left, by default the first one, and figures to the right. */
export function tableLines(
  rows: readonly (readonly string[])[],
  words: readonly number[] = [0],
): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return words.includes(column) ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Milliseconds with about three digits; a dash for none. */
export function msText(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(ms >= 10 ? 1 : 2)
}

export function megabytesText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`
}

const GROUPS = 3

/** The thread groups that have used most, each with its share of a core. */
export function busiestText(groups: Readonly<Record<string, number>>, watchedMs: number): string {
  return Object.entries(groups)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, GROUPS)
    .map(([group, ms]) => `${group} ${percentText(ms / watchedMs)}`)
    .join(', ')
}

export function percentText(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
}

export function rateText(perSecond: number | undefined): string {
  if (perSecond === undefined || !Number.isFinite(perSecond)) return '–'
  return String(Number(perSecond.toPrecision(3)))
}
