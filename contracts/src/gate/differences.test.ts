import { describe, expect, it } from 'vitest'
import { compatibilityCases } from './cases/table.ts'
import { differencesOf } from './differences.ts'

describe.each(['avro', 'protobuf'] as const)(
  'of two %s schemas',
  { timeout: 120_000 },
  (format) => {
    const cases = compatibilityCases.filter((each) => each.format === format)

    it.each(cases)('$name, under $level: $check', ({ level, older, newer, rules, ...expected }) => {
      const differences = differencesOf(format, level, older, newer)
      expect([...new Set(differences.map(({ rule }) => rule))].sort()).toEqual(rules)
      const refused = differences.some(({ refusedBy }) => refusedBy === 'specification')
      expect(refused ? 'incompatible' : 'compatible').toBe(expected.specification)
      expect(differences.length === 0 ? 'compatible' : 'incompatible').toBe(expected.check)
    })
  },
)
