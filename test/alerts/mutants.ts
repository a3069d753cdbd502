import type { Rule } from '@tenseams/contracts/slo/rules'

/** A rule with one thing wrong. */
export type Mutant = { readonly what: string; readonly rule: Rule }

/** How far a threshold is moved: a test that does not notice it is too far away from the threshold. */
const FACTOR = 1.5

/**
 * A rule in every wrong form that a slip of the hand makes: each number larger and smaller, each comparison turned round, each
 * condition joined otherwise, each label selected otherwise or lost, no or a longer wait, another severity.
 */
export function mutantsOf(rule: Rule): readonly Mutant[] {
  return [...expressionMutants(rule), ...waitMutants(rule), ...severityMutants(rule)]
}

function waitMutants(rule: Rule): readonly Mutant[] {
  const { for: wait, ...rest } = rule
  if (wait === undefined) return []
  return [
    { what: 'without `for`', rule: rest },
    { what: `for ${wait} twice`, rule: { ...rule, for: twice(wait) } },
  ]
}

function twice(duration: string): string {
  return duration.replaceAll(/\d+/g, (count) => String(Number(count) * 2))
}

function severityMutants(rule: Rule): readonly Mutant[] {
  const severity = rule.labels?.severity
  if (severity === undefined) return []
  const other = severity === 'page' ? 'ticket' : 'page'
  return [
    { what: `severity ${other}`, rule: { ...rule, labels: { ...rule.labels, severity: other } } },
  ]
}

type Token = { readonly text: string; readonly at: number; readonly kind: Kind }
type Kind = 'comparison' | 'number' | 'joining' | 'matching' | 'grouping' | 'other'

/** What PromQL is made of, as far as it is changed. Names before numbers, so that `ratio5m` and `le="5"` have none. */
const grammar: readonly (readonly [Kind, RegExp])[] = [
  ['other', /"(?:[^"\\]|\\.)*"/y],
  ['other', /\[[^\]]*\]/y],
  ['other', /offset\s+\S+/y],
  // A value, and no threshold.
  ['other', /vector\(\d+\)/y],
  ['grouping', /\b(?:by|on|ignoring|without)\s*\([^()]*\)/y],
  ['joining', /\b(?:and|or|unless)\b/y],
  ['matching', /[a-z_]\w*\s*(?:=~|!~|!=|=)(?==?\s*")?(?=\s*")/iy],
  ['other', /[a-z_:][\w:]*/iy],
  ['comparison', />=|<=|==|!=|>|</y],
  ['number', /\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy],
  ['other', /[\s\S]/y],
]

function tokensOf(expr: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < expr.length; ) {
    const token = tokenAt(expr, at)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function tokenAt(expr: string, at: number): Token {
  for (const [kind, pattern] of grammar) {
    pattern.lastIndex = at
    const text = pattern.exec(expr)?.[0]
    if (text !== undefined) return { text, at, kind }
  }
  throw new Error(`no token at ${at} of ${expr}`)
}

function expressionMutants(rule: Rule): readonly Mutant[] {
  const { expr } = rule
  return tokensOf(expr).flatMap(({ text, at, kind }) =>
    replacements[kind](text).map((replacement) => ({
      what: `${text} → ${replacement || 'nothing'} at ${at}`,
      rule: { ...rule, expr: expr.slice(0, at) + replacement + expr.slice(at + text.length) },
    })),
  )
}

const turned: Readonly<Record<string, string>> = {
  '>': '<',
  '<': '>',
  '>=': '<',
  '<=': '>',
  '==': '!=',
  '!=': '==',
}

const replacements: Readonly<Record<Kind, (text: string) => readonly string[]>> = {
  comparison: (text) => [turned[text] ?? text],
  number: (text) => otherThresholds(Number(text)).map(String),
  joining: (text) => [text === 'and' ? 'or' : 'and'],
  matching: (text) => [oppositeMatcher(text)],
  grouping: withoutOneLabel,
  other: () => [],
}

/** 0 becomes what always and what never holds. A count as small as 1 has neighbours that are whole. */
function otherThresholds(threshold: number): readonly number[] {
  if (threshold === 0) return [-1, 1e12]
  if (threshold <= 3 && Number.isInteger(threshold)) return [threshold + 1, threshold - 1]
  return [threshold * FACTOR, threshold / FACTOR]
}

function oppositeMatcher(text: string): string {
  if (/=~$/.test(text)) return text.replace(/=~$/, '!~')
  if (/!~$/.test(text)) return text.replace(/!~$/, '=~')
  return text.endsWith('!=') ? text.replace(/!=$/, '=') : text.replace(/=$/, '!=')
}

function withoutOneLabel(text: string): readonly string[] {
  const [, word = '', list = ''] = /^(\w+)\s*\(([^()]*)\)$/.exec(text) ?? []
  const labels = list.split(',').map((label) => label.trim())
  if (list.trim() === '') return []
  return labels.map((left) => `${word} (${labels.filter((label) => label !== left).join(', ')})`)
}
