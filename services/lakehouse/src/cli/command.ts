import { LakehouseError } from '@tenseams/iceberg/errors'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { identifierOf, type LakeRequest, readLakeArguments, UsageError } from './arguments.ts'
import { compactNow, expireNow, removeOrphansNow, verifyNow } from './care.ts'
import { showHistory, showQuery, showTables } from './reading.ts'
import { openScreen } from './screen.ts'
import { views } from './views.ts'

const help = `npm run lake -- <verb>

  tables             every table with its rows, files and newest snapshot
  query "<sql>"      DuckDB SQL over tables named in full, e.g.
                     npm run lake -- query "select type, count(*) from bronze.orders_order_v1 group by 1"
                     --at <snapshot id | ISO time> reads the tables as they were then, with the columns of then
                     views besides: ${views.map(({ name }) => name).join(', ')}
  history <table>    the table's snapshots, whether their offsets are an unbroken chain, and what the table's log of
                     offsets proves, back to the first commit
  verify [<table>]   one table, or all: every file is there with its size, manifests agree with Parquet and summaries
                     with manifests, the offsets are an unbroken chain; each break is told

What the service does by itself, now:

  compact <table>    puts small files together until none is left that could be; no row changes
  expire <table>     lets go of snapshots that are neither among the newest 100, nor of the last five minutes, nor
                     needed by a table that was made from this one
  orphans <table>    removes files older than an hour that nothing refers to, and names them

  --dry-run          compact, expire, orphans: only tells what would be done
  --offset <n>       ports of the running instance: those of packages/cli/ports.json plus n (0)
  --catalog <url>    instead of the instance's catalogue
  --json             one JSON object a line, int64 exact

Rows go to stdout, what is told to stderr.
Exit codes: 0 done; 1 history or verify found a break; 2 it could not be done.
`

async function main(args: readonly string[]): Promise<number> {
  const request = readLakeArguments(args)
  if (!request.help) return run(request)
  process.stdout.write(help)
  return 0
}

async function run({ verb, subject, when, dryRun, json, catalogUrl }: LakeRequest) {
  const catalog = new Catalog({ url: catalogUrl, timeoutMs: 10_000 })
  const screen = openScreen(json)
  if (verb === 'verify') {
    return verifyNow(catalog, subject === undefined ? undefined : identifierOf(subject), screen)
  }
  if (verb === 'tables' && subject === undefined) return showTables(catalog, screen)
  if (verb === 'tables') throw new UsageError('tables takes nothing more')
  if (verb === 'query') return showQuery(catalog, required(verb, subject, 'SQL'), when, screen)
  const table = () => identifierOf(required(verb ?? '', subject, 'table'))
  const care = () => ({ catalog, table: table(), dryRun, screen })
  if (verb === 'history') return showHistory(catalog, table(), screen)
  if (verb === 'compact') return compactNow(care())
  if (verb === 'expire') return expireNow(care())
  if (verb === 'orphans') return removeOrphansNow(care())
  throw new UsageError(verb === undefined ? 'which verb?' : `${verb} is no verb`)
}

function required(verb: string, subject: string | undefined, what: string): string {
  if (subject !== undefined) return subject
  throw new UsageError(`${verb}: which ${what}?`)
}

function nextStepOf(error: unknown): string {
  if (error instanceof UsageError) return 'npm run lake -- --help says what is possible'
  if (!(error instanceof LakehouseError)) return ''
  if (error.code === 'CATALOG_UNAVAILABLE') return 'is it running? npm run stack -- status'
  if (error.code === 'CATALOG_CONFLICT') return 'another writer was first: try again'
  if (error.code === 'SNAPSHOT_UNKNOWN') {
    return 'npm run lake -- history <table> shows the snapshots that there are'
  }
  const names = error.code === 'CATALOG_NOT_FOUND' || error.code === 'QUERY_INVALID'
  return names ? 'npm run lake -- tables shows what there is' : ''
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const next = nextStepOf(error)
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`lake: ${message}\n${next === '' ? '' : `${next}\n`}`)
  process.exitCode = 2
}
