import {
  type Bound,
  type Field,
  type Metric,
  mostSeries,
  type Span,
  type Telemetry,
} from './declaration.ts'

/** The page of everything that is declared. */
export function telemetryPage(telemetry: Telemetry): string {
  const { parts, metrics, spans, attributes, logFields } = telemetry
  return `<!-- Generated from contracts/telemetry.yaml by \`npm run contracts -- generate\`. Do not edit. -->

# What the system says of itself

Every metric, span, attribute and log field. [Seam 9](../seam-09-observability.md) says how they are used; \`contracts/telemetry.yaml\`
is where they are declared, and nothing undeclared compiles. A part's *series* are the combinations of labels that it may show at most.

## Our metrics

| metric | type | labels | series | from | for | alerts |
|---|---|---|---|---|---|---|
${metrics
  .filter(({ isOurs }) => isOurs)
  .map(metricRow)
  .join('\n')}

## Metrics of others

| metric | type | labels | series | from | for | alerts |
|---|---|---|---|---|---|---|
${metrics
  .filter(({ isOurs }) => !isOurs)
  .map(metricRow)
  .join('\n')}

## Parts

| part | what it is |
|---|---|
${Object.entries(parts)
  .map(([name, says]) => row([name, says]))
  .join('\n')}

## Spans

| span | name | kind | attributes | for |
|---|---|---|---|---|
${spans.map(spanRow).join('\n')}

## Attributes

| attribute | type | meaning |
|---|---|---|
${attributes.map(fieldRow).join('\n')}

## Log fields

| field | type | meaning |
|---|---|---|
${logFields.map(fieldRow).join('\n')}
`
}

function metricRow(metric: Metric): string {
  const { name, type, labels, from, for: use, alerts } = metric
  return row([
    `\`${name}\``,
    type,
    Object.entries(labels)
      .map(([label, bound]) => `${label}: ${boundText(bound)}`)
      .join('; '),
    String(mostSeries(metric)),
    from.join(', '),
    use,
    alerts.join(', '),
  ])
}

function boundText(bound: Bound): string {
  return 'values' in bound ? bound.values.join(', ') : `≤ ${bound.most}`
}

function spanRow({ id, name, kind, attributes, for: use }: Span): string {
  return row([id, `\`${name}\``, kind, attributes.join(', '), use])
}

function fieldRow({ name, type, says, values }: Field): string {
  return row([`\`${name}\``, type, values === undefined ? says : `${says}: ${values.join(', ')}`])
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(
    '|  |',
    '| |',
  )
}
