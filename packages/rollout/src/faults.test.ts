import { expect, test } from 'vitest'
import type { Change, Part } from './change.ts'
import { faultsOf } from './faults.ts'
import type { Gate } from './gate.ts'
import type { Phase, Plan } from './plan.ts'

const gate: Gate = {
  rules: [{ kind: 'limit', metric: 'errors', atMost: 0, onFailure: 'return' }],
  passesInARow: 1,
  failuresInARow: 1,
  inconclusiveInARow: 1,
  everyMs: 1_000,
}
const part: Part = {
  start: async () => undefined,
  stop: async () => undefined,
  residue: async () => [],
  discard: async () => undefined,
}
const step = (phase: Phase, percent?: number) => ({
  phase,
  gate,
  ...(percent !== undefined && { percent }),
})

function faultsWith(plan: Plan, change: Partial<Change> = {}): readonly string[] {
  const probes = { errors: async () => undefined }
  return faultsOf({ name: 'one', title: 'one', plan, probes, shadow: part, ...change })
}

test('a plan of some phases in their order has no faults', () => {
  const plan = [step('baseline'), step('shadow', 10), step('shadow', 100)]
  expect(faultsWith([...plan, step('cutover-reads', 100)])).toEqual([])
})

test.each<[string, Plan]>([
  ['a plan begins with baseline', [step('shadow', 100)]],
  [
    'baseline cannot come after shadow 100 %',
    [step('baseline'), step('shadow', 100), step('baseline')],
  ],
  [
    'shadow 10 % cannot come after shadow 10 %',
    [step('baseline'), step('shadow', 10), step('shadow', 10)],
  ],
  ['shadow 50 %: the last step of shadow is 100 %', [step('baseline'), step('shadow', 50)]],
  ['percent belongs to', [step('baseline'), step('shadow')]],
  ['percent belongs to', [step('baseline', 10)]],
  ['percent is above 0', [step('baseline'), step('shadow', 101)]],
  ["dual-write needs the change's dualWrite", [step('baseline'), step('dual-write')]],
  ["cutover-writes needs the change's writers", [step('baseline'), step('cutover-writes')]],
])('%s', (fault, plan) => {
  expect(faultsWith(plan).join('; ')).toContain(fault)
})

test('a gate that asks for a metric without a probe, or for nothing, is a fault', () => {
  expect(faultsWith([step('baseline')], { probes: {} })).toEqual([
    'baseline: there is no probe for errors',
  ])
  const open = { phase: 'baseline', gate: { ...gate, rules: [] } } as const
  expect(faultsWith([open]).join()).toContain('a gate without a rule lets everything through')
})

test('growth needs a value of the baseline', () => {
  const growing: Gate = {
    ...gate,
    rules: [{ kind: 'growth', metric: 'p99', mostGrowth: 0.05, onFailure: 'return' }],
  }
  const probes = { errors: async () => undefined, p99: async () => undefined }
  const plan: Plan = [step('baseline'), { ...step('shadow', 100), gate: growing }]
  expect(faultsWith(plan, { probes })).toEqual([
    'shadow 100 %: p99 has no rule in baseline, so there is nothing that it can have grown from',
  ])
})
