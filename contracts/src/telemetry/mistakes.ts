import { type Bound, fieldTypes, metricTypes, mostSeries, spanKinds } from './declaration.ts'

export type Entry = Readonly<Record<string, unknown>>
export type Entries = readonly (readonly [name: string, entry: Entry])[]

/** The most series that a metric may have in one part: more would fill Prometheus' memory. */
const MOST_SERIES = 20_000
/** Labels that Prometheus or prom-client sets itself; a label of that name would be renamed, or collide. */
const takenLabels = ['job', 'instance', 'service', 'le', 'quantile']
/** Units that a metric's name has to end with; others are words such as `records`, which may be anywhere in it. */
const baseUnits = ['seconds', 'bytes', 'ratio']

const sections = ['parts', 'bounds', 'metrics', 'foreign', 'spans', 'attributes', 'logFields']

export function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The entries of a section; one that is no object has no properties. */
export function entriesOf(section: unknown): Entries {
  if (!isObject(section)) return []
  return Object.entries(section).map(([name, entry]) => [name, isObject(entry) ? entry : {}])
}

/** Every mistake of the file, a sentence each, such as `metrics.x.unit: text is expected`. */
export function mistakesIn(document: Entry): readonly string[] {
  const known = knownIn(document)
  const missing = sections.filter((name) => entriesOf(document[name]).length === 0)
  const each = (section: string, judge: Judge) =>
    entriesOf(document[section]).flatMap(([name, entry]) =>
      judge(name, entry, known).map((mistake) => `${section}.${name}${mistake}`),
    )
  return [
    ...missing.map((name) => `${name}: is missing or empty`),
    ...Object.keys(document)
      .filter((name) => !sections.includes(name))
      .map((name) => `${name}: is not known`),
    ...partMistakes(document.parts),
    ...each('bounds', boundMistakes),
    ...each('metrics', ourMetricMistakes),
    ...each('foreign', foreignMetricMistakes),
    ...each('spans', spanMistakes),
    ...each('attributes', fieldMistakes),
    ...each('logFields', fieldMistakes),
    ...servicesWithoutPart(document),
    ...unusedBounds(document),
    ...twice(document).map((name) => `foreign.${name}: is among our metrics, too`),
  ]
}

/** What entries may refer to. */
type Known = {
  readonly parts: readonly string[]
  readonly bounds: Readonly<Record<string, Bound>>
  readonly attributes: readonly string[]
}
type Judge = (name: string, entry: Entry, known: Known) => readonly string[]

function knownIn(document: Entry): Known {
  const sound = entriesOf(document.bounds).filter(
    ([, entry]) => boundMistakes('', entry).length === 0,
  )
  return {
    parts: ['services', ...Object.keys(isObject(document.parts) ? document.parts : {})],
    bounds: Object.fromEntries(sound) as Known['bounds'],
    attributes: entriesOf(document.attributes).map(([name]) => name),
  }
}

function twice(document: Entry): readonly string[] {
  const ours = new Set(entriesOf(document.metrics).map(([name]) => name))
  return entriesOf(document.foreign)
    .map(([name]) => name)
    .filter((name) => ours.has(name))
}

/** Bounds that no label has. Every metric of a service has the label `service`. */
function unusedBounds({ bounds, metrics, foreign }: Entry): readonly string[] {
  const used = [...entriesOf(metrics), ...entriesOf(foreign)].flatMap(([, { labels }]) =>
    isObject(labels) ? Object.values(labels) : [],
  )
  return entriesOf(bounds)
    .filter(([name]) => name !== 'service' && !used.includes(name))
    .map(([name]) => `bounds.${name}: no label has it`)
}

/** `services` stands for the values of the bound `service`. */
function servicesWithoutPart({ bounds, parts }: Entry): readonly string[] {
  const service = entriesOf(bounds).find(([name]) => name === 'service')?.[1]
  if (!isListOfTexts(service?.values)) return ['bounds.service.values: the services are expected']
  return service.values
    .filter((name) => !(isObject(parts) && name in parts))
    .map((name) => `bounds.service: ${name} is none of the parts`)
}

function partMistakes(parts: unknown): readonly string[] {
  if (!isObject(parts)) return []
  return Object.entries(parts)
    .filter(([, says]) => !isText(says))
    .map(([name]) => `parts.${name}: text is expected`)
}

type Check = readonly [expected: string, holds: (value: unknown) => boolean]

/** The properties whose value does not fit, and those that nobody knows. */
function propertyMistakes(
  entry: Entry,
  checks: Readonly<Record<string, Check>>,
): readonly string[] {
  const wrong = Object.entries(checks)
    .filter(([property, [, holds]]) => !holds(entry[property]))
    .map(([property, [expected]]) => `.${property}: ${expected} is expected`)
  const unknown = Object.keys(entry)
    .filter((property) => !Object.hasOwn(checks, property))
    .map((property) => `.${property}: is not known`)
  return [...wrong, ...unknown]
}

const text: Check = ['text', isText]
const noneOf = (property: string): Check => [
  `nothing as \`${property}\``,
  (value) => value === undefined,
]
const orNothing = ([expected, holds]: Check): Check => [
  expected,
  (value) => value === undefined || holds(value),
]
const oneOf = (known: readonly string[]): Check => [
  known.join(', '),
  (value) => known.includes(String(value)),
]
const listOf = (known: readonly string[], what: string): Check => [
  `a list of ${what}`,
  (value) =>
    isListOfTexts(value) && value.length > 0 && value.every((each) => known.includes(each)),
]
const differentTexts: Check = [
  'a list of different texts',
  (value) => isListOfTexts(value) && value.length > 0,
]

