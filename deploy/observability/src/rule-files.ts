import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ruleFileText } from '@tenseams/contracts/slo/files'
import { type Rule, type RuleGroup, sloGroups } from '@tenseams/contracts/slo/rules'
import { readSlos } from '@tenseams/contracts/slo/slo'
import type { Profile } from '@tenseams/contracts/slo/windows'
import { parse } from 'yaml'
import { scaledDuration, scaledExpression } from './durations.ts'

const folder = join(import.meta.dirname, '../rules')
const GENERATED = 'slo.yml'

/** Every file of rules by its name. In drills the windows are shorter: generated anew for objectives, scaled in the others. */
export function ruleFilesFor(profile: Profile): ReadonlyMap<string, string> {
  const files = readdirSync(folder).map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [name, profile === 'normal' ? text : inProfile(name, text, profile)] as const
  })
  return new Map(files)
}

function inProfile(name: string, text: string, profile: Profile): string {
  if (name === GENERATED) return ruleFileText(sloGroups(readSlos(), profile))
  const { groups }: { readonly groups: readonly RuleGroup[] } = parse(text)
  return ruleFileText(
    groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => scaledRule(rule, profile)),
    })),
  )
}

function scaledRule(rule: Rule, profile: Profile): Rule {
  return {
    ...rule,
    expr: scaledExpression(rule.expr, profile),
    ...(rule.for !== undefined && { for: scaledDuration(rule.for, profile) }),
  }
}
