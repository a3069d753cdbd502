import { writeJson } from '@tenseams/iceberg/format/json'
import type { Row } from '@tenseams/iceberg/format/row'

/** Rows as aligned columns for people. Numbers stand right; a long cell is cut. */
export function tableText(rows: readonly Row[], widestCell = 60): string {
  const [first] = rows
  if (first === undefined) return '(no rows)\n'
  const names = Object.keys(first)
  const cells = rows.map((row) => names.map((name) => cut(cellText(row[name]), widestCell)))
  const widths = names.map((name, column) =>
    Math.max(name.length, ...cells.map((cell) => cell[column]?.length ?? 0)),
  )
  const numeric = names.map((name) => isNumber(first[name]))
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0
        return numeric[column] ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width))
  return `${[names, rule, ...cells].map(line).join('\n')}\n`
}

/** Rows as one JSON object a line, int64 exact. */
export function jsonLines(rows: readonly Row[]): string {
  return rows.map((row) => `${writeJson(row)}\n`).join('')
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? writeJson(value) : String(value)
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}
