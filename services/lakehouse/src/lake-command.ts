import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Catalog } from '@tenseams/lakehouse/catalog'
import { Engine, type Row } from '@tenseams/lakehouse/duckdb'
import { LakehouseError } from '@tenseams/lakehouse/errors'
import { chainBreaks, history } from '@tenseams/lakehouse/history'
import { currentSnapshot, type TableIdentifier } from '@tenseams/lakehouse/metadata'
import { type OffsetProof, verifyOffsets } from '@tenseams/lakehouse/offset-log'
import { endOffsetsSummary } from '@tenseams/lakehouse/offsets'
import { type LakePorts, listTables, queryLake } from '@tenseams/lakehouse/query'
import type { ScanOptions } from '@tenseams/lakehouse/scan'
import { fileStorage } from '@tenseams/lakehouse/storage'
import { compactTable, expireTable, orphansOf, type Telling, verifyTables } from './care-verbs.ts'
import { jsonLines, tableText } from './table-text.ts'
import { views, withViews } from './views.ts'

const help = `npm run lake -- <verb>

  tables             every table with its rows, files and newest snapshot
  query "<sql>"      DuckDB SQL over tables named in full, e.g.
                     npm run lake -- query "select type, count(*) from bronze.orders_order_v1 group by 1"
                     --at <snapshot id | ISO time> reads the tables as they were then, with the columns of then
  history <table>    the table's snapshots, whether their offsets are an unbroken chain, and what the table's log of
                     offsets proves, back to the first commit
  verify [<table>]   from the files up: each is there with its size and rows, totals are sums, offsets are unbroken
  compact <table>    puts small files together
  expire <table>     lets snapshots go that are older than five minutes, none that another table is made up to
  orphans <table>    removes files that nothing refers to and that are older than an hour
                     --dry-run only shows them; --older-than <minutes> instead of 60, 15 at least
  The service does the last three by itself.

  --offset <n>       ports of the running instance: those of deploy/local/ports.json plus n (0)
  --catalog <url>    instead of the instance's catalogue
  --json             one JSON object a line, int64 exact

Besides tables, a query may name the views ${views.map(({ name }) => name).join(', ')}.

Exit codes: 0 done; 1 a table is not as it must be; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  at: { type: 'string' },
  offset: { type: 'string', default: '0' },
  catalog: { type: 'string' },
  json: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  'older-than': { type: 'string' },
} as const

/** What was asked for cannot be understood, or has nothing to work on. */
class UsageError extends Error {
  readonly code = 'USAGE'
  readonly retriable = false
}

type Show = (rows: readonly Row[]) => void

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args)
  if (values.help === true) return say(help)
  const [verb, subject, ...rest] = positionals
  if (rest.length > 0) throw new UsageError(`${rest[0]} is not expected (quote the SQL)`)
  const url = values.catalog ?? `http://127.0.0.1:${catalogPort(values.offset)}`
  const catalog = new Catalog({ url, timeoutMs: 10_000 })
  const show: Show = (rows) => say(values.json === true ? jsonLines(rows) : tableText(rows))
  if (values.at !== undefined && verb !== 'query') throw new UsageError('--at goes with query')
  if (verb === 'tables' && subject === undefined) return showTables(catalog, show)
  if (verb === 'query' && subject !== undefined) {
    return showQuery(catalog, subject, whenOf(values.at), show)
  }
  if (verb === 'history' && subject !== undefined) return showHistory(catalog, subject, show)
  if (verb !== undefined && isCare(verb) && (subject !== undefined || verb === 'verify')) {
    return care(catalog, verb, subject, values, show)
  }
  throw new UsageError(mistakeIn(verb))
}

const careVerbs = ['verify', 'compact', 'expire', 'orphans'] as const

type CareVerb = (typeof careVerbs)[number]

const isCare = (verb: string): verb is CareVerb => careVerbs.some((one) => one === verb)

async function care(
  catalog: Catalog,
  verb: CareVerb,
  subject: string | undefined,
  values: { readonly 'dry-run'?: boolean; readonly 'older-than'?: string },
  show: Show,
): Promise<number> {
  const telling: Telling = { show, say: (line) => void process.stderr.write(`${line}\n`) }
  const olderThanMs = minutesOf(values['older-than'])
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  const ports = { catalog, storage: fileStorage, engine }
  try {
    if (verb === 'verify') {
      return await verifyTables(
        ports,
        subject === undefined ? undefined : identifierOf(subject),
        telling,
      )
    }
    const table = identifierOf(subject ?? '')
    if (verb === 'compact') return await compactTable(ports, table, telling)
    if (verb === 'expire') return await expireTable(ports, table, telling)
    const dryRun = values['dry-run'] === true
    return await orphansOf(ports, table, { dryRun, olderThanMs }, telling)
  } finally {
    engine.close()
  }
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const minutes = Number(text)
  if (Number.isInteger(minutes) && minutes >= 15) return minutes * 60_000
  throw new UsageError(
    `--older-than ${text}: minutes from 15 on are expected, so that no commit is under way`,
  )
}

