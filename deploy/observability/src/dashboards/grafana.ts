import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Dashboard as GrafanaDashboard,
  RowBuilder,
  TextBoxVariableBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { host, portsAt } from '@tenseams/cli/ports'
import type { Dashboard, Panel } from './dashboard.ts'

/** Two panels in a row of 24 columns. */
const size = { span: 12, height: 8 }
const source = { type: 'prometheus', uid: '${datasource}' }

/** Shared by all, so that each links to the others. */
const TAG = 'ten-seams'

/**
 * Grafana's JSON of a dashboard, in the classic form, which every Grafana since 9 can be provisioned with from a file.
 *
 * @param runbooks of every alert, the path that its rule has as `runbook_url`.
 */
export function grafanaDashboard(
  { uid, title, says, rows }: Dashboard,
  runbooks: ReadonlyMap<string, string>,
): GrafanaDashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(says)
    .tags([TAG])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .variables([
      new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
      address('prometheus', 'Address of Prometheus', `http://${host}:${portsAt(0).prometheus}`),
      address('repository', 'Where the folder runbooks is', ''),
    ])
    .links([
      new DashboardLinkBuilder('other pages')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true),
    ])
  let id = 0
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(++id))
    for (const panel of row.panels) builder.withPanel(grafanaPanel(panel, runbooks).id(++id))
  }
  return builder.build()
}

function grafanaPanel(panel: Panel, runbooks: ReadonlyMap<string, string>): PanelBuilder {
  const { title, unit, queries, look, alerts = [], bad } = panel
  const builder = new PanelBuilder()
    .title(title)
    .description(look)
    .unit(unit)
    .datasource(source)
    .span(size.span)
    .height(size.height)
    .fillOpacity(5)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Right)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .links(alerts.flatMap((alert) => linksOf(alert, runbooks)))
  for (const [index, [legend, expr]] of Object.entries(queries).entries()) {
    builder.withTarget(
      new DataqueryBuilder().refId(refIdOf(index)).expr(expr).legendFormat(legend).range(),
    )
  }
  if (bad === undefined) return builder
  return builder
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(bad)))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.LineAndArea),
    )
}

/** An alert at Prometheus, with its figures, and its runbook. */
function linksOf(alert: string, runbooks: ReadonlyMap<string, string>) {
  const runbook = runbooks.get(alert)
  if (runbook === undefined) throw new Error(`no rule has the alert ${alert}`)
  const link = (title: string, url: string) =>
    new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true)
  return [
    link(alert, `\${prometheus:raw}/alerts?search=${alert}`),
    link(`Runbook of ${alert}`, `\${repository:raw}${runbook}`),
  ]
}

function stepsOf(bad: NonNullable<Panel['bad']>): Threshold[] {
  return 'above' in bad
    ? [
        { value: null, color: 'green' },
        { value: bad.above, color: 'red' },
      ]
    : [
        { value: null, color: 'red' },
        { value: bad.below, color: 'green' },
      ]
}

function address(name: string, label: string, text: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .defaultValue(text)
    .current({ selected: true, text, value: text })
}

/** A, B, C. */
const refIdOf = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index)
