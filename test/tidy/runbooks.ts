import { type Page, severities, variableOf } from '@tenseams/observability/runbooks/page'
import { mistakesOf } from '@tenseams/observability/runbooks/pages'
import { readPage, usesVariable } from '@tenseams/observability/runbooks/read-page'
import { parse } from 'yaml'
import { linksOf } from './documents.ts'
import { filesNamed, type Tree } from './tree.ts'

const PAGE = /^runbooks\/([^/]+)\.md$/
const RULES = /^deploy\/observability\/rules\/([^/]+)\.yml$/
const CASES = /^deploy\/observability\/cases\/([^/]+)\.yml$/
const OBJECTIVES = 'contracts/slo.yaml'
const SHELL = 'deploy/observability/environment.sh'

type Alert = {
  readonly name: string
  readonly severity: string
  readonly runbook: string
  /** Of an objective: its rules, and their cases, are generated. */
  readonly slo: string | undefined
}

/** Mistakes in the form of a page, with file and line. */
export function malformedRunbooks(tree: Tree): readonly string[] {
  const pages = pageFiles(tree)
  const strangers = filesNamed(tree, /^runbooks\//)
    .filter(([path]) => !PAGE.test(path))
    .map(([path]) => `${path} is no page: runbooks/ has pages and the README about their form`)
  return [...strangers, ...mistakesOf(new Map(pages.map(([name, text]) => [name, text])))]
}

/** Alerts without a page, and pages without an alert. Both sides name each other. */
export function unpairedRunbooks(tree: Tree): readonly string[] {
  const pages = pagesOf(tree)
  const alerts = alertsOf(tree)
  const without = alerts.flatMap(({ name, runbook }) => {
    const page = pages.find((each) => `runbooks/${each.name}.md` === runbook)
    if (page === undefined) return [`${name} has no runbook: ${runbook || 'it names none'}`]
    return page.alerts.includes(name) ? [] : [`${runbook} is not about ${name}, which names it`]
  })
  const orphaned = pages.flatMap((page) =>
    page.alerts
      .filter((name) => !alerts.some((alert) => alert.name === name))
      .map((name) => `runbooks/${page.name}.md is about ${name}, which no rule has`),
  )
  return [...new Set([...without, ...orphaned, ...pages.flatMap((page) => gravity(page, alerts))])]
}

/** A page for several alerts has the gravest of their severities. */
function gravity(page: Page, alerts: readonly Alert[]): readonly string[] {
  const own = alerts.filter(({ name }) => page.alerts.includes(name))
  const expected = severities.find((each) => own.some(({ severity }) => severity === each))
  if (expected === undefined || page.severity === expected) return []
  return [`runbooks/${page.name}.md says severity ${page.severity}, its alert has ${expected}`]
}

/** Alerts written by hand without cases for promtool, and cases about no alert. */
export function untestedAlerts(tree: Tree): readonly string[] {
  const names = alertsOf(tree)
    .filter(({ slo }) => slo === undefined)
    .map(({ name }) => name)
  const cases = filesNamed(tree, CASES).map(([path]) => CASES.exec(path)?.[1] ?? '')
  return [
    ...names.filter((name) => !cases.includes(name)).map((name) => `${name} has no cases`),
    ...cases
      .filter((name) => !names.includes(name))
      .map((name) => `cases/${name}.yml: no such alert`),
  ]
}

/** Labels of a page that its alerts do not have, so nobody could say them. */
export function unknownLabels(tree: Tree): readonly string[] {
  const alerts = alertsOf(tree)
  return pagesOf(tree).flatMap((page) =>
    Object.keys(page.labels)
      .filter((label) =>
        alerts
          .filter(({ name }) => page.alerts.includes(name))
          .some((alert) => !labelsOf(tree, alert).includes(label)),
      )
      .map((label) => `runbooks/${page.name}.md: its alert has no label ${label}`),
  )
}

function labelsOf(tree: Tree, { name, slo }: Alert): readonly string[] {
  if (slo !== undefined) {
    const { slos } = parse(tree.get(OBJECTIVES) ?? '')
    return slos[slo]?.by ?? []
  }
  const { cases } = parse(tree.get(`deploy/observability/cases/${name}.yml`) ?? 'cases: []')
  const firing: readonly unknown[] = cases.flatMap(({ at }: { readonly at: object }) =>
    Object.values(at).flat(),
  )
  return firing.flatMap((each) =>
    typeof each === 'object' && each !== null ? Object.keys(each) : [],
  )
}

/** Metrics in pages that nobody has declared, and that would be asked for in vain. */
export function undeclaredInRunbooks(tree: Tree): readonly string[] {
  const { metrics, foreign } = parse(tree.get('contracts/telemetry.yaml') ?? 'metrics: {}')
  const declared = new Set(
    Object.entries<{ readonly type?: string }>({ ...metrics, ...foreign }).flatMap(
      ([name, { type }]) =>
        type === 'histogram'
          ? ['', '_bucket', '_count', '_sum'].map((suffix) => name + suffix)
          : [name],
    ),
  )
  const recorded = new Set(rulesOf(tree).flatMap(({ record }) => record ?? []))
  return pageFiles(tree).flatMap(([name, text]) =>
    [...new Set(text.match(METRIC) ?? [])]
      .filter((metric) => !declared.has(metric) && !recorded.has(metric))
      .map((metric) => `runbooks/${name}.md reads ${metric}, which is not declared`),
  )
}

/** Names of which the first word says that they are metrics. */
const METRIC =
  /\b(?:tenseams|flink_jobmanager|flink_taskmanager|nodejs|process_(?:start|resident|open|max|cpu)|prometheus_(?:rule|notifications)|alertmanager_notifications)[_:][\w:]*\w\b/g

/** Variables that neither the shell nor the alert sets, and that no command asks for. `$NF` is awk's. */
export function unsetVariables(tree: Tree): readonly string[] {
  const shell = tree.get(SHELL) ?? ''
  const exported = ['NF', ...(shell.match(/\b[A-Z][A-Z_]+(?==)|(?<=export )[A-Z_]+/g) ?? [])]
  return pagesOf(tree).flatMap((page) => {
    const known = new Set([...exported, ...Object.keys(page.labels).map(variableOf)])
    return page.fences.flatMap(({ name, command, line }) => {
      const used = [...command.matchAll(/\$\{?([A-Z][A-Z_]+)\b/g)].map(
        ([, variable = '']) => variable,
      )
      const own = [...command.matchAll(/\$\{([A-Z_]+):[?-]|\b([A-Z][A-Z_]+)=/g)].flat()
      return [...new Set(used)]
        .filter((variable) => !known.has(variable) && !own.includes(variable))
        .map(
          (variable) =>
            `runbooks/${page.name}.md:${line}: ${name} uses $${variable}, which nobody sets`,
        )
    })
  })
}

/** The line under a title says which shell the commands need, and which variables it has to have. */
export function withoutShell(tree: Tree): readonly string[] {
  return pagesOf(tree).flatMap(({ name, introduction, labels, fences }) => {
    const missing = Object.keys(labels)
      .map(variableOf)
      .filter((variable) => fences.some(({ command }) => usesVariable(command, variable)))
      .filter((variable) => !introduction.includes(`${variable}=…`))
    return [
      ...(linksOf(introduction).includes('README.md#the-shell')
        ? []
        : [`runbooks/${name}.md does not say under its title which shell it needs`]),
      ...missing.map((variable) => `runbooks/${name}.md does not say export ${variable}=…`),
    ]
  })
}

function pageFiles(tree: Tree): readonly (readonly [name: string, text: string])[] {
  return filesNamed(tree, PAGE)
    .map(([path, text]) => [PAGE.exec(path)?.[1] ?? '', text] as const)
    .filter(([name]) => name !== 'README')
}

export function pagesOf(tree: Tree): readonly Page[] {
  return pageFiles(tree).map(([name, text]) => readPage(name, text).page)
}

type Rule = {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

function rulesOf(tree: Tree): readonly Rule[] {
  return filesNamed(tree, RULES).flatMap(([, text]) => {
    const { groups }: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } =
      parse(text)
    return groups.flatMap(({ rules }) => rules)
  })
}

function alertsOf(tree: Tree): readonly Alert[] {
  return rulesOf(tree).flatMap(({ alert, labels, annotations, expr }) =>
    alert === undefined
      ? []
      : [
          {
            name: alert,
            severity: labels?.severity ?? '',
            runbook: annotations?.runbook_url ?? '',
            slo: /tenseams:slo_\w+:\w+\{slo="([^"]+)"\}/.exec(expr)?.[1],
          },
        ],
  )
}
