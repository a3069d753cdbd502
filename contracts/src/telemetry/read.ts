import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { ContractError } from '../errors.ts'
import type { Bound, Field, Metric, Span, Telemetry } from './declaration.ts'
import { type Entries, type Entry, entriesOf, isObject, mistakesIn } from './mistakes.ts'

const telemetryFile = fileURLToPath(new URL('../../telemetry.yaml', import.meta.url))

/** @throws ContractError with all mistakes of the file. */
export function readTelemetry(): Telemetry {
  return parseTelemetry(readFileSync(telemetryFile, 'utf8'))
}

/** @throws ContractError with all mistakes. */
export function parseTelemetry(yaml: string): Telemetry {
  const { telemetry, mistakes } = readableTelemetry(yaml)
  if (mistakes.length === 0) return telemetry
  const lines = mistakes.map((mistake) => `  ${mistake}`)
  throw new ContractError(`contracts/telemetry.yaml cannot be used:\n${lines.join('\n')}`)
}

/** The declarations, of which only those without a mistake are whole, and the mistakes, such as `metrics.x.unit: …`. */
export function readableTelemetry(yaml: string): {
  readonly telemetry: Telemetry
  readonly mistakes: readonly string[]
} {
  const document = documentOf(yaml)
  if (document === undefined)
    return { telemetry: nothing, mistakes: ['it is no YAML with entries'] }
  const mistakes = mistakesIn(document)
  return { telemetry: mistakes.length === 0 ? telemetryOf(document) : nothing, mistakes }
}

const nothing: Telemetry = {
  ...{ parts: {}, services: [], metrics: [] },
  ...{ spans: [], attributes: [], logFields: [] },
}

function documentOf(yaml: string): Entry | undefined {
  try {
    const document: unknown = parse(yaml)
    return isObject(document) ? document : undefined
  } catch {
    return undefined
  }
}

/** Every entry was checked before. */
function telemetryOf(document: Entry): Telemetry {
  const bounds = Object.fromEntries(entriesOf(document.bounds)) as Readonly<Record<string, Bound>>
  const { service } = bounds
  const services = service !== undefined && 'values' in service ? service.values : []
  const metricsIn = (entries: Entries, isOurs: boolean) =>
    entries.map(([name, entry]) => metricOf(name, entry, { bounds, services, isOurs }))
  return {
    parts: document.parts as Telemetry['parts'],
    services,
    metrics: [
      ...metricsIn(entriesOf(document.metrics), true),
      ...metricsIn(entriesOf(document.foreign), false),
    ],
    spans: entriesOf(document.spans).map(([id, entry]) => ({ id, ...entry }) as unknown as Span),
    attributes: fieldsIn(document.attributes),
    logFields: fieldsIn(document.logFields),
  }
}

function fieldsIn(section: unknown): readonly Field[] {
  return entriesOf(section).map(([name, entry]) => ({ name, ...entry }) as unknown as Field)
}

type Known = {
  readonly bounds: Readonly<Record<string, Bound>>
  readonly services: readonly string[]
  readonly isOurs: boolean
}
type GivenLabels = Readonly<Record<string, string | readonly string[]>>

function metricOf(name: string, entry: Entry, { bounds, services, isOurs }: Known): Metric {
  const parts = entry.from as readonly string[]
  const from = parts.flatMap((part) => (part === 'services' ? services : [part]))
  const labels = Object.fromEntries(
    Object.entries(entry.labels as GivenLabels).map(([label, given]) => [
      label,
      typeof given === 'string' ? bounds[given] : { says: label, values: given },
    ]),
  )
  return { ...entry, name, isOurs, from, labels } as unknown as Metric
}
