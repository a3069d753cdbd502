import { pascalCase, type Rule, sloGroups } from '@tenseams/contracts/slo/rules'
import type { Slo } from '@tenseams/contracts/slo/slo'
import { type Burn, burns, windowSeconds } from '@tenseams/contracts/slo/windows'
import { type EventSeries, type LevelSeries, sloSeries } from './slo-series.ts'

/** Some rules of an objective, and what promtool is to see in them. */
export type SloTest = {
  readonly name: string
  readonly rules: readonly Rule[]
  readonly tests: readonly unknown[]
  /** Between two values, and between two evaluations. */
  readonly intervalSeconds: number
}

/**
 * Tests that follow from the promise and not from the rules: how much may be bad in a window before somebody is called. They look at
 * the edges: what is just enough and what is just not, in the long window and in the short one.
 */
export function sloTestsOf(slo: Slo): readonly SloTest[] {
  const series = sloSeries[slo.name]
  if (series === undefined)
    throw new Error(`${slo.name} has no series in test/alerts/slo-series.ts`)
  const budget = Number((1 - slo.objective).toFixed(6))
  const burning = burns.map((burn): SloTest => {
    const subject = { slo, burn, budget }
    return {
      name: `${pascalCase(slo.name)}${burn.speed}Burn of ${burn.long}`,
      rules: rulesWith(slo, [burn.short, burn.long], burn.long),
      intervalSeconds: series.kind === 'level' ? MOMENT_SECONDS : stepOf(burn),
      tests: series.kind === 'level' ? levelTests(subject, series) : eventTests(subject, series),
    }
  })
  return [...burning, budgetTest(slo, budget, series)]
}

type Subject = { readonly slo: Slo; readonly burn: Burn; readonly budget: number }

/** Between two evaluations of the rules as they are generated. */
const MOMENT_SECONDS = 15

function rulesWith(slo: Slo, windows: readonly string[], alertWindow?: string): readonly Rule[] {
  const recorded = new RegExp(`:bool$|slo_budget_left|(?:increase|ratio)(?:${windows.join('|')})$`)
  return sloGroups([slo])
    .flatMap(({ rules }) => rules)
    .filter(({ record, labels }) =>
      record === undefined ? labels?.window === alertWindow : recorded.test(record),
    )
    .filter(({ record }) => alertWindow === undefined || !record?.includes('budget_left'))
    .map(({ annotations: _text, ...rule }) => rule)
}

/** Twenty in the short window. */
const stepOf = ({ short }: Burn) => windowSeconds(short, 'normal') / 20

/** So many events in each of some steps, of which a share is bad. */
type Stretch = { readonly events: number; readonly share: number; readonly steps: number }

const MANY = 10_000
/** Others count so much more that nobody can take them for ours. */
const OTHERS = 50

function eventTests(subject: Subject, series: EventSeries): readonly unknown[] {
  const { slo, burn, budget } = subject
  const limit = burn.rate * budget
  const step = stepOf(burn)
  const short = windowSeconds(burn.short, 'normal') / step
  const least = slo.indicator.kind === 'level' ? 0 : slo.indicator.least
  const test = (name: string, stretches: readonly Stretch[], fires: boolean) => {
    const end = stretches.reduce((sum, { steps }) => sum + steps, 0)
    const expected = [{ seconds: end * step, fires }]
    return alertTest(subject, series.labels, {
      name,
      step,
      values: countersOf(series, stretches),
      expected,
    })
  }
  const many = (share: number, steps: number) => ({ events: MANY, share, steps })
  const none = (steps: number) => ({ events: 0, share: 0, steps })
  const few = (bad: number) => [none(2), { events: bad * 2, share: 0.5, steps: 1 }, none(8)]
  const tooFew = Math.floor(least * 0.8)
  const enough = Math.ceil(least * 1.2)
  return [
    test('a quarter more than the limit', [many(limit * 1.25, short * 2)], true),
    test('much, not for long enough', [many(0, short * 4), many(limit * 4, short)], false),
    test(
      'much, and hardly any more',
      [many(limit * 4, short), many(limit * 0.8, short + 1)],
      false,
    ),
    test(`${tooFew} bad events in a quiet night`, few(tooFew), false),
    test(`${enough} bad events in a quiet night`, few(enough), true),
    ...(series.bad.length > 0 ? [withoutSeriesOfBad(subject, series, [many(0, short)])] : []),
  ]
}

/** Before the first bad event there may be no series of them, and the share is 0 nevertheless. */
function withoutSeriesOfBad(
  { slo, burn }: Subject,
  series: EventSeries,
  stretches: readonly Stretch[],
): unknown {
  const step = stepOf(burn)
  const end = stretches.reduce((sum, { steps }) => sum + steps, 0)
  const labels = textOf({ slo: slo.name, ...series.labels })
  return {
    name: 'nothing bad was ever seen',
    interval: `${step}s`,
    input_series: inputOf(countersOf({ ...series, bad: [], others: [] }, stretches)),
    promql_expr_test: [burn.short, burn.long].map((window) => ({
      expr: `tenseams:slo_errors:ratio${window}{${labels}}`,
      eval_time: `${end * step}s`,
      exp_samples: [{ labels: `tenseams:slo_errors:ratio${window}{${labels}}`, value: 0 }],
    })),
  }
}

const textOf = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')

type Values = Readonly<Record<string, string>>

