import { commandOf, readArguments, refuseMore } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import { instanceHelp, instanceOptions, portOffsetOf } from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { pathsOf } from '../launcher/host/paths.ts'
import { readInstance } from '../launcher/supervise/run-record.ts'
import { openStack } from '../launcher/supervise/stack.ts'
import { linesOf, unusedRights } from './unused.ts'

const help = `npm run rights -- unused

  Lists the declared rights that nobody used since the instance was made: in Kafka by user, operation and resource; roles
  and routes of HTTP; who changes something in Flink; tables of Postgres, as far as its counters tell. What cannot be
  told is said. A right that is not used may be one for a rare path, such as a recovery: ask before it is taken away.

  --since <time>           not used since then, as in 2026-11-30 or 2026-11-30T19:00Z; of Kafka the whole day counts
${instanceHelp}

Exit codes: 0 every right was used that can be told of; 1 some were not; 2 one of these servers could not tell.
`

const options = { since: { type: 'string' }, ...instanceOptions } as const

async function rights(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  const [first, ...rest] = positionals
  commandOf(first, ['unused'])
  refuseMore(rest)
  const since = timeOf(values.since)
  const { instance } = values
  if (readInstance(pathsOf(projectRoot, instance)) === undefined) {
    throw new VerbError(
      `the instance ${instance} was never started, so nobody used a right: run \`npm run stack -- up --instance ${instance}\` first`,
    )
  }
  const portOffset = portOffsetOf(values)
  const { context } = await openStack({ root: projectRoot, instance, portOffset })
  const found = await unusedRights({ paths: context.paths, endpoints: context.endpoints, since })
  for (const line of linesOf(found)) say(line)
  if (found.some(({ rights: unused = [] }) => unused.length > 0)) return exitCodes.refuted
  const isKnown = found.every(({ rights: unused }) => unused !== undefined)
  return isKnown ? exitCodes.holds : exitCodes.undecided
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime())) {
    throw new UsageError(`--since takes a time such as 2026-11-30T19:00Z, not "${text}"`)
  }
  return time
}

await runVerb(rights, help)