function boundMistakes(_name: string, entry: Entry): readonly string[] {
  const isClosed = entry.values !== undefined
  return propertyMistakes(entry, {
    says: text,
    ...(isClosed
      ? { values: differentTexts }
      : {
          most: ['a whole number from 1 to 1000, or `values`,', (most) => isWhole(most, 1, 1_000)],
        }),
  })
}

function metricChecks(entry: Entry, { parts }: Known): Readonly<Record<string, Check>> {
  return {
    type: oneOf(metricTypes),
    from: listOf(parts, 'parts, or `services`'),
    labels: ['a mapping', isObject],
    help: text,
    for: text,
    alerts: [
      'a list of names of alerts',
      (value) => isListOfTexts(value) && value.every((name) => /^[A-Z][A-Za-z0-9]*$/.test(name)),
    ],
    when: orNothing(text),
    most: orNothing(['a whole number', (most) => isWhole(most, 1, MOST_SERIES)]),
    ...(entry.type === 'histogram' ? {} : { buckets: noneOf('buckets') }),
  }
}

function ourMetricMistakes(name: string, entry: Entry, known: Known): readonly string[] {
  const buckets: Check = ['a rising list of numbers', isRising]
  const checks = {
    ...metricChecks(entry, known),
    unit: text,
    ...(entry.type === 'histogram' && { buckets }),
  }
  return [
    ...propertyMistakes(entry, checks),
    ...nameMistakes(name, entry),
    ...labelMistakes(entry, known),
  ]
}

function foreignMetricMistakes(name: string, entry: Entry, known: Known): readonly string[] {
  const wrongName = /^[a-zA-Z_:][\w:]*$/.test(name) ? [] : [': no name of a metric']
  return [
    ...propertyMistakes(entry, metricChecks(entry, known)),
    ...wrongName,
    ...labelMistakes(entry, known),
  ]
}

function nameMistakes(name: string, { type, unit }: Entry): readonly string[] {
  const wrong: string[] = []
  if (!/^tenseams(_[a-z0-9]+)+$/.test(name))
    wrong.push(': a name like tenseams_consumed_records_total is expected')
  if ((type === 'counter') !== name.endsWith('_total'))
    wrong.push(': counters, and only they, end in _total')
  const measured = name.replace(/_total$/, '')
  if (baseUnits.includes(String(unit)) && !measured.endsWith(`_${String(unit)}`)) {
    wrong.push(`: a name that ends with its unit, ${String(unit)}, is expected`)
  }
  if (/_(?:ms|milliseconds|minutes|kilobytes|percent)(?:_|$)/.test(name)) {
    wrong.push(': base units are expected: seconds, bytes, ratio')
  }
  return wrong
}

function labelMistakes({ labels, from, most }: Entry, known: Known): readonly string[] {
  if (!isObject(labels)) return []
  const entries = Object.entries(labels)
  const isOfPrometheus = isListOfTexts(from) && from.includes('prometheus')
  const wrong = entries.flatMap(([label, given]) => {
    if (!/^[a-z][a-z_]*$/.test(label)) return [`.labels.${label}: a name like topic is expected`]
    if (takenLabels.includes(label) && !isOfPrometheus)
      return [`.labels.${label}: is set by others, so it needs another name`]
    return boundOf(given, known) === undefined
      ? [`.labels.${label}: a bound, or a list of values, is expected`]
      : []
  })
  if (wrong.length > 0) return wrong
  const bounds = entries.map(([label, given]) => [label, boundOf(given, known) as Bound] as const)
  const series = mostSeries({
    labels: Object.fromEntries(bounds),
    most: isWhole(most, 1, MOST_SERIES) ? most : undefined,
  })
  return series > MOST_SERIES
    ? [
        `.labels: ${series} series are possible, more than ${MOST_SERIES}: give labels smaller bounds, or \`most\` where they depend on each other`,
      ]
    : []
}

function boundOf(given: unknown, { bounds }: Known): Bound | undefined {
  if (typeof given === 'string') return bounds[given]
  return isListOfTexts(given) && given.length > 0 ? { says: '', values: given } : undefined
}

function spanMistakes(id: string, entry: Entry, { attributes }: Known): readonly string[] {
  const wrong = propertyMistakes(entry, {
    name: text,
    kind: oneOf(spanKinds),
    attributes: listOf(attributes, 'attributes'),
    for: text,
  })
  const named = [...String(entry.name).matchAll(/\{([^}]*)\}/g)].map(
    ([, attribute = '']) => attribute,
  )
  const own = isListOfTexts(entry.attributes) ? entry.attributes : []
  const strange = named.filter((attribute) => !own.includes(attribute))
  return [
    ...(isDotted(id) ? [] : [': a name like lake.commit is expected']),
    ...wrong,
    ...strange.map((attribute) => `.name: {${attribute}} is none of its attributes`),
  ]
}

function fieldMistakes(name: string, entry: Entry): readonly string[] {
  const checks = { type: oneOf(fieldTypes), says: text, values: orNothing(differentTexts) }
  return [
    ...(isDotted(name) ? [] : [': a name like db.namespace or eventId is expected']),
    ...propertyMistakes(entry, checks),
  ]
}

function isDotted(name: string): boolean {
  return /^[a-z][A-Za-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)*$/.test(name)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText) && new Set(value).size === value.length
}

function isRising(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every(
    (each, index) => Number.isFinite(each) && (index === 0 || each > value[index - 1]),
  )
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}
