import type { RuleGroup } from '@tenseams/contracts/slo/rules'
import { parse } from 'yaml'
import { ruleFilesFor } from '../rule-files.ts'
import type { Dashboard } from './dashboard.ts'
import { flink } from './flink.ts'
import { grafanaDashboard } from './grafana.ts'
import { kafkaAndGroups } from './kafka.ts'
import { lake } from './lake.ts'
import { wholeWay } from './whole-way.ts'

export const dashboards: readonly Dashboard[] = [wholeWay, kafkaAndGroups, flink, lake]

const FOLDER = 'deploy/observability/dashboards/'

/** Every dashboard as a file of Grafana, by its path from the project's root. */
export function dashboardFiles(): readonly { readonly file: string; readonly text: string }[] {
  const runbooks = runbooksByAlert()
  return dashboards.map((dashboard) => ({
    file: `${FOLDER}${dashboard.uid}.json`,
    text: `${JSON.stringify(grafanaDashboard(dashboard, runbooks), undefined, 2)}\n`,
  }))
}

/** What each rule says where its runbook is. */
function runbooksByAlert(): ReadonlyMap<string, string> {
  const groups = [...ruleFilesFor('normal').values()].flatMap((text) => {
    const file: { readonly groups: readonly RuleGroup[] } = parse(text)
    return file.groups
  })
  const rules = groups.flatMap(({ rules }) => rules)
  return new Map(
    rules.flatMap(({ alert, annotations }) =>
      alert === undefined ? [] : [[alert, annotations?.runbook_url ?? '']],
    ),
  )
}
