import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { drawAnew } from '../faults/rollout/cohort-not-sticky.ts'
import { believeAll } from '../faults/rollout/no-fence-at-cutover.ts'
import { judgePresentOnly } from '../faults/rollout/promote-on-missing-metric.ts'
import { metrics, plan } from './change.ts'
import { type Action, Model, type Parts } from './model.ts'

const folder = mkdtempSync(join(tmpdir(), 'rollout-model-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const seed = 20_261_201

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('sail'), rounds: fc.integer({ min: 4, max: 16 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance'), times: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 100, max: 3_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('weather'),
      metric: fc.constantFrom(...metrics),
      weather: fc.constantFrom('good', 'bad', 'missing', 'no number'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('command'),
      kind: fc.constantFrom(
        'start',
        'start',
        'start',
        'promote',
        'promote',
        'pause',
        'rollback',
        'abort',
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fault'),
      after: fc.integer({ min: 0, max: 8 }),
      what: fc.constantFrom('kill', 'freeze'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('thaw', 'look', 'write late', 'write', 'lose flags'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('log', 'kill switch'), isOn: fc.boolean() }),
  },
)

const start: Action = { do: 'command', kind: 'start' }
const walks = fc.array(action, { minLength: 5, maxLength: 40 })
const seen = new Set<string>()

async function walk(actions: readonly Action[], parts: Parts = {}): Promise<void> {
  const model = await Model.open(folder, parts)
  for (const each of [start, ...actions]) {
    await model.act(each)
    for (const event of model.log.events)
      seen.add(`${event.type} ${'step' in event ? event.step : ''}`)
    nothingOf(model.anomalies)
  }
  nothingOf(await model.giveUp())
  nothingOf(model.anomalies)
}

function nothingOf(anomalies: readonly string[]): void {
  if (anomalies.length > 0) throw new Error(anomalies.join('; '))
}

/** What is found of the library with one part replaced. */
async function anomalyOf(parts: Parts): Promise<string> {
  const { errorInstance } = await fc.check(
    fc.asyncProperty(walks, (actions) => walk(actions, parts)),
    { seed, numRuns: 300, endOnFailure: true },
  )
  return String(errorInstance)
}

test('no step is left without its gate, never do two sides write, and there is a way back from everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(walks, (actions) => walk(actions)),
    { seed, numRuns: 70 },
  )
  // The walks come everywhere.
  const steps = plan.map((_, step) => step)
  for (const step of steps) {
    expect(seen).toContain(`EntryFinished ${step}`)
    expect(seen).toContain(`StepUndone ${step}`)
  }
  expect(seen).toContain(`Completed ${plan.length - 1}`)
})

test('a metric whose silence promotes is found', async () => {
  expect(await anomalyOf({ judge: judgePresentOnly })).toContain('was promoted without its gate')
})

test('a cohort that is drawn anew at each share is found', async () => {
  expect(await anomalyOf({ inCohort: drawAnew })).toContain('left the cohort')
})

test('a cutover that does not fence the former writer is found', async () => {
  expect(await anomalyOf({ fence: believeAll })).toContain('wrote')
})

test('a kill switch that is a flag only is found: it needs the log', async () => {
  expect(await anomalyOf({ killBy: 'flag' })).toContain('while the kill switch is on')
})
