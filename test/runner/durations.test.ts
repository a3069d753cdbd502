import { expect, test } from 'vitest'
import { slowestLines } from './durations.ts'

test('the ten slowest files are told, the slowest first', () => {
  const files = Array.from({ length: 12 }, (_, index) => ({
    file: `${index}.test.ts`,
    durationMs: index * 1_000,
  }))
  const lines = slowestLines(files)
  expect(lines).toHaveLength(10)
  expect(lines[0]).toBe('   11.0 s  11.test.ts')
  expect(lines.at(-1)).toBe('    2.0 s  2.test.ts')
})
