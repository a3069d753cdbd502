import { describe, expect, test } from 'vitest'
import { Latencies } from '../../load/latencies.ts'
import type { CaseName, Found } from './cases.ts'
import { judge } from './verdict.ts'

const use = {
  ...{ cpuMs: 100, readerCpuMs: 10, rowsFetched: 50, transactions: 20 },
  ...{ readerStatements: 5, readerRows: 9 },
}

const found = (
  reader: Found['reader'],
  missed: Readonly<Partial<Record<CaseName, readonly string[]>>>,
  doubled: readonly string[] = [],
): Found => {
  const of = (name: CaseName) => ({
    written: 10,
    missed: missed[name] ?? [],
    doubled,
    stale: missed[name] ?? [],
  })
  const cases = {
    ...{ twice: of('twice'), late: of('late'), later: of('later'), clocks: of('clocks') },
  }
  return { reader, says: 'reads', cases, freshness: new Latencies(), use }
}

const misses = { twice: ['a@1'], late: ['b@2'], clocks: ['c@1'] }

describe('stream-first', () => {
  test('holds when the log misses nothing and polling misses some in each way', () => {
    expect(judge([found('log', {}), found('position', misses)], false).kind).toBe('holds')
  })

  test('is refuted by one change that the reader of the log missed, or saw twice', () => {
    const missing = judge([found('log', { late: ['x@1'] }), found('position', misses)], false)
    expect(missing.kind).toBe('refuted')
    expect(missing.lines.join('\n')).toContain('log missed changes when a transaction commits')
    const twice = judge([found('log', {}, ['x@1']), found('position', misses)], false)
    expect(twice.kind).toBe('refuted')
  })

  test.each(['twice', 'late', 'clocks'] as const)(
    'is undecided when polling missed nothing: %s',
    (name) => {
      const polling = found('position', { ...misses, [name]: [] })
      expect(judge([found('log', {}), polling], false).kind).toBe('undecided')
    },
  )

  test('without the log, the reader that polls is judged and named', () => {
    const { kind, lines } = judge([found('position', misses)], true)
    expect(kind).toBe('refuted')
    expect(lines.join('\n')).toContain('BROKEN   position missed changes when the clocks')
  })
})
