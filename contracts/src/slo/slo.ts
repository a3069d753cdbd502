import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { ContractError } from '../errors.ts'

/** A promise to those who use the system: `contracts/slo.yaml` says what each property means. */
export type Slo = {
  readonly name: string
  readonly title: string
  readonly owner: string
  readonly objective: number
  readonly by: readonly string[]
  readonly indicator: Indicator
}

export type Indicator =
  | {
      readonly kind: 'events'
      readonly total: string
      readonly bad: string
      readonly least: number
    }
  | {
      readonly kind: 'latency'
      readonly histogram: string
      readonly seconds: number
      readonly least: number
    }
  | {
      readonly kind: 'level'
      readonly value: string
      readonly above: number
      readonly drillAbove: number
    }

/** At a burn rate of 14.4 more than everything would have to be bad below this objective, so no page could ever come. */
const LEAST_OBJECTIVE = 0.94

const sloFile = fileURLToPath(new URL('../../slo.yaml', import.meta.url))

/**
 * All objectives in the file's order.
 *
 * @throws ContractError with all mistakes of the file.
 */
export function readSlos(): readonly Slo[] {
  return parseSlos(readFileSync(sloFile, 'utf8'))
}

export function parseSlos(yaml: string): readonly Slo[] {
  const document: unknown = parseYaml(yaml)
  const { slos, ...strange } = isObject(document) ? document : {}
  if (!isObject(slos) || Object.keys(slos).length === 0)
    throw invalid(['`slos` is missing or empty'])
  const entries = Object.entries(slos)
  const mistakes = [
    ...Object.keys(strange).map((name) => `\`${name}\` is not known: only \`slos\` is`),
    ...entries.flatMap(([name, entry]) => mistakesOf(name, isObject(entry) ? entry : {})),
  ]
  if (mistakes.length > 0) throw invalid(mistakes)
  // Every property was checked just above.
  return entries.map(([name, entry]) => sloOf(name, entry as Entry))
}

type Entry = Readonly<Record<string, unknown>>

function sloOf(name: string, entry: Entry): Slo {
  const kind = kindOf(entry)
  return Object.freeze({
    by: [],
    ...entry,
    name,
    indicator: { kind, ...(entry[kind] as Entry) },
  }) as unknown as Slo
}

function kindOf(entry: Entry): Indicator['kind'] {
  const [kind] = kinds.filter((each) => entry[each] !== undefined)
  return kind ?? 'events'
}

function parseYaml(yaml: string): unknown {
  try {
    return parse(yaml)
  } catch (error) {
    throw new ContractError('contracts/slo.yaml is not YAML', { cause: error })
  }
}

type Check = readonly [expected: string, holds: (value: unknown) => boolean]

const text: Check = ['text', (value) => typeof value === 'string' && value.trim() !== '']
const positive: Check = ['a number above 0', (value) => typeof value === 'number' && value > 0]
const count: Check = [
  'a whole number from 1',
  (value) => Number.isSafeInteger(value) && Number(value) > 0,
]
/** It gets a range, so nothing may stand around it. */
const series: Check = [
  'a series like name{label="value"}, without a function',
  (value) => typeof value === 'string' && /^[a-z_:][\w:]*(\{[^{}]*\})?$/i.test(value),
]

const properties: Readonly<Record<string, Check>> = {
  title: text,
  owner: text,
  objective: [
    `a number from ${LEAST_OBJECTIVE} to below 1`,
    (value) => typeof value === 'number' && value >= LEAST_OBJECTIVE && value < 1,
  ],
  by: ['a list of labels', (value) => value === undefined || isListOfLabels(value)],
}

const indicators: Readonly<Record<Indicator['kind'], Readonly<Record<string, Check>>>> = {
  events: { total: series, bad: series, least: count },
  latency: { histogram: series, seconds: positive, least: count },
  level: { value: text, above: positive, drillAbove: positive },
}

const kinds = ['events', 'latency', 'level'] as const

function mistakesOf(name: string, entry: Entry): readonly string[] {
  const present = kinds.filter((kind) => entry[kind] !== undefined)
  const { events: _events, latency: _latency, level: _level, ...general } = entry
  return [
    ...(/^[a-z]+(-[a-z]+)*$/.test(name) ? [] : [`${name}: a name like order-accepted is expected`]),
    ...mistakesIn(name, general, properties),
    ...(present.length === 1 ? [] : [`${name}: one of ${kinds.join(', ')} is expected`]),
    ...present.flatMap((kind) =>
      mistakesIn(`${name}.${kind}`, isObject(entry[kind]) ? entry[kind] : {}, indicators[kind]),
    ),
  ]
}

function mistakesIn(
  where: string,
  entry: Entry,
  checks: Readonly<Record<string, Check>>,
): readonly string[] {
  return [
    ...Object.entries(checks)
      .filter(([property, [, holds]]) => !holds(entry[property]))
      .map(([property, [expected]]) => `${where}.${property}: ${expected} is expected`),
    ...Object.keys(entry)
      .filter((property) => !Object.hasOwn(checks, property))
      .map((property) => `${where}.${property}: is not known`),
  ]
}

function isListOfLabels(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((label) => typeof label === 'string' && /^[a-z_]\w*$/i.test(label)) &&
    new Set(value).size === value.length
  )
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(mistakes: readonly string[]): ContractError {
  const lines = mistakes.map((mistake) => `  ${mistake}`)
  return new ContractError(`contracts/slo.yaml cannot be used:\n${lines.join('\n')}`)
}
