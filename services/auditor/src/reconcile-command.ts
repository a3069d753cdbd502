import { parseArgs } from 'node:util'
import { instanceEndpoints } from '@tenseams/cli/endpoints'
import { exitCodeOf, type Report, textOf } from './report.ts'

const help = `npm run reconcile [-- --instance <name>]

An audit now: every invariant with its figures, and the first of what breaks it. The auditor reads event stores, ledger,
topics, the payment provider's books and the lake by itself.

  --instance <name>    of the native stack (default)
  --port-offset <n>    its port offset, instead of the one with which it was started last
  --url <http://…>     of the auditor, instead of the instance's
  --json               the report as JSON

Exit codes: 0 every invariant that is built holds; 1 one is violated; 2 one could not be judged, or nobody audits.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  instance: { type: 'string', default: 'default' },
  'port-offset': { type: 'string' },
  url: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

const AUDIT_TIMEOUT_MS = 180_000

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const offset = values['port-offset']
  if (offset !== undefined && !/^\d{1,6}$/.test(offset)) {
    throw new Error(`--port-offset: a whole number is expected, not ${offset}`)
  }
  const portOffset = offset === undefined ? undefined : Number(offset)
  const url = values.url ?? instanceEndpoints(values.instance, portOffset).auditorUrl
  const report = await ask(`${url}/audits`)
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : textOf(report)}\n`)
  return exitCodeOf(report)
}

async function ask(url: string): Promise<Report> {
  const response = await fetch(url, {
    method: 'POST',
    signal: AbortSignal.timeout(AUDIT_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const hint = 'it is a part of the full profile; `npm run stack -- status` tells'
    throw new Error(`${url}: the auditor gives no answer; ${hint}`, { cause })
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Report
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
