import { expect, test } from 'vitest'
import { outcomeOf, type Result, withResults } from './results.ts'

const document = `# Long proofs

| proof | outcome | took | commit | date |
|---|---|---|---|---|
| \`npm run prove -- a\` | holds | 1 min | 1111111 | 2026-01-01 |
| \`npm run prove -- b\` | holds | 1 min | 1111111 | 2026-01-01 |

More text.
`
const result: Result = {
  proof: 'npm run prove -- b',
  outcome: 'refuted; I1: an event | is lost',
  took: '3 min',
  commit: '2222222',
  date: '2026-02-02',
}

test('a result takes the place of the one before, and the others stay', () => {
  const row = String.raw`| \`npm run prove -- b\` | refuted; I1: an event \| is lost | 3 min | 2222222 | 2026-02-02 |`
  const updated = withResults(document, [result])
  expect(updated.split('\n')[5]).toBe(row.replaceAll('\\`', '`'))
  expect(updated.split('\n')).toHaveLength(document.split('\n').length)
  expect(withResults(updated, [result])).toBe(updated)
})

test('a proof that was never run comes behind the others, before the text', () => {
  const lines = withResults(document, [{ ...result, proof: 'npm run prove -- c' }]).split('\n')
  expect(lines[6]).toContain('prove -- c')
  expect(lines.slice(7)).toEqual(['', 'More text.', ''])
})

test('a document without the table is refused', () => {
  expect(() => withResults('# Long proofs\n', [result])).toThrow('there is no table')
})

test('an outcome is the verdict with its figures, or with the first anomaly', () => {
  const holds = '  starting\n12 orders wanted\nok I1\n40 operations, 0 anomalies\neos: holds\n'
  expect(outcomeOf(holds)).toBe('holds; 12 orders wanted; 40 operations, 0 anomalies')
  const refuted =
    '12 orders wanted\nBROKEN       I2: a\nBROKEN       I3: b\neos with --break=x: refuted'
  expect(outcomeOf(refuted)).toBe('refuted; I2: a')
})
