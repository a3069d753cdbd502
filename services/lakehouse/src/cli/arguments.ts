import {
  brokerList,
  readArguments,
  refuseMore,
  refuseStrays,
  webAddress,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import {
  credentialsFileOf,
  credentialsOption,
  endpointsOf,
  instanceOptions,
} from '@tenseams/cli/instance-options'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { ScanOptions } from '@tenseams/iceberg/read/scan'

const options = {
  at: { type: 'string' },
  'dry-run': { type: 'boolean' },
  catalog: { type: 'string' },
  kafka: { type: 'string' },
  ...credentialsOption,
  json: { type: 'boolean' },
  ...instanceOptions,
} as const

/** What `npm run lake` was asked for. */
export type LakeRequest = {
  readonly command: string | undefined
  readonly subject: string | undefined
  readonly when: ScanOptions
  readonly dryRun: boolean
  readonly json: boolean
  readonly catalogUrl: string
  /** Undefined for a catalogue of somebody's own whose brokers were not named. */
  readonly brokers: string | undefined
  readonly credentialsFile: string
}

/** Options that belong to certain commands. */
const owners = {
  at: ['query'],
  'dry-run': ['compact', 'expire', 'orphans', 'accept-log', 'remove-foreign'],
} as const

/** @throws UsageError */
export function readLakeArguments(args: readonly string[]): LakeRequest {
  const { values, positionals, given } = readArguments(args, options)
  const [command, subject, ...rest] = positionals
  refuseMore(rest, ' (quote the SQL)')
  refuseStrays(command ?? '', given, owners)
  const catalog = values.catalog && webAddress('--catalog', values.catalog)
  const kafka = values.kafka && brokerList('--kafka', values.kafka)
  return {
    command,
    subject,
    when: whenOf(values.at),
    dryRun: values['dry-run'] === true,
    json: values.json === true,
    catalogUrl: catalog ?? endpointsOf(values).catalogUrl,
    credentialsFile: credentialsFileOf(values, { catalog, kafka }, whoDoes(command)),
    brokers: kafka ?? (catalog === undefined ? endpointsOf(values).brokers : undefined),
  }
}

/** Looking needs no more than a reader's rights. */
function whoDoes(command: string | undefined): 'reader' | 'operator' {
  return ['tables', 'query', 'history', 'verify'].includes(command ?? '') ? 'reader' : 'operator'
}

/** @throws UsageError */
export function identifierOf(name: string): TableIdentifier {
  const [namespace, table, ...rest] = name.split('.')
  if (namespace && table && rest.length === 0) return { namespace, name: table }
  throw new UsageError(`${name}: a name like bronze.orders_order_v1 is expected`)
}

/** A snapshot's id, or a time with its zone (or a date, which begins in UTC). */
function whenOf(text: string | undefined): ScanOptions {
  if (text === undefined) return {}
  if (/^\d+$/.test(text)) return { snapshotId: BigInt(text) }
  const isTime = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text)
  const at = Date.parse(text)
  if (isTime && !Number.isNaN(at) && isDay(text.slice(0, 10))) return { at }
  throw new UsageError(
    `--at ${text}: a snapshot's id, or a time like 2026-01-31T12:00:00Z is expected`,
  )
}

/** JavaScript takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  return new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)
}
