import { portNames } from '@tenseams/cli/ports'
import { describe, expect, test } from 'vitest'
import { parts } from '../../parts/parts.ts'
import type { Step } from './part.ts'
import { PlanError, planAll, planStart, planStop } from './plan.ts'
import { everyProfile, fullOnly, type Profile } from './profiles.ts'

const step = (name: string, needs: readonly string[], profiles = everyProfile): Step => ({
  kind: 'step',
  name,
  title: name,
  profiles,
  needs,
  run: async () => undefined,
  timeoutMs: 1_000,
})

const namesOf = (profile: Profile, only?: readonly string[]) =>
  planStart(parts, profile, only).map(({ part }) => part.name)

describe('the order of a start', () => {
  test('puts each part after everything that it needs, whatever the order of the table', () => {
    const plan = planStart([step('c', ['b']), step('b', ['a']), step('a', [])], 'full')
    expect(plan.map(({ part }) => part.name)).toEqual(['a', 'b', 'c'])
  })

  test('leaves out needs outside of the profile', () => {
    const plan = planStart([step('lake', [], fullOnly), step('shop', ['lake'])], 'minimal')
    expect(plan.map(({ part, needs }) => [part.name, needs])).toEqual([['shop', []]])
  })

  test('takes only the named parts of a profile and what they need', () => {
    const table = [step('a', []), step('b', ['a']), step('c', ['a'])]
    expect(planStart(table, 'full', ['b']).map(({ part }) => part.name)).toEqual(['a', 'b'])
  })

  test('leaves out a part on demand, unless it is named or needed by one that is', () => {
    const legacy = { ...step('legacy', ['a']), isOnDemand: true }
    const table = [step('a', []), legacy, { ...step('rollout', ['legacy']), isOnDemand: true }]
    const namesIn = (only?: readonly string[]) =>
      planStart(table, 'full', only).map(({ part }) => part.name)
    expect(namesIn()).toEqual(['a'])
    expect(namesIn(['a'])).toEqual(['a'])
    expect(namesIn(['rollout'])).toEqual(['a', 'legacy', 'rollout'])
  })

  test.each([
    ['parts need each other in a circle', [step('a', ['b']), step('b', ['a'])], undefined],
    ['a need names a part that does not exist', [step('a', ['nobody'])], undefined],
    ['a name belongs to no part', [step('a', [])], ['nobody']],
    ['a name is of another profile', [step('lake', [], fullOnly)], ['lake']],
  ])('is refused when %s', (_, table, only) => {
    expect(() => planStart(table, 'minimal', only)).toThrow(PlanError)
  })

  test('puts what comes last after all others that are started with it, which it does not start', () => {
    const table = [{ ...step('watch', ['a']), isLast: true }, step('a', []), step('b', ['a'])]
    const planOf = (only?: readonly string[]) =>
      planStart(table, 'full', only).map(({ part, needs }) => [part.name, needs])
    expect(planOf()).toEqual([
      ['a', []],
      ['b', ['a']],
      ['watch', ['a', 'b']],
    ])
    expect(planOf(['watch'])).toEqual([
      ['a', []],
      ['watch', ['a']],
    ])
  })

  test('is reversed for a stop', () => {
    const plan = planStart([step('a', []), step('b', ['a']), step('c', ['a', 'b'])], 'full')
    expect(planStop(plan).map(({ part, needs }) => [part.name, needs])).toEqual([
      ['c', []],
      ['b', ['c']],
      ['a', ['b', 'c']],
    ])
  })
})

describe('the parts of this system', () => {
  test('can be sorted for each profile', () => {
    const always = parts.filter(({ isOnDemand }) => isOnDemand !== true)
    expect(namesOf('ops')).toHaveLength(always.length)
    expect(planAll(parts)).toHaveLength(parts.length)
    expect(namesOf('minimal')).toEqual(expect.arrayContaining(['postgres', 'orders', 'connectors']))
  })

  test('do not include Flink and the lake in the profile minimal', () => {
    const lake = /flink|gateway|catalog|lakehouse/
    expect(namesOf('minimal').filter((name) => lake.test(name))).toEqual([])
  })

  test('use each port of ports.json exactly once', () => {
    const used = parts.flatMap((part) => (part.kind === 'component' ? part.ports : []))
    expect(used.toSorted()).toEqual(portNames.toSorted())
  })

  test('have unique names', () => {
    const names = parts.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
