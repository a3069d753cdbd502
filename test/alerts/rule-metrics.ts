import type { Rule } from '@tenseams/contracts/slo/rules'

/** Words of PromQL that stand where a metric could. */
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'on', 'ignoring', 'without'])

/** The metrics of an expression, those that rules record included, each as it is declared: a histogram without its suffix. */
export function metricsIn(expr: string): ReadonlySet<string> {
  const plain = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|on|ignoring|without)\s*\([^)]*\)/g, '')
    .replaceAll(/\boffset\s+\w+/g, '')
  const names = [...plain.matchAll(/(?<![\w.])[a-z_:][\w:]*(?!\s*\(|[\w:])/gi)].map(
    ([name]) => name,
  )
  return new Set(names.filter((name) => !words.has(name)))
}

/** The metrics that an alert reads, also by way of what rules record. */
export function metricsReadBy(alert: Rule, rules: readonly Rule[]): ReadonlySet<string> {
  const slo = /slo="([^"]+)"/.exec(alert.expr)?.[1]
  const recorded = (name: string) =>
    rules.filter(
      ({ record, labels }) => record === name && (slo === undefined || labels?.slo === slo),
    )
  const read = [...metricsIn(alert.expr)].flatMap((name) => {
    const sources = recorded(name)
    return sources.length > 0 ? sources.flatMap((rule) => [...metricsReadBy(rule, rules)]) : [name]
  })
  return new Set(read)
}
