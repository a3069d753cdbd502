import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ruleFileText } from '@tenseams/contracts/slo/files'
import { type Rule, type RuleGroup, sloGroups } from '@tenseams/contracts/slo/rules'
import { readSlos } from '@tenseams/contracts/slo/slo'
import type { Profile } from '@tenseams/contracts/slo/windows'
import { parse } from 'yaml'
import { scaledExpression, scaledMs } from './durations.ts'

const folder = join(import.meta.dirname, '../rules')
/** By alert: a bound of its expression, and what stands for it. */
const drillBounds: Readonly<Record<string, Readonly<Record<string, string>>>> = parse(
  readFileSync(join(folder, '../drill-bounds.yml'), 'utf8'),
)
const GENERATED = 'slo.yml'
/** No alert fires because two scrapes were missed, also when they are those that come every five seconds. */
const LEAST_WAIT_MS = 10_000
/** What a cause explains is left out until two scrapes after its end have shown that it is over as well. */
const LEAST_KEEP_MS = 10_000

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
    expr: scaledExpression(withDrillBounds(rule), profile),
    ...(rule.for !== undefined && { for: atLeast(LEAST_WAIT_MS, rule.for, profile) }),
    ...(rule.keep_firing_for !== undefined && {
      keep_firing_for: atLeast(LEAST_KEEP_MS, rule.keep_firing_for, profile),
    }),
  }
}

/** @throws Error when the rule does not have the bound that stands for it in drills. */
function withDrillBounds({ alert = '', expr }: Rule): string {
  return Object.entries(drillBounds[alert] ?? {}).reduce((text, [bound, inDrills]) => {
    if (text.split(bound).length !== 2) {
      throw new Error(`drill-bounds.yml: ${alert} does not have "${bound}" once`)
    }
    return text.replace(bound, inDrills)
  }, expr)
}

function atLeast(leastMs: number, duration: string, profile: Profile): string {
  return `${Math.max(scaledMs(duration, profile), leastMs) / 1_000}s`
}
