import { parseArgs } from 'node:util'
import portTable from '@tenseams/cli/ports.json' with { type: 'json' }
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { ScanOptions } from '@tenseams/iceberg/read/scan'

const options = {
  help: { type: 'boolean', short: 'h' },
  at: { type: 'string' },
  'dry-run': { type: 'boolean' },
  offset: { type: 'string', default: '0' },
  catalog: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** What was asked for cannot be understood, or has nothing to work on. */
export class UsageError extends Error {
  readonly code = 'USAGE'
  readonly retriable = false
}

/** What `npm run lake` was asked for. */
export type LakeRequest = {
  readonly help: boolean
  readonly verb: string | undefined
  readonly subject: string | undefined
  readonly when: ScanOptions
  readonly dryRun: boolean
  readonly json: boolean
  readonly catalogUrl: string
}

/** Which options go with which verb only. */
const owners = { at: ['query'], 'dry-run': ['compact', 'expire', 'orphans'] } as const

/** @throws UsageError */
export function readLakeArguments(args: readonly string[]): LakeRequest {
  const { values, positionals } = parsed(args)
  const [verb, subject, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`${rest[0]} is not expected (quote the SQL)`)
  for (const option of ['at', 'dry-run'] as const) {
    const verbs: readonly string[] = owners[option]
    if (values[option] !== undefined && !verbs.includes(verb ?? '')) {
      throw new UsageError(`--${option} goes with ${verbs.join(', ')}`)
    }
  }
  return {
    help: values.help === true,
    verb,
    subject,
    when: whenOf(values.at),
    dryRun: values['dry-run'] === true,
    json: values.json === true,
    catalogUrl: values.catalog ?? `http://127.0.0.1:${catalogPort(values.offset)}`,
  }
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
  if (isTime && !Number.isNaN(at)) return { at }
  throw new UsageError(
    `--at ${text}: a snapshot's id, or a time like 2026-01-31T12:00:00Z is expected`,
  )
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function catalogPort(offset: string): number {
  if (!/^\d{1,5}$/.test(offset)) throw new UsageError(`--offset ${offset} is no whole number`)
  return portTable.catalog + Number(offset)
}
