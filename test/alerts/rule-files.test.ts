import { readSlos } from '@tenseams/contracts/slo/slo'
import type { Metric } from '@tenseams/contracts/telemetry/declaration'
import { readTelemetry } from '@tenseams/contracts/telemetry/read'
import { describe, expect, test } from 'vitest'
import { casesByAlert, causes, groupsIn, ruleFiles } from './rule-files.ts'
import { metricsReadBy } from './rule-metrics.ts'

const alerts = ruleFiles
  .flatMap(groupsIn)
  .flatMap(({ rules }) => rules)
  .filter(({ alert }) => alert !== undefined)

describe('every alert', () => {
  test.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))(
    '%s has a severity, an owner, a summary and a runbook of its name, or of its objective’s',
    (name, { labels, annotations }) => {
      expect(['page', 'ticket', 'none']).toContain(labels?.severity)
      expect(labels?.owner).toMatch(/^[a-z]+$/)
      expect(annotations?.summary?.length).toBeGreaterThan(10)
      const page = name.replace(/(?:Fast|Slow)Burn$/, 'Burn')
      expect(annotations?.runbook_url).toBe(`runbooks/${page}.md`)
    },
  )
})

describe('every hand-written alert', () => {
  const cases = casesByAlert()

  test('has a name of its own, and a file of cases; no file is about another one', () => {
    const names = causes().map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    expect([...cases.keys()].toSorted()).toEqual(names.toSorted())
  })

  test.each([...cases].filter(([name]) => name !== 'Watchdog'))(
    '%s has a case in which it fires, and a time at which it does not',
    (_name, all) => {
      const moments = all.flatMap(({ at }) => Object.values(at))
      expect(moments).toContain('silent')
      expect(moments.some((moment) => moment !== 'silent')).toBe(true)
    },
  )
})

describe('what an alert reads', () => {
  const rules = ruleFiles.flatMap(groupsIn).flatMap((group) => group.rules)
  const read = new Map(alerts.map((rule) => [rule, metricsReadBy(rule, rules)]))
  const { metrics } = readTelemetry()
  const seriesOf = ({ name, type }: Metric) =>
    type === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => name + suffix) : [name]
  const declared = new Set(metrics.flatMap(seriesOf))

  test('is declared in contracts/telemetry.yaml', () => {
    const names = [...read.values()].flatMap((each) => [...each])
    expect(names.filter((name) => !declared.has(name))).toEqual([])
  })

  test('has in its cases the labels that are declared, so that it fires on what is really shown', () => {
    const { services } = readTelemetry()
    const labelsOf = ({ labels, from }: Metric) => [
      ...Object.keys(labels),
      // Prometheus adds them to every series.
      ...['job', 'instance'],
      ...(from.some((part) => services.includes(part)) ? ['service'] : []),
    ]
    const known = new Map(
      metrics.flatMap((metric) =>
        seriesOf(metric).map((name) => [name, labelsOf(metric)] as const),
      ),
    )
    const unknown = [...casesByAlert()].flatMap(([alert, cases]) =>
      cases
        .flatMap(({ series }) => Object.keys(series))
        .flatMap((series) => {
          const [name = ''] = series.split('{')
          const used = [...series.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
          return used
            .filter((label) => known.get(name)?.includes(label) !== true)
            .map((label) => `${alert}: ${name} has no label ${label}`)
        }),
    )
    expect([...new Set(unknown)]).toEqual([])
  })

  test('is what contracts/telemetry.yaml says of each metric', () => {
    const readersOf = (metric: Metric) =>
      alerts
        .filter((rule) => seriesOf(metric).some((name) => read.get(rule)?.has(name)))
        .map(({ alert = '' }) => alert)
    const found = metrics.map((metric) => [metric.name, [...new Set(readersOf(metric))].toSorted()])
    expect(metrics.map(({ name, alerts: said }) => [name, said.toSorted()])).toEqual(found)
  })

  test.each(readSlos().map((slo) => [slo.name, slo.indicator] as const))(
    '%s counts up to a bound that is one of its histogram’s buckets',
    (_name, indicator) => {
      if (indicator.kind !== 'latency') return
      const name = indicator.histogram.replace(/\{.*/, '')
      const buckets = metrics.find((metric) => metric.name === name)?.buckets
      expect(buckets).toContain(indicator.seconds)
    },
  )
})
