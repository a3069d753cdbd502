import type { Indicator, Slo } from './slo.ts'
import { type Burn, burns, longWindows, type Profile, profiles, windowSeconds } from './windows.ts'

/** A rule of Prometheus, as in its files. */
export type Rule = {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export type RuleGroup = {
  readonly name: string
  readonly interval?: string
  readonly rules: readonly Rule[]
}

/**
 * The recording rules and the alerts of every objective: for each burn rate an alert that needs a long window, which says
 * that it matters, and a short one, which says that it still goes on.
 */
export function sloGroups(slos: readonly Slo[], profile: Profile = 'normal'): readonly RuleGroup[] {
  return slos.flatMap((slo) => groupsOf(slo, profile))
}

function groupsOf(slo: Slo, profile: Profile): readonly RuleGroup[] {
  const { intervalSeconds, slowIntervalSeconds } = profiles[profile]
  const isSlow = (window: string) => longWindows.includes(window)
  const windows = [...new Set(burns.flatMap(({ short, long }) => [short, long]))]
  return [
    {
      name: `slo-${slo.name}`,
      interval: `${intervalSeconds}s`,
      rules: [
        ...badMoments(slo, profile),
        ...windows
          .filter((window) => !isSlow(window))
          .flatMap((window) => recorded(slo, window, profile)),
        ...burns.filter(({ long }) => !isSlow(long)).map((burn) => alertOf(slo, burn)),
      ],
    },
    {
      // What changes slowly is computed seldom: a window of days costs in proportion to its length.
      name: `slo-${slo.name}-slow`,
      interval: `${slowIntervalSeconds}s`,
      rules: [
        ...[...windows.filter(isSlow), BUDGET_WINDOW].flatMap((window) =>
          recorded(slo, window, profile),
        ),
        ...burns.filter(({ long }) => isSlow(long)).map((burn) => alertOf(slo, burn)),
        budgetLeft(slo),
      ],
    },
  ]
}

const BUDGET_WINDOW = '28d'

/** 1 while the level is above its bound, else 0, at each evaluation. */
function badMoments(slo: Slo, profile: Profile): readonly Rule[] {
  const { indicator } = slo
  if (indicator.kind !== 'level') return []
  const bound = profile === 'drill' ? indicator.drillAbove : indicator.above
  return [
    {
      record: 'tenseams:slo_bad:bool',
      expr: `(${indicator.value}) > bool ${bound}`,
      labels: { slo: slo.name },
    },
  ]
}

/** The share of bad events or moments in a window; for events also how many there were. */
function recorded(slo: Slo, window: string, profile: Profile): readonly Rule[] {
  const rule = (what: string, expr: string): Rule => ({
    record: `tenseams:slo_${what}${window}`,
    expr,
    labels: { slo: slo.name },
  })
  const { indicator } = slo
  if (indicator.kind === 'level')
    return [rule('errors:ratio', shareOfMoments(slo, window, profile))]
  const { bad, total } = counts(indicator, slo, rangeOf(window, profile))
  const of = (what: string) => `tenseams:slo_${what}:increase${window}{slo="${slo.name}"}`
  return [
    rule('total:increase', total),
    rule('bad:increase', bad(of('total'))),
    rule('errors:ratio', `${of('bad')} / ${of('total')}`),
  ]
}

/** Divided by all moments of the window: one before the first evaluation counts as good, so a fresh start calls nobody. */
function shareOfMoments({ name }: Slo, window: string, profile: Profile): string {
  const moments = windowSeconds(window, profile) / profiles[profile].intervalSeconds
  return `sum_over_time(tenseams:slo_bad:bool{slo="${name}"}[${rangeOf(window, profile)}]) / ${moments}`
}

type Counted = Exclude<Indicator, { readonly kind: 'level' }>

function counts(indicator: Counted, { by }: Slo, range: string) {
  const sumOf = (value: string) =>
    by.length > 0 ? `sum by (${by.join(', ')}) (${value})` : `sum(${value})`
  const sum = (series: string) => sumOf(`increase(${series}[${range}])`)
  if (indicator.kind === 'latency') {
    const { histogram, seconds } = indicator
    const total = sum(suffixed(histogram, '_count'))
    const inTime = sum(suffixed(histogram, '_bucket', `le="${seconds}"`))
    return { total, bad: (recordedTotal: string) => `${sumOf(recordedTotal)} - ${inTime}` }
  }
  const { bad } = indicator
  return {
    total: sum(indicator.total),
    // Without a bad event there may be no series of them.
    bad: (recordedTotal: string) => `${sum(bad)} or ${sumOf(recordedTotal)} * 0`,
  }
}

/** `name{a="b"}` with something behind its name and one more matcher. */
function suffixed(series: string, suffix: string, matcher?: string): string {
  const [, name = '', matchers = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(series) ?? []
  const all = [matchers, matcher].filter((each) => each !== undefined && each !== '')
  return `${name}${suffix}${all.length > 0 ? `{${all.join(',')}}` : ''}`
}

function alertOf(slo: Slo, { rate, long, short, severity, speed }: Burn): Rule {
  const limit = `${rate} * ${budgetOf(slo)}`
  const burning = [long, short].map(
    (window) => `tenseams:slo_errors:ratio${window}{slo="${slo.name}"} > ${limit}`,
  )
  const { indicator } = slo
  const enough =
    indicator.kind === 'level'
      ? []
      : [`tenseams:slo_bad:increase${long}{slo="${slo.name}"} >= ${indicator.least}`]
  const alert = `${pascalCase(slo.name)}${speed}Burn`
  return {
    alert,
    expr: [...burning, ...enough].join(' and '),
    labels: { severity, owner: slo.owner, window: long },
    annotations: {
      summary: `${ofWhich(slo)}not kept for {{ $value | humanizePercentage }} of the last ${long}: ${slo.title}`,
      description: `The budget is ${percent(budgetOf(slo))} of 28 days; at ${rate} times its rate it is spent in ${days(rate)}.`,
      // All burn rates of an objective have one page: they differ in how soon somebody is called.
      runbook_url: `runbooks/${pascalCase(slo.name)}Burn.md`,
    },
  }
}

function budgetLeft(slo: Slo): Rule {
  return {
    record: 'tenseams:slo_budget_left:ratio',
    expr: `1 - tenseams:slo_errors:ratio${BUDGET_WINDOW}{slo="${slo.name}"} / ${budgetOf(slo)}`,
    labels: { slo: slo.name },
  }
}

const budgetOf = ({ objective }: Slo) => Number((1 - objective).toFixed(6))

const percent = (ratio: number) => `${Number((ratio * 100).toFixed(4))} %`

const days = (rate: number) => (rate > 1 ? `${Number((28 / rate).toFixed(1))} days` : '28 days')

const ofWhich = ({ by }: Slo) => by.map((label) => `{{ $labels.${label} }}: `).join('')

export function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, initial: string) => initial.toUpperCase())
}

function rangeOf(window: string, profile: Profile): string {
  return profile === 'normal' ? window : `${windowSeconds(window, profile)}s`
}
