import { stringify } from 'yaml'
import { type RuleGroup, sloGroups } from './rules.ts'
import type { Slo } from './slo.ts'
import { burns } from './windows.ts'

/** The generated rules as a file of Prometheus. */
export function sloRulesFile(slos: readonly Slo[]): string {
  const header =
    '# Generated from contracts/slo.yaml by `npm run contracts -- generate`. Do not edit.\n'
  return header + ruleFileText(sloGroups(slos))
}

/** Groups of rules as a file of Prometheus. */
export function ruleFileText(groups: readonly RuleGroup[]): string {
  return stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** The table of objectives, each with its budget and who is called when. */
export function objectivesPage(slos: readonly Slo[]): string {
  const rows = slos.map((slo) =>
    ['', `\`${slo.name}\``, slo.title, percentText(slo.objective), budgetText(slo), slo.owner, '']
      .join(' | ')
      .trim(),
  )
  const rates = burns.map(({ rate, long, short, severity }) =>
    [
      '',
      String(rate),
      `${long} and ${short}`,
      `${Number((28 / rate).toFixed(1))} days`,
      severity,
      '',
    ]
      .join(' | ')
      .trim(),
  )
  return `<!-- Generated from contracts/slo.yaml by \`npm run contracts -- generate\`. Do not edit. -->

# Objectives

What is promised to those who use the system, measured over 28 days. What follows when a budget is spent:
[error budgets](error-budgets.md).

| objective | promise | good | budget of 28 days | owner |
|---|---|---|---|---|
${rows.join('\n')}

A budget in minutes is for what is judged by time, one in events for what is judged by events. Alerts compare how fast a budget is
being spent with how fast it may be, in a long window and in a short one at once:

| times too fast | windows | budget spent in | severity |
|---|---|---|---|
${rates.join('\n')}
`
}

const MINUTES_OF_28_DAYS = 28 * 24 * 60

function budgetText({ objective, indicator, by }: Slo): string {
  const each = by.length > 0 ? `, for each ${by.join(' and ')}` : ''
  if (indicator.kind === 'level') {
    return `${Math.round((1 - objective) * MINUTES_OF_28_DAYS)} minutes${each}`
  }
  return `1 of ${Math.round(1 / (1 - objective))} events${each}`
}

const percentText = (ratio: number) => `${Number((ratio * 100).toFixed(4))} %`
