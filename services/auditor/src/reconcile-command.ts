import { readArguments, refuseMore, webAddress } from '@tenseams/cli/arguments'
import { VerbError } from '@tenseams/cli/errors'
import type { ExitCode } from '@tenseams/cli/exit-codes'
import {
  credentialsFileOf,
  credentialsHelp,
  endpointsOf,
  instanceHelp,
  instanceOptions,
  serviceOptions,
} from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { type Authorization, authorizationIn } from '@tenseams/identities/authorization'
import { exitCodeOf, type Report, textOf } from './report.ts'

const help = `npm run reconcile [-- --instance <name>]

Audits now: every invariant with its figures, and the first violation. The auditor itself reads event stores, ledger,
topics, the payment provider's books, the lake and Flink's jobs.

  --url <http://…>         of the auditor (default: that of the instance)
${credentialsHelp()}
  --json                   the report as JSON
${instanceHelp}

Exit codes: 0 every invariant that is built holds; 1 one is violated; 2 one could not be judged, or the auditor does not
answer.
`

const options = {
  ...serviceOptions,
  json: { type: 'boolean', default: false },
  ...instanceOptions,
} as const

const AUDIT_TIMEOUT_MS = 180_000

async function reconcile(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  refuseMore(positionals)
  const { url = endpointsOf(values).auditorUrl } = values
  webAddress('--url', url)
  const report = await ask(
    `${url}/audits`,
    await authorizationIn(credentialsFileOf(values, { url: values.url })),
  )
  say(values.json ? JSON.stringify(report, null, 2) : textOf(report))
  return exitCodeOf(report)
}

async function ask(url: string, headers: Authorization): Promise<Report> {
  const response = await fetch(url, {
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(AUDIT_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    const hint = 'it belongs to the profile full; see `npm run stack -- status`'
    throw new VerbError(`${url}: the auditor does not answer; ${hint}`, { cause })
  })
  if (!response.ok)
    throw new VerbError(`${url} answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Report
}

await runVerb(reconcile, help)
