import { commandOf, refuseMore } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import type { ExitCode } from '@tenseams/cli/exit-codes'
import { credentialsHelp, instanceHelp } from '@tenseams/cli/instance-options'
import { explain, runVerb } from '@tenseams/cli/run-verb'
import { LakehouseError } from '@tenseams/iceberg/errors'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { httpLogin } from '@tenseams/identities/http-login'
import type { Logs } from '../bronze/table-opening.ts'
import { identifierOf, type LakeRequest, readLakeArguments } from './arguments.ts'
import { compactNow, expireNow, removeForeignNow, removeOrphansNow, verifyNow } from './care.ts'
import { acceptLogNow, withLogs } from './logs.ts'
import { showHistory, showQuery, showTables } from './reading.ts'
import { openScreen } from './screen.ts'
import { views } from './views.ts'

const help = `npm run lake -- <command>

  tables             every table with its rows, files and newest snapshot
  query "<sql>"      DuckDB SQL over tables with their full names, e.g.
                     npm run lake -- query "select type, count(*) from bronze.orders_order_v1 group by 1"
                     --at <snapshot id | ISO time> reads the tables, with their columns, as of then
                     further views: ${views.map(({ name }) => name).join(', ')}
  history <table>    the table's snapshots, whether their offsets are contiguous, what the table's log of offsets
                     proves, back to the first commit, and whether the topic's log continues it
  verify [<table>]   one table, or all: every file exists with its size, manifests agree with Parquet and summaries with
                     manifests, the offsets are contiguous and account for every row, and the topics' logs continue
                     them; reports each violation

When bronze has stopped a table, and its message names one of these:

  accept-log <table>      the topic was deleted and made again, or its log has lost records that the table has: goes on
                          in the log as it is now; each record of it that the table lacks is read once
  remove-foreign <table>  another program wrote to the table: removes the files that it added

What the service also does by itself:

  compact <table>    merges small files until no two can be merged; no row changes
  expire <table>     removes snapshots that are neither among the newest 100, nor younger than five minutes, nor needed
                     by a table that is derived from this one
  orphans <table>    removes files older than an hour that nothing refers to, and lists them

  --dry-run                for compact, expire, orphans, accept-log, remove-foreign: only reports what would be done
  --catalog <url>          instead of the instance's catalogue
  --kafka <brokers>        instead of the instance's brokers; with --catalog alone, the logs are not looked at
${credentialsHelp('reader, or operator where a table is changed')}
  --json                   one JSON object per line, int64 exact
${instanceHelp}

Rows go to stdout, everything else to stderr.
Exit codes: 0 done; 1 history or verify found a violation; 2 it could not be done, or the logs could not be read.
`

const commands = [
  ...(['tables', 'query', 'history', 'verify', 'compact', 'expire', 'orphans'] as const),
  ...(['accept-log', 'remove-foreign'] as const),
] as const

async function lake(args: readonly string[]): Promise<ExitCode> {
  const request = readLakeArguments(args)
  try {
    return await run(request)
  } catch (error) {
    const next = nextStepOf(error)
    if (next === undefined) throw error
    throw new VerbError(`${explain(error)}\n${next}`)
  }
}

function run({ command: first, subject, ...request }: LakeRequest): Promise<ExitCode> {
  const command = commandOf(first, commands)
  const { catalogUrl, brokers, credentialsFile } = request
  const login = httpLogin(credentialsFile)
  const catalog = new Catalog({ url: catalogUrl, login, timeoutMs: 10_000 })
  const screen = openScreen(request.json)
  const table = () => identifierOf(required(command, subject, 'table'))
  const care = () => ({ catalog, table: table(), dryRun: request.dryRun, screen })
  const lending = (work: (logs: Logs | undefined) => Promise<ExitCode>) =>
    brokers === undefined ? work(undefined) : withLogs({ brokers, credentialsFile }, work)
  switch (command) {
    case 'tables':
      refuseMore(subject === undefined ? [] : [subject])
      return showTables(catalog, screen)
    case 'query':
      return showQuery(catalog, required(command, subject, 'SQL'), request.when, screen)
    case 'history':
      return lending((logs) => showHistory(catalog, table(), screen, logs))
    case 'verify':
      return lending((logs) =>
        verifyNow(catalog, subject === undefined ? undefined : table(), screen, logs),
      )
    case 'compact':
      return compactNow(care())
    case 'expire':
      return expireNow(care())
    case 'orphans':
      return removeOrphansNow(care())
    case 'accept-log':
      return lending((logs) => acceptLogNow({ ...care(), logs: requiredLogs(logs) }))
    case 'remove-foreign':
      return removeForeignNow(care())
  }
}

function requiredLogs(logs: Logs | undefined): Logs {
  if (logs !== undefined) return logs
  throw new UsageError('accept-log with --catalog needs --kafka <brokers>')
}

function required(command: string, subject: string | undefined, what: string): string {
  if (subject !== undefined) return subject
  throw new UsageError(`${command}: which ${what}?`)
}

function nextStepOf(error: unknown): string | undefined {
  if (!(error instanceof LakehouseError)) return undefined
  if (error.code === 'CATALOG_UNAVAILABLE') return 'is it running? npm run stack -- status'
  if (error.code === 'CATALOG_NOT_PERMITTED') {
    return 'name the file of an identity that may by --credentials: packages/identities/src/server-rights.ts'
  }
  if (error.code === 'CATALOG_CONFLICT') return 'another writer committed first: try again'
  if (error.code === 'SNAPSHOT_UNKNOWN') {
    return 'npm run lake -- history <table> shows the existing snapshots'
  }
  const names = error.code === 'CATALOG_NOT_FOUND' || error.code === 'QUERY_INVALID'
  return names ? 'npm run lake -- tables shows the existing tables' : undefined
}

await runVerb(lake, help)