/** Counters, from 0 on. What others count is bad altogether. */
function countersOf(series: EventSeries, stretches: readonly Stretch[]): Values {
  const of = (names: readonly string[], part: (share: number) => number) =>
    names.map((name) => [name, counter(stretches, part)] as const)
  return Object.fromEntries([
    ...of(series.all, () => 1),
    ...of(series.good, (share) => 1 - share),
    ...of(series.bad, (share) => share),
    ...of(series.others, () => OTHERS),
  ])
}

function counter(stretches: readonly Stretch[], part: (share: number) => number): string {
  let value = 0
  const pieces = stretches.map(({ events, share, steps }) => {
    const each = Math.round(events * part(share))
    const piece = `${value + each}+${each}x${steps - 1}`
    value += each * steps
    return piece
  })
  return ['0', ...pieces].join(' ')
}

/** The level rises above its bound for so long that the long window is full enough; then the short window empties. */
function levelTests(subject: Subject, series: LevelSeries): readonly unknown[] {
  const { slo, burn, budget } = subject
  const limit = burn.rate * budget
  const momentsOf = (window: string) => windowSeconds(window, 'normal') / MOMENT_SECONDS
  /** The most bad moments that call nobody. */
  const most = (window: string) => Math.floor(limit * momentsOf(window))
  const first = 4
  const last = first + Math.ceil(most(burn.long) * 1.2) + 1
  // At its end the window still has the last moments.
  const emptying = last + momentsOf(burn.short) + 1
  const at = (moment: number, fires: boolean) => ({ seconds: moment * MOMENT_SECONDS, fires })
  const expected = [
    at(first - 1, false),
    at(first + most(burn.long) - 1, false),
    at(first + most(burn.long), true),
    at(emptying - most(burn.short) - 1, true),
    at(emptying - most(burn.short), false),
  ]
  const values = levelsOf(slo, series, { first, last, end: emptying + 1 })
  /** The tests begin in 1970, which is what is taken for the time of what never was. */
  const old = Math.floor(aboveOf(slo) / MOMENT_SECONDS) + 1
  return [
    alertTest(subject, series.labels, {
      ...{ name: 'a level that rises above its bound and falls again', step: MOMENT_SECONDS },
      ...{ values, expected },
    }),
    ...(series.isBadWhenAbsent
      ? [
          alertTest(subject, series.labels, {
            ...{ name: 'nobody shows the level', step: MOMENT_SECONDS, values: {} },
            expected: [at(old + most(burn.long) - 1, false), at(old + most(burn.long), true)],
          }),
        ]
      : []),
  ]
}

type Bad = { readonly first: number; readonly last: number; readonly end: number }

const aboveOf = ({ indicator }: Slo) => (indicator.kind === 'level' ? indicator.above : 0)

function levelsOf(slo: Slo, series: LevelSeries, { first, last, end }: Bad): Values {
  const above = aboveOf(slo)
  const [good, bad] = [above * 0.8, above * 1.2]
  const stretch = (level: number, from: number, to: number) =>
    series.of === 'value'
      ? `${level}+0x${to - from}`
      : `${from * MOMENT_SECONDS - level}+${MOMENT_SECONDS}x${to - from}`
  const moved = [
    stretch(good, 0, first - 1),
    stretch(bad, first, last),
    stretch(good, last + 1, end),
  ]
  const beside = series.beside === undefined ? {} : { [series.beside]: stretch(good / 2, 0, end) }
  const others = series.others.map((name) => [name, stretch(bad, 0, end)])
  return { [series.series]: moved.join(' '), ...beside, ...Object.fromEntries(others) }
}

type Expected = { readonly seconds: number; readonly fires: boolean }

type AlertTest = {
  readonly name: string
  readonly step: number
  readonly values: Values
  readonly expected: readonly Expected[]
}

function alertTest(
  { slo, burn }: Subject,
  labels: Readonly<Record<string, string>>,
  { name, step, values, expected }: AlertTest,
): unknown {
  const firing = {
    exp_labels: {
      ...labels,
      ...{ slo: slo.name, severity: burn.severity, owner: slo.owner, window: burn.long },
    },
  }
  return {
    ...{ name, interval: `${step}s`, input_series: inputOf(values) },
    alert_rule_test: expected.map(({ seconds, fires }) => ({
      eval_time: `${seconds}s`,
      alertname: `${pascalCase(slo.name)}${burn.speed}Burn`,
      exp_alerts: fires ? [firing] : [],
    })),
  }
}

const inputOf = (values: Values) =>
  Object.entries(values).map(([series, text]) => ({ series, values: text }))

/** Half of the budget is left when half of what may be bad is bad. */
function budgetTest(slo: Slo, budget: number, series: EventSeries | LevelSeries): SloTest {
  const moments = windowSeconds('28d', 'normal') / MOMENT_SECONDS
  const last = series.kind === 'events' ? 40 : Math.round((moments * budget) / 2)
  const values =
    series.kind === 'events'
      ? countersOf(series, [{ events: 1_000_000, share: budget / 2, steps: last }])
      : levelsOf(slo, series, { first: 1, last, end: last + 1 })
  const labels = textOf({ slo: slo.name, ...series.labels })
  return {
    name: `budget of ${slo.name}`,
    rules: rulesWith(slo, ['28d']),
    intervalSeconds: MOMENT_SECONDS,
    tests: [
      {
        ...{ name: 'half is left', interval: `${MOMENT_SECONDS}s`, input_series: inputOf(values) },
        promql_expr_test: [
          {
            expr: `round(tenseams:slo_budget_left:ratio{${labels}}, 0.01)`,
            eval_time: `${last * MOMENT_SECONDS}s`,
            exp_samples: [{ labels: `{${labels}}`, value: 0.5 }],
          },
        ],
      },
    ],
  }
}