async function showTables(catalog: Catalog, show: Show): Promise<number> {
  const tables = await listTables(catalog)
  const rows = await Promise.all(tables.map((table) => describe(catalog, table)))
  show(rows.toSorted((left, right) => (String(left.table) < String(right.table) ? -1 : 1)))
  return 0
}

async function describe(catalog: Catalog, table: TableIdentifier): Promise<Row> {
  const metadata = await catalog.loadTable(table)
  const snapshot = currentSnapshot(metadata)
  return {
    table: `${table.namespace}.${table.name}`,
    rows: BigInt(snapshot?.summary['total-records'] ?? 0),
    files: BigInt(snapshot?.summary['total-data-files'] ?? 0),
    snapshots: metadata.snapshots.length,
    committed: snapshot === undefined ? null : new Date(snapshot.timestampMs).toISOString(),
    location: metadata.location,
  }
}

async function showQuery(
  catalog: Catalog,
  sql: string,
  when: ScanOptions,
  show: Show,
): Promise<number> {
  const engine = await Engine.open({ memoryLimit: '1GB', threads: 2 })
  try {
    const ports: LakePorts = { catalog, storage: fileStorage, engine }
    show(await queryLake(ports, withViews(sql), when))
    return 0
  } finally {
    engine.close()
  }
}

async function showHistory(catalog: Catalog, name: string, show: Show): Promise<number> {
  const table = identifierOf(name)
  const metadata = await catalog.loadTable(table)
  const snapshots = history(metadata)
  show(
    snapshots.map(({ snapshotId, timestampMs, summary }) => ({
      snapshot: snapshotId,
      committed: new Date(timestampMs).toISOString(),
      operation: summary.operation ?? '',
      added: BigInt(summary['added-records'] ?? 0),
      total: BigInt(summary['total-records'] ?? 0),
      offsets: summary[endOffsetsSummary] ?? '',
    })),
  )
  const proof = await verifyOffsets(fileStorage, metadata)
  process.stderr.write(proofText(proof))
  const chain = chainBreaks(snapshots).map(
    ({ snapshotId, partition, expected, found }) =>
      `snapshot ${snapshotId} begins ${partition} at ${found}, expected ${expected}`,
  )
  const breaks = [...chain, ...(proof?.breaks ?? [])]
  for (const what of breaks) process.stderr.write(`broken: ${what}\n`)
  return breaks.length === 0 ? 0 : 1
}

/** What the log says; it goes to stderr, so that stdout has nothing but rows. */
function proofText(proof: OffsetProof | undefined): string {
  if (proof === undefined) return 'the table has no log of offsets\n'
  const { commits, rows, unnamed, spans } = proof
  const verdict = proof.breaks.length === 0 ? 'no offset left out or taken twice' : 'broken'
  const ranges = Object.entries(spans).map(
    ([partition, { start, end }]) => `  ${partition} ${start}–${end}\n`,
  )
  const tries = unnamed === 0 ? '' : `, ${unnamed} tries that came to nothing`
  return `log of offsets: ${verdict}; ${commits} commits, ${rows} rows${tries}\n${ranges.join('')}`
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

function identifierOf(name: string): TableIdentifier {
  const [namespace, table, ...rest] = name.split('.')
  if (namespace !== undefined && table !== undefined && rest.length === 0) {
    return { namespace, name: table }
  }
  throw new UsageError(`${name}: a name like bronze.orders_order_v1 is expected`)
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error })
  }
}

function catalogPort(offset: string): number {
  if (!/^\d{1,5}$/.test(offset)) throw new UsageError(`--offset ${offset} is no whole number`)
  const file = new URL('../../../deploy/local/ports.json', import.meta.url)
  const ports = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
  if (typeof ports.catalog === 'number') return ports.catalog + Number(offset)
  throw new UsageError('deploy/local/ports.json has no port of the catalogue: use --catalog')
}

function mistakeIn(verb: string | undefined): string {
  if (verb === undefined) return 'which verb?'
  if (verb === 'query') return 'query: which SQL?'
  if (verb === 'history' || isCare(verb)) return `${verb}: which table?`
  return verb === 'tables' ? 'tables takes nothing more' : `${verb} is no verb`
}

function nextStepOf(error: unknown): string {
  if (error instanceof UsageError) return 'npm run lake -- --help says what is possible'
  if (!(error instanceof LakehouseError)) return ''
  if (error.code === 'CATALOG_UNAVAILABLE') return 'is it running? npm run stack -- status'
  if (error.code === 'SNAPSHOT_UNKNOWN') {
    return 'npm run lake -- history <table> shows the snapshots that there are'
  }
  const names = error.code === 'CATALOG_NOT_FOUND' || error.code === 'QUERY_INVALID'
  return names ? 'npm run lake -- tables shows what there is' : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const next = nextStepOf(error)
  process.stderr.write(`lake: ${messageOf(error)}\n${next === '' ? '' : `${next}\n`}`)
  process.exitCode = 2
}
