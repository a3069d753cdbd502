import type { Change, Part, Probe } from '@tenseams/rollout/change'
import type { Gate, Rule } from '@tenseams/rollout/gate'
import type { Phase, Plan } from '@tenseams/rollout/plan'
import type { Reading } from '@tenseams/rollout/reading'
import type { Faults } from './faults.ts'
import type { Sides } from './sides.ts'

export const metrics = ['latency', 'lag', 'money'] as const
export type Metric = (typeof metrics)[number]
export type Weather = 'good' | 'bad' | 'missing' | 'no number'

const rules: readonly Rule[] = [
  { kind: 'growth', metric: 'latency', mostGrowth: 0.05, onFailure: 'return' },
  { kind: 'limit', metric: 'lag', atMost: 60, onFailure: 'pause' },
  { kind: 'limit', metric: 'money', atMost: 0, onFailure: 'return-at-once' },
]

const gate: Gate = {
  rules,
  passesInARow: 2,
  failuresInARow: 2,
  inconclusiveInARow: 4,
  everyMs: 1_000,
}

/** There is nothing yet to have grown from. */
const baselineGate: Gate = {
  ...gate,
  rules: rules.map((rule) => (rule.kind === 'growth' ? { ...rule, kind: 'limit' } : rule)),
}

const step = (phase: Phase, percent?: number) => ({
  phase,
  ...(percent !== undefined && { percent }),
  gate: phase === 'baseline' ? baselineGate : gate,
})

export const plan: Plan = [
  step('baseline'),
  step('shadow', 10),
  step('shadow', 100),
  step('dual-write'),
  step('backfill-before'),
  step('cutover-reads', 10),
  step('cutover-reads', 50),
  step('cutover-reads', 100),
  { ...step('cutover-writes'), needsApproval: true },
  step('backfill-after'),
  step('retire-rights'),
  step('retire-data'),
]

const values: Readonly<Record<Weather, (metric: Metric) => number>> = {
  good: (metric) => (metric === 'money' ? 0 : 20),
  bad: () => 1_000,
  missing: () => Number.NaN,
  'no number': () => Number.NaN,
}

/** What a change of the model is made of, and what of it runs. */
export class ModelChange {
  readonly running = new Set<string>()
  readonly residue = new Set<string>()
  isRetired = { rights: false, data: false }
  weather: Readonly<Record<Metric, Weather>> = { latency: 'good', lag: 'good', money: 'good' }
  readonly change: Change

  constructor(sides: Sides, faults: Faults) {
    const touch = async (work: () => void) => {
      await faults.point(false)
      work()
      await faults.point(false)
    }
    const part = (name: string, onRun: (isRunning: boolean) => void = () => undefined): Part => ({
      start: () =>
        touch(() => {
          this.running.add(name)
          this.residue.add(name)
          onRun(true)
        }),
      stop: () =>
        touch(() => {
          this.running.delete(name)
          onRun(false)
        }),
      residue: async () => (this.residue.has(name) ? [{ kind: 'rows', name }] : []),
      discard: () => touch(() => this.residue.delete(name)),
    })
    const backfill = (name: string) => ({
      ...part(name),
      progress: async () => ({ chunks: 1, rows: 1, remainingRows: 0, mismatchedChunks: 0 }),
    })
    const retire = (what: 'rights' | 'data', to: boolean) => () =>
      touch(() => {
        this.isRetired = { ...this.isRetired, [what]: to }
      })
    this.change = {
      name: 'model',
      title: 'a change that exists in a test only',
      plan,
      probes: Object.fromEntries(metrics.map((metric) => [metric, this.#probe(metric)])),
      shadow: part('shadow'),
      dualWrite: part('dual writing', (isOn) => {
        sides.isDualWriting = isOn
      }),
      backfillBefore: backfill('backfill before'),
      backfillAfter: backfill('backfill after'),
      authority: sides.authority,
      writers: sides.writers,
      comparison: sides.comparison,
      reverseSync: part('reverse sync'),
      retirement: {
        revoke: retire('rights', true),
        grant: retire('rights', false),
        remove: retire('data', true),
        restore: retire('data', false),
      },
    }
  }

  #probe(metric: Metric): Probe {
    return async (): Promise<Reading | undefined> => {
      const weather = this.weather[metric]
      if (weather === 'missing') return undefined
      return { kind: 'value', value: values[weather](metric) }
    }
  }
}
