import { pascalCase } from '@tenseams/contracts/slo/rules'
import { readSlos, type Slo } from '@tenseams/contracts/slo/slo'
import { burns } from '@tenseams/contracts/slo/windows'

/** From where on something is bad by contracts/slo.yaml: a level, a duration, or a share of bad events. */
export function boundOf(name: string): { readonly above: number } {
  const slo = readSlos().find((each) => each.name === name)
  if (slo === undefined) throw new Error(`contracts/slo.yaml has no objective ${name}`)
  return { above: badFrom(slo) }
}

function badFrom({ indicator, objective }: Slo): number {
  switch (indicator.kind) {
    case 'level':
      return indicator.above
    case 'latency':
      return indicator.seconds
    case 'events':
      return budgetOf(objective)
  }
}

/** The alerts about an objective. */
export function burnAlerts(name: string): readonly string[] {
  return [...new Set(burns.map(({ speed }) => `${pascalCase(name)}${speed}Burn`))]
}

/** How many times faster than sustainable the budget of each objective is spent, by its name. */
export function burnRates(window: string): Readonly<Record<string, string>> {
  const rates = readSlos().map(({ name, objective }) => [
    name,
    `max(tenseams:slo_errors:ratio${window}{slo="${name}"}) / ${budgetOf(objective)}`,
  ])
  return Object.fromEntries(rates)
}

/** The rate at which somebody is paged at once. */
export const pagingRate: number = Math.max(...burns.map(({ rate }) => rate))

const budgetOf = (objective: number) => Number((1 - objective).toFixed(6))
