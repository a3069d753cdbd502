import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rule, RuleGroup } from '@tenseams/contracts/slo/rules'
import { parse } from 'yaml'
import { rootFolder } from '../runner/program.ts'

const folder = join(rootFolder, 'deploy/observability')

/** Every group of rules of a file in deploy/observability/rules. */
export function groupsIn(file: string): readonly RuleGroup[] {
  const { groups }: { readonly groups: readonly RuleGroup[] } = parse(
    readFileSync(join(folder, 'rules', file), 'utf8'),
  )
  return groups
}

export const ruleFiles: readonly string[] = readdirSync(join(folder, 'rules'))

/** The hand-written alerts, which have a file of cases each; those of slo.yml are generated. */
export function causes(): readonly Rule[] {
  return ruleFiles
    .filter((file) => file !== 'slo.yml')
    .flatMap(groupsIn)
    .flatMap(({ rules }) => rules)
}

export type Firing = Readonly<Record<string, string>> & { readonly summary: string }

/** What must have happened before an alert fires, and what does not make it fire. */
export type Case = {
  readonly says: string
  /** Values by series, in the notation of promtool, one every 15 seconds. */
  readonly series: Readonly<Record<string, string>>
  /** By time: `silent`, or the labels and the summary of each alert that fires. Severity and owner are the rule's. */
  readonly at: Readonly<Record<string, 'silent' | readonly Firing[]>>
}

/** The files of cases, by the alert that each is about. */
export function casesByAlert(): ReadonlyMap<string, readonly Case[]> {
  const names = readdirSync(join(folder, 'cases'))
  return new Map(
    names.map((name) => {
      const { cases }: { readonly cases: readonly Case[] } = parse(
        readFileSync(join(folder, 'cases', name), 'utf8'),
      )
      return [name.replace(/\.yml$/, ''), cases]
    }),
  )
}
