import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSlos } from '@tenseams/contracts/slo/slo'
import { readTelemetry } from '@tenseams/contracts/telemetry/read'
import { panelsOf } from '@tenseams/observability/dashboards/dashboard'
import { dashboardFiles, dashboards } from '@tenseams/observability/dashboards/files'
import { boundOf, burnAlerts } from '@tenseams/observability/dashboards/objectives'
import { describe, expect, test } from 'vitest'
import { groupsIn, ruleFiles } from '../alerts/rule-files.ts'
import { rootFolder } from '../runner/program.ts'
import { knownSeries, mistakesIn, queries, repeated } from './queries.ts'

const rules = ruleFiles.flatMap(groupsIn).flatMap((group) => group.rules)
const known = knownSeries(readTelemetry(), rules, readSlos())
const panels = dashboards.flatMap(panelsOf)

describe('a query of a dashboard', () => {
  test.each(queries.map((query) => [query.panel, query] as const))(
    'reads what is declared, and its legend tells its series apart: %s',
    (_panel, query) => {
      expect(mistakesIn(query, known)).toEqual([])
    },
  )

  test.each([
    [
      'a metric that nobody declares',
      { legend: 'all', expr: 'sum(rate(tenseams_orders_total[1m]))' },
      'tenseams_orders_total is not declared',
    ],
    [
      'a histogram without its suffix',
      { legend: 'all', expr: 'sum(tenseams_handler_duration_seconds)' },
      'tenseams_handler_duration_seconds is not declared',
    ],
    [
      'a label that the metric has not',
      { legend: 'all', expr: 'sum(tenseams_queue_items{topic="orders"})' },
      'tenseams_queue_items has no label topic',
    ],
    [
      'a value that the label cannot have',
      { legend: 'all', expr: 'sum(tenseams_connector_tasks{state=~"failed|broken"})' },
      'tenseams_connector_tasks has no state="broken"',
    ],
    [
      'a grouping by a label that no series in it has',
      { legend: '{{table}}', expr: 'max by (table) (tenseams_queue_items) + up' },
      'tenseams_queue_items has no label table',
    ],
    [
      'a grouping around a function',
      { legend: '{{slot}}', expr: 'sum by (slot) (rate(tenseams_ticks_total[5m]))' },
      'tenseams_ticks_total has no label slot',
    ],
    [
      'a legend with a label that was summed up',
      { legend: '{{queue}}', expr: 'sum by (service) (tenseams_queue_items)' },
      'the legend has {{queue}}, which the result has not',
    ],
    [
      'two series with one legend',
      { legend: '{{group}}', expr: 'max by (group, topic) (tenseams_consumer_lag_seconds)' },
      'the legend does not tell topic',
    ],
  ])('is refused for %s', (_what, query, mistake) => {
    expect(mistakesIn(query, known)).toContain(mistake)
  })
})

describe('the panels', () => {
  test('are no two of them the same', () => {
    expect(repeated(panels)).toEqual([])
  })

  test('are found to be the same by their title or by what they ask', () => {
    const [first, second] = panels
    if (first === undefined || second === undefined) expect.fail('there are no panels')
    expect(repeated([first, second, { ...second, title: 'another' }])).toHaveLength(1)
    expect(repeated([first, { ...second, title: first.title }])).toEqual([first.title])
  })

  test('are where every alert leads to, and lead to alerts that exist', () => {
    const alerts = rules.flatMap(({ alert }) => alert ?? [])
    const linked = panels.flatMap((panel) => panel.alerts ?? [])
    expect([...new Set(linked)].toSorted()).toEqual([...new Set(alerts)].toSorted())
  })

  test('have the bound of the objective whose alerts they link', () => {
    const differing = readSlos().flatMap(({ name }) =>
      panels
        .filter(({ alerts = [] }) => burnAlerts(name).some((alert) => alerts.includes(alert)))
        .filter(({ bad }) => JSON.stringify(bad) !== JSON.stringify(boundOf(name)))
        .map(({ title }) => `${title} is not red above the bound of ${name}`),
    )
    expect(differing).toEqual([])
  })
})

describe('the files', () => {
  const files = dashboardFiles()

  test('are four, and nothing else is in their folder', () => {
    const names = files.map(({ file }) => file.replace('deploy/observability/dashboards/', ''))
    expect(readdirSync(join(rootFolder, 'deploy/observability/dashboards')).toSorted()).toEqual(
      names.toSorted(),
    )
  })

  test.each(files.map(({ file }) => file))(
    '%s links each alert to Prometheus and its runbook',
    (file) => {
      const text = readFileSync(join(rootFolder, file), 'utf8')
      const { panels: written }: { readonly panels: readonly Written[] } = JSON.parse(text)
      const links = written.flatMap((panel) => panel.links ?? [])
      const runbooks = rules.flatMap(({ annotations }) => annotations?.runbook_url ?? [])
      for (const { url } of links) {
        if (url.startsWith('${prometheus:raw}/alerts?search=')) continue
        expect(runbooks).toContain(url.replace('${repository:raw}', ''))
      }
      expect(new Set(written.map(({ id }) => id)).size).toBe(written.length)
    },
  )
})

type Written = { readonly id: number; readonly links?: readonly { readonly url: string }[] }
