import { describe, expect, it } from 'vitest'
import { JobError } from '../errors.ts'
import { incompatibilities, operatorsOf } from './plan.ts'

const explained = (size: string, condition = 'a > 1') => `== Abstract Syntax Tree ==
LogicalSink(table=[out])

== Optimized Execution Plan ==
Sink(table=[out], fields=[a])
+- Calc(select=[a], where=[${condition}])
   +- WindowAggregate(window=[TUMBLE(size=[${size}])], select=[COUNT(*) AS a])
      +- Exchange(distribution=[hash[a]])
         +- TableSourceScan(table=[in])
`

describe('a plan', () => {
  it('is parsed from the output of EXPLAIN', () => {
    const operators = operatorsOf(explained('1 min'))
    expect(operators.map(({ depth, name }) => `${depth} ${name}`)).toEqual([
      '0 Sink',
      '1 Calc',
      '2 WindowAggregate',
      '3 Exchange',
      '4 TableSourceScan',
    ])
    expect(operators.filter(({ keepsState }) => keepsState).map(({ name }) => name)).toEqual([
      'WindowAggregate',
    ])
  })

  it('is missing in other output', () => {
    expect(() => operatorsOf('== Abstract Syntax Tree ==')).toThrow(JobError)
  })
})

describe('state', () => {
  const before = operatorsOf(explained('1 min'))

  it('is kept when only stateless operators change', () => {
    expect(incompatibilities(before, operatorsOf(explained('1 min', 'a > 2')))).toEqual([])
  })

  it('is lost when a stateful operator changes', () => {
    const [why] = incompatibilities(before, operatorsOf(explained('2 min')))
    expect(why).toMatch(/its state was WindowAggregate.*1 min.*is WindowAggregate.*2 min/)
  })

  it('is lost when an operator is added or removed', () => {
    const without = before.filter(({ name }) => name !== 'Calc')
    expect(incompatibilities(before, without)).toEqual(['operator 2 was Calc, is WindowAggregate'])
    expect(incompatibilities(without, before)).toEqual(['operator 2 was WindowAggregate, is Calc'])
    expect(incompatibilities(before, before.slice(0, 4))).toEqual([
      'operator 5 was TableSourceScan, is nothing',
    ])
  })
})
