import type { Bound, Field, Metric, Span, Telemetry } from './declaration.ts'

const header =
  '// Generated from contracts/telemetry.yaml by `npm run contracts -- generate`. Do not edit.\n'

/** The module with our metrics: what prom-client needs of each, and the type of its labels. */
export function metricsModule({ metrics }: Telemetry): string {
  const ours = metrics.filter(({ isOurs }) => isOurs)
  return [
    header,
    'export const metrics = {',
    ...ours.map(metricEntry),
    '} as const',
    '',
    '/** The labels of each metric, with the values that they may have. */',
    'export type MetricLabels = {',
    ...ours.map(
      ({ name, labels }) =>
        `  readonly ${name}: ${objectType(Object.entries(labels).map(labelProperty))}`,
    ),
    '}',
    '',
  ].join('\n')
}

/** The module with spans and the types of their attributes. */
export function spansModule({ spans, attributes }: Telemetry): string {
  return [
    header,
    'export const spans = {',
    ...spans.map(
      ({ id, name, kind }) => `  ${quoted(id)}: { name: ${quoted(name)}, kind: ${quoted(kind)} },`,
    ),
    '} as const',
    '',
    'export type Attributes = {',
    ...attributes.flatMap((field) => fieldProperty(field)),
    '}',
    '',
    '/** The attributes of each span. */',
    'export type SpanAttributes = {',
    ...spans.map(spanProperty),
    '}',
    '',
  ].join('\n')
}

/** The module with the type of a log line's fields. */
export function logFieldsModule({ logFields }: Telemetry): string {
  // An object is written as it is given, and what is thrown may be anything.
  const properties = logFields.flatMap((field) => fieldProperty(field, { object: 'unknown' }))
  return [header, 'export type LogFields = {', ...properties, '}', ''].join('\n')
}

function metricEntry({ name, type, help, labels, buckets }: Metric): string {
  const parts = [
    `type: ${quoted(type)}`,
    `help: ${quoted(help)}`,
    `labelNames: [${Object.keys(labels).map(quoted).join(', ')}]`,
    ...(buckets === undefined ? [] : [`buckets: [${buckets.join(', ')}]`]),
  ]
  return `  ${name}: { ${parts.join(', ')} },`
}

function labelProperty([label, bound]: readonly [string, Bound]): string {
  return `readonly ${label}: ${'values' in bound ? unionOf(bound.values) : 'string'}`
}

function spanProperty({ id, attributes }: Span): string {
  return `  readonly ${quoted(id)}: Partial<Pick<Attributes, ${unionOf(attributes)}>>`
}

const typeNames = {
  string: 'string',
  int: 'number',
  double: 'number',
  boolean: 'boolean',
  object: 'object',
}

function fieldProperty(
  { name, type, says, values }: Field,
  { object = typeNames.object } = {},
): readonly string[] {
  const plain = type === 'object' ? object : typeNames[type]
  const valueType = values === undefined ? plain : unionOf(values)
  return [`  /** ${says.replaceAll('*/', '* /')} */`, `  readonly ${quoted(name)}: ${valueType}`]
}

function objectType(properties: readonly string[]): string {
  return properties.length === 0 ? 'Record<never, string>' : `{ ${properties.join('; ')} }`
}

function unionOf(values: readonly string[]): string {
  return values.map(quoted).join(' | ')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
