import type { PartStatus } from '../supervise/status.ts'

const MEGABYTE = 2 ** 20

/** A table for people: state, memory and ports of each component, and the sum. */
export function statusLines(status: readonly PartStatus[]): readonly string[] {
  const total = status.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const rows = status.map((part) => [
    part.name,
    stateWord(part),
    part.pid === undefined ? '' : String(part.pid),
    part.pid === undefined ? '' : megabytes(part.memoryBytes),
    part.readyAfterMs === undefined ? '' : `${(part.readyAfterMs / 1000).toFixed(1)} s`,
    part.ports.join(' '),
    part.restarts,
  ])
  const restarts = status.some((part) => part.restarts !== '') ? 'died by itself' : ''
  const head = ['component', 'state', 'process', 'memory', 'ready in', 'ports', restarts]
  return tableLines([head, ...rows, ['total', '', '', megabytes(total), '', '', '']])
}

function stateWord({ state, healthy }: PartStatus): string {
  return state === 'ready' && healthy === false ? 'unhealthy' : state
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`
}

function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
